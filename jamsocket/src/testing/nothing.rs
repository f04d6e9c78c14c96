use super::{Logged, Received};

/// What a [`TestRoom`](super::TestRoom) answers where there is nothing to tell: no message received, or
/// no line logged. (An empty array does not say of what it is empty, so that no `[]` compiles here.)
///
/// ```
/// # use jamsocket::{JamsocketContext, SimpleJamsocketService, testing::{Nothing, TestRoom}};
/// # struct Silent;
/// # impl SimpleJamsocketService for Silent {
/// #     fn new(_: &str, _: &impl JamsocketContext) -> Self {
/// #         Silent
/// #     }
/// # }
/// # let mut room = TestRoom::<Silent>::new("1");
/// # let bob = room.join();
/// assert_eq!(room.received(bob), Nothing);
/// assert_eq!(room.logged(), Nothing);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nothing;

impl PartialEq<Nothing> for Vec<Received> {
    fn eq(&self, _: &Nothing) -> bool {
        self.is_empty()
    }
}

impl PartialEq<Nothing> for Vec<Logged> {
    fn eq(&self, _: &Nothing) -> bool {
        self.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogLevel;

    #[test]
    fn nothing_is_what_is_empty_and_not_what_holds_something_empty() {
        assert_eq!(Vec::<Received>::new(), Nothing);
        assert_ne!(vec![Received::Text(String::new())], Nothing);
        assert_eq!(Vec::<Logged>::new(), Nothing);
        assert_ne!(vec![Logged { level: LogLevel::Info, line: String::new() }], Nothing);
    }
}

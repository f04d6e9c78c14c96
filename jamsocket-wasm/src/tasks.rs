//! A room's own tasks.

use crate::guest::Guest;
use jamsocket::{JamsocketContext, LogLevel, MessageRecipient, SimpleJamsocketService};
use std::{
    any::{Any, type_name},
    sync::OnceLock,
};

pub use wasm_bus::task::{JoinHandle, spawn};

/// The module's one room, once it is open.
static ROOM: OnceLock<&'static (dyn Any + Send + Sync)> = OnceLock::new();

/// Comes back to the room's service from a task, between two callbacks.
///
/// What is sent leaves as if a callback had sent it. `act` cannot wait for anything: take what is needed
/// out of the service, and come back once more.
///
/// # Panics
///
/// Panics inside of a callback or of another `with`, where the service is a type other than `T`, and
/// where there is no module: outside of wasm32.
#[track_caller]
pub fn with<T, R>(act: impl FnOnce(&mut T, &Context) -> R) -> R
where
    T: SimpleJamsocketService,
{
    let Some(room) = ROOM.get() else {
        panic!("`with` was called where there is no room: it is for the tasks of a module");
    };
    match room.downcast_ref::<Guest<T>>() {
        Some(guest) => guest.with(|service| act(service, &Context)),
        None => panic!("`with` was called for a `{}`, which this room is not", type_name::<T>()),
    }
}

/// How a task reaches the room's clients, its timer and its log, without the service.
///
/// Outside of wasm32 there are none, and what is sent goes nowhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context;

impl JamsocketContext for Context {
    fn send_message(&self, recipient: impl Into<MessageRecipient>, message: &str) {
        #[cfg(target_arch = "wasm32")]
        crate::imports::Host.send_message(recipient, message);
        #[cfg(not(target_arch = "wasm32"))]
        let _ = (recipient.into(), message);
    }

    fn send_binary(&self, recipient: impl Into<MessageRecipient>, message: &[u8]) {
        #[cfg(target_arch = "wasm32")]
        crate::imports::Host.send_binary(recipient, message);
        #[cfg(not(target_arch = "wasm32"))]
        let _ = (recipient.into(), message);
    }

    fn set_timer(&self, ms_delay: u32) {
        #[cfg(target_arch = "wasm32")]
        crate::imports::Host.set_timer(ms_delay);
        #[cfg(not(target_arch = "wasm32"))]
        let _ = ms_delay;
    }

    fn log(&self, level: LogLevel, line: &str) {
        #[cfg(target_arch = "wasm32")]
        crate::imports::Host.log(level, line);
        #[cfg(not(target_arch = "wasm32"))]
        let _ = (level, line);
    }
}

/// Notes which room the module's tasks come back to.
pub(crate) fn open<T: SimpleJamsocketService>(guest: &'static Guest<T>) {
    // A room that is opened twice has panicked before.
    let _ = ROOM.set(guest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    struct Counter(i32);

    impl SimpleJamsocketService for Counter {
        fn new(_: &str, _: &impl JamsocketContext) -> Self {
            Counter(0)
        }

        fn timer(&mut self, _: &impl JamsocketContext) {
            with(|counter: &mut Counter, _| counter.0 += 1);
        }
    }

    struct Other;

    impl SimpleJamsocketService for Other {
        fn new(_: &str, _: &impl JamsocketContext) -> Self {
            Other
        }
    }

    static GUEST: Guest<Counter> = Guest::new();

    #[test]
    fn a_task_comes_back_to_the_service_of_its_room_and_to_no_other() {
        assert!(catch_unwind(|| with(|_: &mut Counter, _| ())).is_err(), "there is no room yet");
        GUEST.initialize("r", &Context);
        open(&GUEST);
        for expected in 1..3 {
            let count = with(|counter: &mut Counter, _| {
                counter.0 += 1;
                counter.0
            });
            assert_eq!(count, expected);
        }
        assert!(catch_unwind(|| with(|_: &mut Other, _| ())).is_err());
        assert!(catch_unwind(|| GUEST.timer(&Context)).is_err(), "inside of a callback");
    }
}

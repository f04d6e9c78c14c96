use serde::{Deserialize, Serialize};
use std::fmt;

/// The number of a call, a callback or an object.
///
/// It means something only together with the module that holds it: the two ends of a call number it
/// differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallHandle {
    /// The number.
    pub id: u32,
}

impl CallHandle {
    /// The number that says that there is no handle.
    #[cfg(any(test, target_arch = "wasm32"))]
    const NONE: u32 = u32::MAX;

    /// A handle that may be missing, as it is on the wire.
    #[cfg(any(test, target_arch = "wasm32"))]
    pub(crate) fn to_wire(handle: Option<CallHandle>) -> u32 {
        handle.map_or(Self::NONE, |handle| handle.id)
    }

    /// A handle that may be missing, as it came over the wire.
    #[cfg(any(test, target_arch = "wasm32"))]
    pub(crate) fn from_wire(id: u32) -> Option<CallHandle> {
        (id != Self::NONE).then_some(CallHandle { id })
    }
}

impl From<u32> for CallHandle {
    fn from(id: u32) -> Self {
        CallHandle { id }
    }
}

impl From<CallHandle> for u32 {
    fn from(handle: CallHandle) -> Self {
        handle.id
    }
}

impl fmt::Display for CallHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "handle {}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::CallHandle;

    #[test]
    fn no_handle_is_the_largest_number() {
        assert_eq!(CallHandle::to_wire(None), u32::MAX);
        assert_eq!(CallHandle::from_wire(u32::MAX), None);
        for id in [0, 1, u32::MAX - 1] {
            assert_eq!(CallHandle::to_wire(CallHandle::from_wire(id)), id);
        }
    }
}

use super::{Host, Outgoing};
use crate::{CallError, CallHandle};
use std::{cell::Cell, thread};

/// The host of a program that is no module: there is none, so every call fails at once.
#[derive(Debug, Default)]
pub(crate) struct NoHost {
    last_handle: Cell<u32>,
}

impl Host for NoHost {
    fn handle(&self) -> CallHandle {
        let next = match self.last_handle.get() {
            last if last >= u32::MAX - 1 => 1,
            last => last + 1,
        };
        self.last_handle.set(next);
        CallHandle::from(next)
    }

    fn callback(&self, _call: CallHandle, _handle: CallHandle, _topic: &str) {}

    fn call(&self, _call: &Outgoing<'_>) -> u32 {
        CallError::Unsupported.into()
    }

    fn release(&self, _handle: CallHandle) {}

    /// Nothing comes from a host, but another thread may wake what is waited for.
    fn poll(&self) {
        thread::park();
    }

    fn listen(&self, _topic: &str) {}

    fn fork(&self) {}

    fn reply(&self, _handle: CallHandle, _response: &[u8]) {}

    fn fault(&self, _handle: CallHandle, _error: u32) {}

    fn reply_callback(&self, _handle: CallHandle, _topic: &str, _message: &[u8]) {}

    fn thread_id(&self) -> u32 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::{Host, NoHost};
    use crate::CallHandle;

    #[test]
    fn handles_skip_0_and_the_number_of_none() {
        let host = NoHost::default();
        assert_eq!(host.handle(), CallHandle::from(1));
        assert_eq!(host.handle(), CallHandle::from(2));
        host.last_handle.set(u32::MAX - 2);
        assert_eq!(host.handle(), CallHandle::from(u32::MAX - 1));
        assert_eq!(host.handle(), CallHandle::from(1));
    }
}

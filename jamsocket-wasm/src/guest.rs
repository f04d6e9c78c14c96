use jamsocket::{ClientId, JamsocketContext, SimpleJamsocketService};
use std::sync::{Mutex, MutexGuard, TryLockError};

/// The one room of a module, between the calls of its host.
///
/// A module has one thread and its host makes one call at a time, so the lock is always free. A
/// host that breaks these rules gets a panic, which is a trap.
#[derive(Debug)]
pub struct Guest<T: SimpleJamsocketService> {
    service: Mutex<Option<T>>,
}

impl<T: SimpleJamsocketService> Guest<T> {
    /// A room that is not open yet.
    #[expect(clippy::new_without_default, reason = "a static needs a const fn")]
    pub const fn new() -> Self {
        Self { service: Mutex::new(None) }
    }

    /// Opens the room.
    ///
    /// # Panics
    ///
    /// Panics where the room is open already.
    pub fn initialize(&self, room_id: &str, context: &impl JamsocketContext) {
        let mut service = self.lock("initialize");
        assert!(service.is_none(), "the host called `initialize` twice");
        *service = Some(T::new(room_id, context));
    }

    /// Tells the service that a client has joined.
    ///
    /// # Panics
    ///
    /// Panics where the room is not open, as do the methods below.
    pub fn connect(&self, client: u32, context: &impl JamsocketContext) {
        self.call("connect", |service| {
            service.connect(ClientId::from(client), context);
        });
    }

    /// Tells the service that a client has left.
    pub fn disconnect(&self, client: u32, context: &impl JamsocketContext) {
        self.call("disconnect", |service| {
            service.disconnect(ClientId::from(client), context);
        });
    }

    /// Tells the service that its timer is due.
    pub fn timer(&self, context: &impl JamsocketContext) {
        self.call("timer", |service| service.timer(context));
    }

    /// Hands the service a text message.
    pub fn message(&self, client: u32, message: &str, context: &impl JamsocketContext) {
        self.call("message", |service| {
            service.message(ClientId::from(client), message, context);
        });
    }

    /// Hands the service a binary message.
    pub fn binary(&self, client: u32, message: &[u8], context: &impl JamsocketContext) {
        self.call("binary", |service| {
            service.binary(ClientId::from(client), message, context);
        });
    }

    /// Has one of the room's tasks come to the service.
    ///
    /// # Panics
    ///
    /// Panics inside of a callback, and of another `with`.
    #[cfg(feature = "bus")]
    #[track_caller]
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut T) -> R) -> R {
        match self.service.try_lock().as_deref_mut() {
            Ok(Some(service)) => act(service),
            _ => panic!(
                "`with` was called while a callback or another `with` was running: it is for tasks, and \
                 a callback that waits in `block_on` runs them; `spawn` what waits"
            ),
        }
    }

    fn call(&self, export: &str, callback: impl FnOnce(&mut T)) {
        match self.lock(export).as_mut() {
            Some(service) => callback(service),
            None => panic!("the host called `{export}` before `initialize`"),
        }
    }

    fn lock(&self, export: &str) -> MutexGuard<'_, Option<T>> {
        match self.service.try_lock() {
            Ok(service) => service,
            Err(TryLockError::WouldBlock) => {
                panic!("the host called `{export}` while another call was running")
            }
            Err(TryLockError::Poisoned(_)) => {
                panic!("the host called `{export}` after a call had panicked")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Guest;
    use jamsocket::{ClientId, JamsocketContext, MessageRecipient, SimpleJamsocketService};
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        sync::Mutex,
    };

    /// Writes down every callback; a text message `again` calls the guest from within.
    struct Recorder {
        seen: Vec<String>,
    }

    static REENTERED: Guest<Recorder> = Guest::new();

    impl SimpleJamsocketService for Recorder {
        fn new(room_id: &str, _: &impl JamsocketContext) -> Self {
            Recorder { seen: vec![format!("new {room_id}")] }
        }

        fn connect(&mut self, client: ClientId, _: &impl JamsocketContext) {
            self.seen.push(format!("connect {client}"));
        }

        fn disconnect(&mut self, client: ClientId, _: &impl JamsocketContext) {
            self.seen.push(format!("disconnect {client}"));
        }

        fn message(&mut self, client: ClientId, message: &str, context: &impl JamsocketContext) {
            if message == "again" {
                REENTERED.timer(context);
            }
            self.seen.push(format!("message {client} {message:?}"));
        }

        fn binary(&mut self, client: ClientId, message: &[u8], _: &impl JamsocketContext) {
            self.seen.push(format!("binary {client} {message:?}"));
        }

        fn timer(&mut self, context: &impl JamsocketContext) {
            self.seen.push("timer".to_owned());
            context.send_message(MessageRecipient::Broadcast, &self.seen.join(", "));
        }
    }

    #[derive(Default)]
    struct Sent(Mutex<Vec<String>>);

    impl JamsocketContext for Sent {
        fn send_message(&self, _: impl Into<MessageRecipient>, message: &str) {
            self.0.lock().unwrap().push(message.to_owned());
        }
        fn send_binary(&self, _: impl Into<MessageRecipient>, _: &[u8]) {}
        fn set_timer(&self, _: u32) {}
    }

    fn panic_of(call: impl FnOnce()) -> String {
        let panic = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
        match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(panic) => (*panic.downcast::<&str>().unwrap()).to_owned(),
        }
    }

    #[test]
    fn every_call_reaches_the_service_with_its_arguments() {
        let (guest, sent) = (Guest::<Recorder>::new(), Sent::default());
        guest.initialize("lobby", &sent);
        guest.connect(1, &sent);
        guest.message(1, "hello", &sent);
        guest.message(1, "", &sent);
        guest.binary(2, &[7], &sent);
        guest.disconnect(1, &sent);
        guest.timer(&sent);
        assert_eq!(
            *sent.0.lock().unwrap(),
            ["new lobby, connect 1, message 1 \"hello\", message 1 \"\", binary 2 [7], \
              disconnect 1, timer"]
        );
    }

    #[test]
    fn a_call_before_initialize_panics() {
        let guest = Guest::<Recorder>::new();
        assert_eq!(
            panic_of(|| guest.connect(1, &Sent::default())),
            "the host called `connect` before `initialize`"
        );
    }

    #[test]
    fn a_second_initialize_panics() {
        let guest = Guest::<Recorder>::new();
        guest.initialize("lobby", &Sent::default());
        assert_eq!(
            panic_of(|| guest.initialize("lobby", &Sent::default())),
            "the host called `initialize` twice"
        );
    }

    #[test]
    fn a_call_within_a_call_panics_and_so_does_every_later_one() {
        let sent = Sent::default();
        REENTERED.initialize("lobby", &sent);
        assert_eq!(
            panic_of(|| REENTERED.message(1, "again", &sent)),
            "the host called `timer` while another call was running"
        );
        assert_eq!(
            panic_of(|| REENTERED.connect(1, &sent)),
            "the host called `connect` after a call had panicked"
        );
    }
}

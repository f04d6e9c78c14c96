use crate::soon;
use jamsocket::{
    BuildError, ClientId, JamsocketContext, JamsocketService, JamsocketServiceFactory, LogLevel,
    MessageRecipient, ServiceError,
};
use jamsocket_server::ServiceActorContext;
use std::sync::{Arc, Mutex, mpsc};
use tokio::sync::{
    Notify,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

/// What was called in a room of [`Probe`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A room was built.
    New(String),
    /// `connect`.
    Connect(String, u32),
    /// `disconnect`.
    Disconnect(String, u32),
    /// A text message.
    Message(String, u32, String),
    /// `timer`.
    Timer(String),
    /// The service was dropped: the room is over.
    Gone(String),
}

/// Builds rooms that tell a test what is called in them, and do what their messages say:
///
/// | message | what it does |
/// |---|---|
/// | `echo TEXT` | sends TEXT back |
/// | `all TEXT` | sends TEXT to everyone |
/// | `others TEXT` | sends TEXT to everyone else |
/// | `flood N` | sends everyone N messages of 64 KiB each |
/// | `timer MS` | sets the timer |
/// | `thread` | answers with the thread's id |
/// | `panic` | panics |
/// | `wait` | waits until the test calls [`Calls::release`] |
/// | `block` | blocks its thread until the channel of [`Calls::block_on`] ends |
#[derive(Debug, Clone)]
pub struct Probe {
    calls: UnboundedSender<Call>,
    released: Arc<Notify>,
    hold: Arc<Mutex<Option<mpsc::Receiver<()>>>>,
}

/// The test's end of a [`Probe`].
#[derive(Debug)]
pub struct Calls {
    calls: UnboundedReceiver<Call>,
    released: Arc<Notify>,
    hold: Arc<Mutex<Option<mpsc::Receiver<()>>>>,
}

impl Probe {
    /// A factory, and what it tells.
    pub fn new() -> (Self, Calls) {
        let (sender, receiver) = unbounded_channel();
        let released = Arc::new(Notify::new());
        let hold = Arc::new(Mutex::new(None));
        let calls = Calls { calls: receiver, released: released.clone(), hold: hold.clone() };
        (Self { calls: sender, released, hold }, calls)
    }
}

impl Calls {
    /// The next call in any room.
    pub async fn next(&mut self) -> Call {
        soon("a call", self.calls.recv()).await.expect("the factory lives")
    }

    /// The next calls, as many as are given, which are these.
    pub async fn expect(&mut self, calls: impl IntoIterator<Item = Call>) {
        for expected in calls {
            assert_eq!(self.next().await, expected);
        }
    }

    /// Gives the channel that a room blocks on when it is told to.
    pub fn block_on(&self, hold: mpsc::Receiver<()>) {
        *self.hold.lock().unwrap() = Some(hold);
    }

    /// Lets one room that waits go on.
    pub fn release(&self) {
        self.released.notify_one();
    }
}

/// A room named `full` has no capacity, one named `declined` is declined, one named `broken` panics.
impl JamsocketServiceFactory<ServiceActorContext> for Probe {
    type Service = ProbeRoom;

    async fn create(
        &self,
        room_id: &str,
        context: ServiceActorContext,
    ) -> Result<ProbeRoom, BuildError> {
        match room_id {
            "full" => return Err(BuildError::AtCapacity("the probe is full".to_owned())),
            "declined" => return Err(BuildError::Declined),
            "broken" => panic!("told to break"),
            _ => {}
        }
        let room = ProbeRoom { id: room_id.to_owned(), context, probe: self.clone() };
        room.note(Call::New(room.id.clone()));
        if room_id == "slow to start" {
            self.released.notified().await;
        }
        Ok(room)
    }
}

/// A room of [`Probe`].
#[derive(Debug)]
pub struct ProbeRoom {
    id: String,
    context: ServiceActorContext,
    probe: Probe,
}

impl ProbeRoom {
    fn note(&self, call: Call) {
        // A test that is over has stopped listening.
        let _ = self.probe.calls.send(call);
    }
}

impl JamsocketService for ProbeRoom {
    async fn connect(&mut self, client: ClientId) -> Result<(), ServiceError> {
        self.note(Call::Connect(self.id.clone(), client.into()));
        Ok(())
    }

    async fn disconnect(&mut self, client: ClientId) -> Result<(), ServiceError> {
        self.note(Call::Disconnect(self.id.clone(), client.into()));
        Ok(())
    }

    async fn message(&mut self, client: ClientId, message: &str) -> Result<(), ServiceError> {
        self.note(Call::Message(self.id.clone(), client.into(), message.to_owned()));
        let everyone = MessageRecipient::Broadcast;
        match message.split_once(' ').unwrap_or((message, "")) {
            ("echo", text) => self.context.send_message(client, text),
            ("all", text) => self.context.send_message(everyone, text),
            ("others", text) => {
                self.context.send_message(MessageRecipient::EveryoneExcept(client), text);
            }
            ("flood", n) => {
                let piece = "x".repeat(64 << 10);
                for _ in 0..n.parse().expect("a number") {
                    self.context.send_message(everyone, &piece);
                }
            }
            ("timer", ms) => self.context.set_timer(ms.parse().expect("a number")),
            ("thread", _) => {
                let thread = format!("{:?}", std::thread::current().id());
                self.context.send_message(client, &thread);
            }
            ("panic", _) => {
                self.context.log(LogLevel::Error, "about to panic");
                self.context.send_message(everyone, "never sent");
                panic!("told to panic");
            }
            ("block", _) => {
                let hold = self.probe.hold.lock().unwrap().take();
                // An end of the channel is what it waits for.
                let _ended = hold.map(|hold| hold.recv());
            }
            ("wait", _) => self.probe.released.notified().await,
            _ => {}
        }
        Ok(())
    }

    async fn binary(&mut self, client: ClientId, message: &[u8]) -> Result<(), ServiceError> {
        self.context.send_binary(client, message);
        Ok(())
    }

    async fn timer(&mut self) -> Result<(), ServiceError> {
        self.note(Call::Timer(self.id.clone()));
        Ok(())
    }
}

impl Drop for ProbeRoom {
    fn drop(&mut self) {
        self.note(Call::Gone(self.id.clone()));
    }
}

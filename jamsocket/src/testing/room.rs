use super::{Logged, Received, stage::Stage};
use crate::{
    ClientId, ServiceError, SimpleJamsocketService, WrappedJamsocketService,
    host::{Departure, Input, Room, RoomContext, RoomEnd, ServiceShutdownPolicy, contain_panics},
};
use std::{
    fmt,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// A service with the context that each of its callbacks is given.
type Service<S> = WrappedJamsocketService<S, RoomContext>;

/// A room of the service `S` for a test, with a clock that the test moves.
///
/// What a method makes happen has happened when it returns, down to the last message. The module's
/// documentation has [a whole test](super).
///
/// # Panics
///
/// A service that fails, by a panic or by sending more than a callback may, fails the test: the method
/// that made it fail panics, at its place in the test, with what failed and how. A test that wants to
/// see a failure has it happen in [`expect_failure`](Self::expect_failure).
pub struct TestRoom<S: SimpleJamsocketService> {
    room: Room<Service<S>, ()>,
    stage: Stage,
    /// Whether a failure is what the test wants.
    may_fail: bool,
}

impl<S: SimpleJamsocketService> TestRoom<S> {
    /// A room with this id, which stays when it is empty.
    ///
    /// # Panics
    ///
    /// The service's `new` fails.
    #[track_caller]
    pub fn new(room_id: &str) -> Self {
        Self::with_policy(room_id, ServiceShutdownPolicy::Never)
    }

    /// A room with this id, which lives for so long when it is empty.
    ///
    /// As in a server, the client for whom a room is made comes in before the room's clock starts:
    /// where [`join`](Self::join) is the first thing to happen, even a room that lives for no second
    /// takes it in.
    ///
    /// # Panics
    ///
    /// The service's `new` fails.
    #[track_caller]
    pub fn with_policy(room_id: &str, policy: ServiceShutdownPolicy) -> Self {
        // Nothing needs to be woken: each method looks for what was sent outside callbacks.
        let context = RoomContext::new(Waker::noop().clone());
        let service = match build(room_id, &context) {
            Ok(service) => WrappedJamsocketService::new(service, context.clone()),
            Err(error) => panic!("the room could not be started: {error}"),
        };
        let room = Room::new(service, context, policy);
        Self { room, stage: Stage::default(), may_fail: false }
    }

    /// Has another client join. Ids begin with 1 and grow.
    ///
    /// # Panics
    ///
    /// The room is over; a server would make another one.
    #[track_caller]
    pub fn join(&mut self) -> ClientId {
        self.assert_runs();
        let client = self.room.next_client().expect("there are 2³¹ - 1 ids");
        self.stage.admit(client);
        self.input(Input::Join(client, ()));
        client
    }

    /// Has a client send a text message.
    ///
    /// # Panics
    ///
    /// The client is not in the room.
    #[track_caller]
    pub fn send(&mut self, client: ClientId, text: &str) {
        self.assert_is_in(client);
        self.input(Input::Text(client, text));
    }

    /// Has a client send a binary message.
    ///
    /// # Panics
    ///
    /// The client is not in the room.
    #[track_caller]
    pub fn send_binary(&mut self, client: ClientId, bytes: impl AsRef<[u8]>) {
        self.assert_is_in(client);
        self.input(Input::Binary(client, bytes.as_ref()));
    }

    /// Has a client leave.
    ///
    /// # Panics
    ///
    /// The client is not in the room.
    #[track_caller]
    pub fn leave(&mut self, client: ClientId) {
        self.assert_is_in(client);
        self.input(Input::Leave(client));
    }

    /// Lets time pass. The timer fires at its very moment, if that is not later than the end of this
    /// time, and so does one that `timer` sets; a room whose time as an empty one runs out ends then.
    #[track_caller]
    pub fn advance(&mut self, time: Duration) {
        let end = self.stage.now + time;
        // What was sent outside callbacks was sent before the time that passes.
        self.input(Input::Wake);
        while let Some(due) = self.room.deadline().filter(|due| *due <= end) {
            self.stage.now = due;
            self.input(Input::Wake);
        }
        self.stage.now = end;
    }

    /// Ends the room as a server does that stops: each client leaves, with its `disconnect`.
    ///
    /// # Panics
    ///
    /// The room is over.
    #[track_caller]
    pub fn stop(&mut self) {
        self.assert_runs();
        self.input(Input::Stop);
    }

    /// Does what is to make the service fail, and returns how the room ended. What was received and
    /// logged can be asked for as before.
    ///
    /// ```
    /// # use jamsocket::{ClientId, JamsocketContext, SimpleJamsocketService, testing::TestRoom};
    /// # struct Divider;
    /// # impl SimpleJamsocketService for Divider {
    /// #     fn new(_: &str, _: &impl JamsocketContext) -> Self {
    /// #         Divider
    /// #     }
    /// #     fn message(&mut self, client: ClientId, by: &str, context: &impl JamsocketContext) {
    /// #         let by: u32 = by.parse().unwrap();
    /// #         context.send_message(client, &(100 / by).to_string());
    /// #     }
    /// # }
    /// let mut room = TestRoom::<Divider>::new("1");
    /// let ann = room.join();
    /// let end = room.expect_failure(|room| room.send(ann, "0"));
    /// assert_eq!(
    ///     end.to_string(),
    ///     "message(1) failed: the service panicked: attempt to divide by zero"
    /// );
    /// ```
    ///
    /// # Panics
    ///
    /// The service does not fail, or the room is over before.
    #[track_caller]
    pub fn expect_failure(&mut self, act: impl FnOnce(&mut Self)) -> RoomEnd {
        self.assert_runs();
        self.may_fail = true;
        act(self);
        self.input(Input::Wake);
        match self.room.end() {
            Some(end @ RoomEnd::Failed { .. }) => end.clone(),
            Some(end) => panic!("the service was to fail, but the room is over: {end}"),
            None => panic!("the service was to fail, and has not"),
        }
    }

    /// Takes what a client has received since this was last asked, in order. One that has left keeps
    /// what it received before.
    ///
    /// # Panics
    ///
    /// The client has never been in the room.
    #[track_caller]
    pub fn received(&mut self, client: ClientId) -> Vec<Received> {
        self.input(Input::Wake);
        match self.stage.take_received(client) {
            Some(received) => received,
            None => never_in(client),
        }
    }

    /// Takes what the service has written to its log since this was last asked.
    ///
    /// As in a server, what one callback writes beyond 64 KiB is dropped.
    #[track_caller]
    pub fn logged(&mut self) -> Vec<Logged> {
        self.input(Input::Wake);
        self.stage.take_log()
    }

    /// The time since the room's creation. Only [`advance`](Self::advance) moves it.
    pub fn now(&self) -> Duration {
        self.stage.now
    }

    /// When the room next does something by itself: its timer fires, or it ends because it is empty.
    /// It is a time since the room's creation, as [`now`](Self::now) is.
    #[track_caller]
    pub fn deadline(&mut self) -> Option<Duration> {
        self.input(Input::Wake);
        self.room.deadline()
    }

    /// How the room ended, if it has.
    #[track_caller]
    pub fn end(&mut self) -> Option<&RoomEnd> {
        self.input(Input::Wake);
        self.room.end()
    }

    /// The service itself, for a look at its state.
    ///
    /// # Panics
    ///
    /// The room is over, and the service gone with it.
    #[track_caller]
    pub fn service(&self) -> &S {
        self.assert_runs();
        self.room.service().expect("a room that runs has its service").service()
    }

    /// Lets one thing happen to the room, and what follows from it at this moment.
    #[track_caller]
    fn input(&mut self, input: Input<'_, Service<S>, ()>) {
        at_once(self.room.handle(input, &mut self.stage));
        // A room that lives for no second ends with the leave of its last client.
        if self.room.deadline().is_some_and(|due| due <= self.stage.now) {
            at_once(self.room.handle(Input::Wake, &mut self.stage));
        }
        if let (false, Some(end @ RoomEnd::Failed { .. })) = (self.may_fail, self.room.end()) {
            panic!("the room is over: {end}");
        }
    }

    #[track_caller]
    fn assert_runs(&self) {
        if let Some(end) = self.room.end() {
            panic!("the room is over: {end}");
        }
    }

    #[track_caller]
    fn assert_is_in(&self, client: ClientId) {
        let Some(seat) = self.stage.seat(client) else { never_in(client) };
        match (seat.departure, self.room.end()) {
            (None, _) => {}
            (Some(Departure::Stopped | Departure::Failed | Departure::Missed), Some(end)) => {
                panic!("client {client} is out, as the room is over: {end}")
            }
            _ => panic!("client {client} has left the room"),
        }
    }
}

impl<S: SimpleJamsocketService> fmt::Debug for TestRoom<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestRoom")
            .field("now", &self.stage.now)
            .field("clients", &self.room.clients())
            .field("end", &self.room.end())
            .finish_non_exhaustive()
    }
}

/// Builds the service of a room, as a server does.
fn build<S: SimpleJamsocketService>(
    room_id: &str,
    context: &RoomContext,
) -> Result<S, ServiceError> {
    let service = at_once(contain_panics(async { Ok(S::new(room_id, context)) }))?;
    context.end_construction()?;
    Ok(service)
}

/// What a room does, and its service, which never waits.
fn at_once<T>(doing: impl Future<Output = T>) -> T {
    match pin!(doing).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("the callbacks of a `SimpleJamsocketService` cannot wait"),
    }
}

#[track_caller]
fn never_in(client: ClientId) -> ! {
    panic!("client {client} has never been in the room")
}

#[cfg(test)]
mod tests;

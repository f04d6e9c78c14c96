//! Calls to a room from elsewhere on its server.

use super::*;
use std::sync::Mutex;

/// Keeps the calls that it takes, and answers all at once when it is resumed.
struct Callable {
    open: Vec<Box<dyn RoomCall>>,
    panics: bool,
}

impl Callable {
    fn new() -> Self {
        Self { open: Vec::new(), panics: false }
    }
}

impl JamsocketService for Callable {
    async fn connect(&mut self, _: ClientId) -> Result<(), ServiceError> {
        Ok(())
    }
    async fn disconnect(&mut self, _: ClientId) -> Result<(), ServiceError> {
        Ok(())
    }
    async fn message(&mut self, _: ClientId, _: &str) -> Result<(), ServiceError> {
        Ok(())
    }
    async fn binary(&mut self, _: ClientId, _: &[u8]) -> Result<(), ServiceError> {
        Ok(())
    }
    async fn timer(&mut self) -> Result<(), ServiceError> {
        Ok(())
    }

    async fn resume(&mut self) -> Result<(), ServiceError> {
        self.open.clear();
        Ok(())
    }

    fn take_call(&mut self, call: Box<dyn RoomCall>) {
        assert!(!self.panics, "told to");
        self.open.push(call);
    }

    fn end_open_calls(&mut self) {
        self.open.drain(..).for_each(|call| call.refuse(RoomCallError::Ended));
    }

    fn usage(&self) -> ServiceUsage {
        ServiceUsage { open_calls: self.open.len(), ..ServiceUsage::default() }
    }
}

/// A call that notes how it was refused.
#[derive(Debug, Clone, Default)]
struct Noted(Arc<Mutex<Vec<RoomCallError>>>);

impl Noted {
    fn refusals(&self) -> Vec<RoomCallError> {
        self.0.lock().unwrap().clone()
    }
}

impl RoomCall for Noted {
    fn bytes(&self) -> usize {
        0
    }

    fn refuse(self: Box<Self>, why: RoomCallError) {
        self.0.lock().unwrap().push(why);
    }
}

struct Called {
    room: Room<Callable, &'static str>,
    stage: Stage,
    context: RoomContext,
}

fn context() -> RoomContext {
    let context = RoomContext::new(Waker::noop().clone());
    context.end_construction().unwrap();
    context
}

impl Called {
    fn new(policy: ServiceShutdownPolicy, panics: bool) -> Self {
        let context = context();
        let room = Room::new(Callable { panics, ..Callable::new() }, context.clone(), policy);
        Self { room, stage: Stage::default(), context }
    }

    fn swap(&mut self) {
        self.context = context();
        let input = Input::Swap(Box::new(Callable::new()), self.context.clone());
        self.input(input);
    }

    fn input(&mut self, input: Input<'_, Callable, &'static str>) {
        let handled = pin!(self.room.handle(input, &mut self.stage));
        assert!(handled.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }

    fn call(&mut self) -> Noted {
        let call = Noted::default();
        self.input(Input::Call(Box::new(call.clone())));
        call
    }

    /// The service is done with its calls.
    fn answer(&mut self) {
        self.context.waker().wake();
        self.input(Input::Wake);
    }

    fn pass(&mut self, seconds: u64) {
        self.stage.now += Duration::from_secs(seconds);
        self.input(Input::Wake);
    }
}

#[test]
fn a_room_that_nobody_joined_is_not_empty_while_a_call_is_open() {
    let mut called = Called::new(ServiceShutdownPolicy::AfterSeconds(10), false);
    called.pass(9);
    let calls = [called.call(), called.call()];
    assert!(!called.room.is_empty());
    assert_eq!(called.room.deadline(), None);
    called.pass(100);
    called.answer();
    assert!(called.room.is_empty());
    assert_eq!(called.room.deadline(), Some(Duration::from_secs(119)));
    called.pass(10);
    assert_eq!(called.room.end(), Some(&RoomEnd::Idle));
    assert!(calls.iter().all(|call| call.refusals().is_empty()));
}

#[test]
fn a_room_that_ends_at_once_does_when_neither_a_client_nor_a_call_is_left() {
    let immediate = || Called::new(ServiceShutdownPolicy::Immediate, false);
    let mut called = immediate();
    called.call();
    called.answer();
    assert_eq!(called.room.end(), Some(&RoomEnd::Idle));

    let mut called = immediate();
    let ann = called.room.next_client().unwrap();
    called.input(Input::Join(ann, "ann"));
    called.call();
    called.input(Input::Leave(ann));
    assert_eq!(called.room.end(), None);
    called.answer();
    assert_eq!(called.room.end(), Some(&RoomEnd::Idle));
}

#[test]
fn a_room_that_is_over_refuses_calls() {
    let mut called = Called::new(ServiceShutdownPolicy::Never, false);
    called.input(Input::Stop);
    assert_eq!(called.call().refusals(), [RoomCallError::Ended]);
    assert_eq!(called.room.usage().open_calls, 0);
}

#[test]
fn a_service_that_takes_no_calls_refuses_them_and_goes_on() {
    let mut play = Play::new();
    let call = Noted::default();
    play.input(Input::Call(Box::new(call.clone())));
    assert_eq!(call.refusals(), [RoomCallError::NotCallable]);
    play.join("ann");
    assert_eq!(play.seen(), ["ann: connect 1"]);
}

#[test]
fn the_calls_that_it_answers_are_the_trial_of_a_new_service() {
    let mut called = Called::new(ServiceShutdownPolicy::Never, false);
    let before = called.call();
    called.swap();
    for answered in 0..3 {
        assert!(called.room.on_trial(), "{answered}");
        // By itself it does this as often as it likes.
        called.answer();
        assert!(called.room.on_trial(), "{answered}");
        called.call();
        called.answer();
    }
    assert!(!called.room.on_trial());
    assert_eq!(before.refusals(), [RoomCallError::Ended], "it would have waited in vain");
}

#[test]
fn a_service_that_panics_at_a_call_ends_its_room() {
    let mut called = Called::new(ServiceShutdownPolicy::Never, true);
    called.call();
    let end = called.room.end().unwrap().to_string();
    assert_eq!(end, "take_call failed: the service panicked: told to");
}

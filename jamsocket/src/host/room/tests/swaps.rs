//! A room whose service is swapped while its clients stay.

use super::*;

/// Tells everyone what is called, under its name, with how often it was called; and fails at a call.
struct Version {
    name: &'static str,
    calls: u32,
    fails_at: u32,
}

impl Version {
    fn tell(&mut self, what: &str, context: &impl JamsocketContext) {
        self.calls += 1;
        let Self { name, calls, fails_at } = self;
        assert_ne!(calls, fails_at, "as {name} was told to");
        context.send_message(Broadcast, &format!("{name} {calls} {what}"));
    }
}

impl SimpleJamsocketService for Version {
    fn new(name: &str, context: &impl JamsocketContext) -> Self {
        context.send_message(Broadcast, "nobody hears this");
        context.log(LogLevel::Info, &format!("new {name}"));
        Version { name: if name == "old" { "old" } else { "new" }, calls: 0, fails_at: 0 }
    }

    fn connect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        self.tell(&format!("connect {client}"), context);
    }

    fn disconnect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        self.tell(&format!("disconnect {client}"), context);
    }

    fn message(&mut self, _: ClientId, message: &str, context: &impl JamsocketContext) {
        if let Some(ms) = message.strip_prefix("timer ") {
            context.set_timer(ms.parse().unwrap());
        }
        self.tell(message, context);
    }

    fn timer(&mut self, context: &impl JamsocketContext) {
        self.tell("timer", context);
    }
}

impl Drop for Version {
    fn drop(&mut self) {
        assert!(self.name != "old" || self.fails_at != u32::MAX, "as old was told to");
    }
}

type Service = WrappedJamsocketService<Version, RoomContext>;

struct Swaps {
    room: Room<Service, &'static str>,
    stage: Stage,
    /// The context of the service that came last.
    context: RoomContext,
    wakes: Arc<Wakes>,
}

fn service(name: &'static str, fails_at: u32, wakes: &Arc<Wakes>) -> (Box<Service>, RoomContext) {
    let context = RoomContext::new(wakes.clone().into());
    let version = Version { fails_at, ..Version::new(name, &context) };
    context.end_construction().unwrap();
    (Box::new(WrappedJamsocketService::new(version, context.clone())), context)
}

impl Swaps {
    /// A room of the old service with ann and bob.
    fn new() -> Self {
        Self::with(ServiceShutdownPolicy::Never)
    }

    fn with(policy: ServiceShutdownPolicy) -> Self {
        let wakes = Arc::default();
        let (old, context) = service("old", 0, &wakes);
        let room = Room::new(*old, context.clone(), policy);
        let mut swaps = Self { room, stage: Stage::default(), context, wakes };
        swaps.join("ann");
        swaps.join("bob");
        swaps.seen();
        swaps
    }

    fn input(&mut self, input: Input<'_, Service, &'static str>) {
        let call = pin!(self.room.handle(input, &mut self.stage));
        assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }

    fn join(&mut self, name: &'static str) -> ClientId {
        let client = self.room.next_client().unwrap();
        self.input(Input::Join(client, name));
        client
    }

    fn say(&mut self, client: u32, text: &str) {
        self.input(Input::Text(ClientId::from(client), text));
    }

    fn leave(&mut self, client: u32) {
        self.input(Input::Leave(ClientId::from(client)));
    }

    /// Puts a new service in, which fails at this call; 0 is none.
    fn swap(&mut self, fails_at: u32) {
        let (new, context) = service("new", fails_at, &self.wakes);
        self.context = context.clone();
        self.input(Input::Swap(new, context));
    }

    /// Puts a new service in for good, which fails at this call.
    fn replace(&mut self, fails_at: u32) {
        let (new, context) = service("new", fails_at, &self.wakes);
        self.input(Input::Replace(new, context));
    }

    fn seen(&mut self) -> Vec<String> {
        std::mem::take(&mut self.stage.done)
    }
}

const TOLD: &str = "the service panicked: assertion `left != right` failed: as new was told to\n  \
                    left: 0\n right: 0";

/// Why the new service failed at this call of it.
fn rolled_back(callback: &str, call: u32) -> String {
    format!("rolled back: {callback}: {}", TOLD.replace(": 0", &format!(": {call}")))
}

#[test]
fn a_new_service_meets_the_clients_as_if_they_joined_one_after_another() {
    let mut swaps = Swaps::new();
    swaps.swap(0);
    let met =
        ["log: new new", "ann: new 1 connect 1", "ann: new 2 connect 2", "bob: new 2 connect 2"];
    assert_eq!(swaps.seen(), met);
    swaps.say(2, "hi");
    assert_eq!(swaps.seen(), ["ann: new 3 hi", "bob: new 3 hi"]);
    assert_eq!(swaps.join("eve"), ClientId::from(3));
}

#[test]
fn the_timer_of_the_service_before_stands_still() {
    let mut swaps = Swaps::new();
    swaps.say(1, "timer 10");
    swaps.swap(0);
    swaps.seen();
    assert_eq!(swaps.room.deadline(), None);
    swaps.stage.now = Duration::from_millis(10);
    swaps.input(Input::Wake);
    assert_eq!(swaps.seen(), Vec::<String>::new());
}

#[test]
fn an_empty_room_can_be_given_a_new_service_and_ends_when_it_would_have() {
    let mut swaps = Swaps::with(ServiceShutdownPolicy::AfterSeconds(1));
    swaps.leave(1);
    swaps.leave(2);
    swaps.swap(0);
    assert_eq!(swaps.room.deadline(), Some(Duration::from_secs(1)));
    swaps.stage.now = Duration::from_secs(1);
    swaps.input(Input::Wake);
    assert_eq!(swaps.room.end(), Some(&RoomEnd::Idle));
}

#[test]
fn a_service_is_on_trial_for_three_callbacks() {
    let mut swaps = Swaps::new();
    swaps.swap(0);
    assert!(swaps.room.on_trial());
    swaps.say(1, "third");
    assert!(!swaps.room.on_trial());
}

#[test]
fn a_service_that_fails_in_its_third_callback_is_rolled_back_and_in_its_fourth_not() {
    let mut swaps = Swaps::new();
    swaps.swap(3);
    swaps.seen();
    swaps.say(1, "third");
    assert_eq!(swaps.seen(), [rolled_back("message(1)", 3)]);
    swaps.say(1, "hi");
    assert_eq!(swaps.seen(), ["ann: old 3 hi", "bob: old 3 hi"]);

    let mut swaps = Swaps::new();
    swaps.swap(4);
    swaps.say(1, "third");
    swaps.seen();
    swaps.say(1, "fourth");
    assert_eq!(swaps.seen(), ["ann Failed", "bob Failed"]);
}

#[test]
fn the_trial_lasts_until_all_clients_are_met() {
    let mut swaps = Swaps::new();
    for _ in 0..3 {
        swaps.join("more");
    }
    swaps.seen();
    swaps.swap(5);
    let seen = swaps.seen();
    assert_eq!(seen.last(), Some(&rolled_back("connect(5)", 5)));
    assert_eq!(swaps.room.clients(), 5);
    swaps.say(1, "hi");
    assert_eq!(swaps.seen().len(), 5);
}

#[test]
fn a_service_that_fails_as_it_meets_the_first_client_costs_nobody_anything() {
    let mut swaps = Swaps::new();
    swaps.swap(1);
    assert_eq!(swaps.seen(), ["log: new new".to_owned(), rolled_back("connect(1)", 1)]);
    swaps.say(2, "hi");
    assert_eq!(swaps.seen(), ["ann: old 3 hi", "bob: old 3 hi"]);
    assert!(!swaps.room.on_trial());
}

#[test]
fn who_came_and_left_during_the_trial_is_told_to_the_service_that_goes_on() {
    let mut swaps = Swaps::new();
    swaps.leave(2);
    swaps.swap(3);
    swaps.join("eve");
    swaps.leave(1);
    let seen = swaps.seen();
    let end = ["eve: old 4 disconnect 1", "eve: old 5 connect 3"].map(str::to_owned);
    assert!(seen.ends_with(&end[1..]), "{seen:?}");
    assert!(!seen.contains(&end[0]), "who is not met yet hears nothing: {seen:?}");
    assert_eq!(swaps.room.clients(), 1);
}

#[test]
fn the_timer_of_a_service_that_goes_on_comes_late_rather_than_never() {
    let mut swaps = Swaps::new();
    swaps.say(1, "timer 10");
    swaps.swap(3);
    swaps.stage.now = Duration::from_millis(20);
    swaps.say(1, "third");
    swaps.seen();
    assert_eq!(swaps.room.deadline(), Some(Duration::from_millis(10)));
    swaps.input(Input::Wake);
    assert_eq!(swaps.seen(), ["ann: old 4 timer", "bob: old 4 timer"]);
}

#[test]
fn a_service_on_trial_can_be_taken_back_and_one_that_has_passed_cannot() {
    let mut swaps = Swaps::new();
    swaps.swap(0);
    swaps.input(Input::Restore);
    swaps.seen();
    swaps.say(1, "hi");
    assert_eq!(swaps.seen(), ["ann: old 3 hi", "bob: old 3 hi"]);

    swaps.swap(0);
    swaps.say(1, "third");
    swaps.input(Input::Restore);
    swaps.seen();
    swaps.say(1, "hi");
    assert_eq!(swaps.seen(), ["ann: new 4 hi", "bob: new 4 hi"]);
}

#[test]
fn a_service_that_replaces_another_meets_the_clients_and_is_on_no_trial() {
    let mut swaps = Swaps::new();
    swaps.swap(0);
    swaps.replace(3);
    assert!(!swaps.room.on_trial());
    assert_eq!(swaps.seen().last().unwrap(), "bob: new 2 connect 2");
    swaps.say(1, "third");
    assert_eq!(swaps.seen(), ["ann Failed", "bob Failed"]);
}

#[test]
fn a_service_that_is_trusted_is_on_trial_no_more() {
    let mut swaps = Swaps::new();
    swaps.swap(3);
    swaps.input(Input::Trust);
    swaps.seen();
    swaps.say(1, "third");
    assert_eq!(swaps.seen(), ["ann Failed", "bob Failed"]);
}

#[test]
fn the_last_to_leave_a_service_on_trial_leaves_the_one_before_too() {
    let mut swaps = Swaps::with(ServiceShutdownPolicy::Immediate);
    swaps.leave(2);
    swaps.seen();
    swaps.swap(2);
    swaps.seen();
    swaps.leave(1);
    assert_eq!(swaps.seen(), ["ann Left".to_owned(), rolled_back("disconnect(1)", 2)]);
    assert_eq!(swaps.room.end(), Some(&RoomEnd::Idle));
    assert_eq!(swaps.stage.calls.matches("disconnect(1).").count(), 2);
}

#[test]
fn a_room_that_is_stopped_on_trial_disconnects_everyone_once_from_the_service_that_runs() {
    let mut swaps = Swaps::new();
    swaps.swap(0);
    swaps.seen();
    swaps.input(Input::Stop);
    let seen = ["ann Stopped", "bob: new 3 disconnect 1", "bob Stopped"];
    assert_eq!(swaps.seen(), seen);
    assert_eq!(swaps.room.end(), Some(&RoomEnd::Stopped));
}

#[test]
fn what_a_service_before_sends_from_elsewhere_waits_until_it_goes_on() {
    let mut swaps = Swaps::new();
    let before = swaps.context.clone();
    swaps.swap(3);
    swaps.seen();
    let wakes = swaps.wakes.0.load(Ordering::Relaxed);
    before.send_message(Broadcast, "from elsewhere");
    assert_eq!(swaps.wakes.0.load(Ordering::Relaxed), wakes);
    swaps.input(Input::Wake);
    assert_eq!(swaps.seen(), Vec::<String>::new());
    swaps.say(1, "third");
    assert_eq!(swaps.seen()[1..], ["ann: from elsewhere", "bob: from elsewhere"]);
    before.send_message(Broadcast, "again");
    assert_eq!(swaps.wakes.0.load(Ordering::Relaxed), wakes + 1);
}

#[test]
fn a_new_service_after_a_new_service_has_that_one_to_go_back_to() {
    let mut swaps = Swaps::new();
    swaps.swap(0);
    swaps.swap(1);
    swaps.seen();
    swaps.say(1, "hi");
    assert_eq!(swaps.seen(), ["ann: new 3 hi", "bob: new 3 hi"]);
}

#[test]
fn a_room_that_is_over_takes_no_new_service() {
    let mut swaps = Swaps::new();
    swaps.input(Input::Stop);
    swaps.seen();
    swaps.replace(0);
    swaps.swap(0);
    assert_eq!(swaps.seen(), Vec::<String>::new());
    swaps.context.send_message(Broadcast, "too late");
    assert_eq!(swaps.room.deadline(), None);
}

#[test]
fn a_service_that_was_abandoned_on_trial_is_rolled_back() {
    let mut swaps = Swaps::new();
    swaps.swap(0);
    swaps.room.running = Some(Callback::Timer);
    swaps.seen();
    swaps.input(Input::Wake);
    let seen = ["rolled back: timer: the callback was abandoned while it ran"];
    assert_eq!(swaps.seen(), seen);
}

#[test]
fn a_service_that_panics_as_it_is_dropped_harms_nobody() {
    let mut swaps = Swaps::new();
    let (mut old, context) = service("old", 0, &swaps.wakes);
    *old = WrappedJamsocketService::new(
        Version { name: "old", calls: 0, fails_at: u32::MAX },
        context.clone(),
    );
    swaps.input(Input::Swap(old, context));
    swaps.swap(0);
    swaps.say(1, "third");
    swaps.seen();
    swaps.say(1, "hi");
    assert_eq!(swaps.seen(), ["ann: new 4 hi", "bob: new 4 hi"]);
}

//! What a callback may do, what the host is told of it, and what happens outside of all.

use super::*;

#[test]
fn a_callback_may_send_ten_thousand_messages_and_no_more() {
    let mut play = Play::new();
    let ann = play.join("ann");
    play.seen();
    play.say(ann, "messages 10000");
    assert_eq!(play.seen().len(), 10_000);
    play.say(ann, "messages 10001");
    assert_eq!(play.seen(), ["ann Failed"]);
    assert!(
        play.failure().ends_with("sent more than 10000 messages at once"),
        "{}",
        play.failure()
    );
}

#[test]
fn a_callback_may_send_four_mebibytes_and_no_more() {
    let mut play = Play::new();
    let ann = play.join("ann");
    play.seen();
    play.say(ann, "bytes 4194304");
    assert_eq!(play.seen(), ["ann: 4194304 bytes"]);
    play.say(ann, "bytes 4194305");
    assert_eq!(play.seen(), ["ann Failed"]);
    assert!(play.failure().ends_with("4194304 bytes of messages at once"), "{}", play.failure());
}

#[test]
fn log_lines_beyond_the_bound_are_dropped_and_counted() {
    let mut play = Play::new();
    let ann = play.join("ann");
    play.seen();
    play.say(ann, "log 2");
    assert_eq!(play.seen().len(), 2);
    play.say(ann, "log 4");
    let seen = play.seen();
    assert_eq!((seen.len(), seen[2].as_str()), (3, "2 log lines dropped"));
    play.say(ann, "all");
    assert_eq!(play.seen(), ["ann: all"]);
}

#[test]
fn the_host_is_told_of_each_callback_as_it_begins_and_as_it_ends() {
    let mut play = Play::new();
    let ann = play.join("ann");
    play.say(ann, "timer 5");
    play.at(5).input(Input::Wake);
    play.input(Input::Binary(ann, &[]));
    play.input(Input::Leave(ann));
    play.input(Input::Leave(ann));
    let bob = play.join("bob");
    play.say(bob, "panic");
    play.say(bob, "all");
    let calls = "connect(1).message(1).timer.binary(1).disconnect(1).connect(2).message(2).";
    assert_eq!(play.stage.calls, calls);
}

/// Says that it uses as much as it was called.
struct Grows(ServiceUsage);

impl Grows {
    fn grow(&mut self) -> Result<(), ServiceError> {
        self.0.memory_bytes += 1;
        self.0.refused_growths += 1;
        if self.0.memory_bytes < 4 { Ok(()) } else { Err(ServiceError::Trapped(String::new())) }
    }
}

impl JamsocketService for Grows {
    async fn connect(&mut self, _: ClientId) -> Result<(), ServiceError> {
        self.grow()
    }
    async fn disconnect(&mut self, _: ClientId) -> Result<(), ServiceError> {
        self.grow()
    }
    async fn message(&mut self, _: ClientId, _: &str) -> Result<(), ServiceError> {
        self.grow()
    }
    async fn binary(&mut self, _: ClientId, _: &[u8]) -> Result<(), ServiceError> {
        self.grow()
    }
    async fn timer(&mut self) -> Result<(), ServiceError> {
        self.grow()
    }
    fn usage(&self) -> ServiceUsage {
        self.0
    }
}

#[test]
fn a_room_knows_what_its_service_uses_until_it_is_over() {
    let context = RoomContext::new(Waker::noop().clone());
    let service = Grows(ServiceUsage { memory_bytes: 1, ..ServiceUsage::default() });
    let mut room = Room::new(service, context, ServiceShutdownPolicy::Never);
    let mut stage = Stage::default();
    let client = room.next_client().unwrap();
    let mut used = vec![room.usage()];
    for input in [Input::Join(client, "ann"), Input::Text(client, ""), Input::Leave(client)] {
        {
            let call = pin!(room.handle(input, &mut stage));
            assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_ready());
        }
        used.push(room.usage());
    }
    // The third callback fails, and the memory is gone with the service.
    let used: Vec<_> = used.iter().map(|used| (used.memory_bytes, used.refused_growths)).collect();
    assert_eq!(used, [(1, 0), (2, 1), (3, 2), (0, 3)]);
    assert!(room.end().is_some());
}

#[test]
fn a_send_outside_a_callback_wakes_the_host_and_is_delivered() {
    let mut play = Play::new();
    play.join("ann");
    play.seen();
    assert_eq!(play.wakes.0.load(Ordering::Relaxed), 0);
    let context = play.context.clone();
    std::thread::spawn(move || context.send_message(Broadcast, "from afar")).join().unwrap();
    assert_eq!(play.wakes.0.load(Ordering::Relaxed), 1);
    play.input(Input::Wake);
    assert_eq!(play.seen(), ["ann: from afar"]);
}

#[test]
fn a_send_from_outside_survives_a_callback_that_panics_after_it() {
    let mut play = Play::new();
    let ann = play.join("ann");
    play.seen();
    play.context.send_message(Broadcast, "before");
    play.say(ann, "panic");
    assert_eq!(play.seen(), ["ann: before", "log: about to panic", "ann Failed"]);
}

/// Waits for ever in each callback.
struct Waits;

impl JamsocketService for Waits {
    async fn connect(&mut self, _: ClientId) -> Result<(), ServiceError> {
        std::future::pending().await
    }
    async fn disconnect(&mut self, _: ClientId) -> Result<(), ServiceError> {
        std::future::pending().await
    }
    async fn message(&mut self, _: ClientId, _: &str) -> Result<(), ServiceError> {
        std::future::pending().await
    }
    async fn binary(&mut self, _: ClientId, _: &[u8]) -> Result<(), ServiceError> {
        std::future::pending().await
    }
    async fn timer(&mut self) -> Result<(), ServiceError> {
        std::future::pending().await
    }
}

#[test]
fn a_callback_that_was_dropped_midway_ends_the_room() {
    let context = RoomContext::new(Waker::noop().clone());
    let mut room = Room::new(Waits, context, ServiceShutdownPolicy::Never);
    let mut stage = Stage::default();
    let client = room.next_client().unwrap();
    {
        let call = pin!(room.handle(Input::Join(client, "ann"), &mut stage));
        assert_eq!(call.poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
    }
    {
        let call = pin!(room.handle(Input::Wake, &mut stage));
        assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }
    assert_eq!(stage.done, ["ann Failed"]);
    let end = room.end().unwrap().to_string();
    assert_eq!(end, "connect(1) failed: the callback was abandoned while it ran");
}

/// A service that counts how often it was resumed.
struct Resumed {
    context: RoomContext,
    times: u32,
}

impl JamsocketService for Resumed {
    async fn connect(&mut self, _: ClientId) -> Result<(), ServiceError> {
        Ok(())
    }

    async fn disconnect(&mut self, _: ClientId) -> Result<(), ServiceError> {
        Ok(())
    }

    async fn message(&mut self, _: ClientId, _: &str) -> Result<(), ServiceError> {
        self.context.waker().wake();
        Ok(())
    }

    async fn binary(&mut self, _: ClientId, _: &[u8]) -> Result<(), ServiceError> {
        Ok(())
    }

    async fn timer(&mut self) -> Result<(), ServiceError> {
        Ok(())
    }

    async fn resume(&mut self) -> Result<(), ServiceError> {
        self.times += 1;
        self.context.send_message(Broadcast, &format!("resumed {}", self.times));
        Ok(())
    }
}

#[test]
fn a_service_that_asks_for_it_is_resumed_once_before_the_next_input() {
    let wakes = Arc::new(Wakes::default());
    let context = RoomContext::new(wakes.clone().into());
    let service = Resumed { context: context.clone(), times: 0 };
    let mut room = Room::new(service, context.clone(), ServiceShutdownPolicy::Never);
    let ann = room.next_client().unwrap();
    let mut stage = Stage::default();
    let mut input = |input| {
        {
            let call = pin!(room.handle(input, &mut stage));
            assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_ready());
        }
        std::mem::take(&mut stage.done)
    };
    input(Input::Wake);
    input(Input::Join(ann, "ann"));
    let before = wakes.0.load(Ordering::Relaxed);
    context.waker().wake();
    context.waker().wake();
    assert_eq!(wakes.0.load(Ordering::Relaxed), before + 1, "the host is woken once");
    assert_eq!(input(Input::Wake), ["ann: resumed 1"]);
    assert_eq!(input(Input::Wake), [""; 0]);
    // In a callback likewise, and whatever comes next.
    assert_eq!(input(Input::Text(ann, "x")), [""; 0]);
    assert_eq!(input(Input::Binary(ann, &[])), ["ann: resumed 2"]);
}

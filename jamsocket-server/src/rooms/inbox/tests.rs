use super::*;

fn text(bytes: usize) -> Event {
    Event::Text(ClientId::from(1), "x".repeat(bytes).into())
}

fn is_ready(inbox: &Inbox) -> bool {
    inbox.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn take(inbox: &Inbox) -> bool {
    inbox.poll_next(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn an_inbox_holds_1024_messages() {
    let inbox = Inbox::new(&Limits::default());
    (0..1_024 - 1).for_each(|_| inbox.push(text(0)));
    assert!(is_ready(&inbox));
    inbox.push(text(0));
    assert!(!is_ready(&inbox));
    assert!(take(&inbox));
    assert!(is_ready(&inbox));
}

#[test]
fn a_stop_does_not_wait_for_messages() {
    let inbox = Inbox::new(&Limits::default());
    inbox.push(text(1));
    inbox.push(Event::Stop);
    let next = inbox.poll_next(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(next, Poll::Ready(Next::Event(Event::Stop))), "{next:?}");
}

#[test]
fn what_was_sent_is_told_after_all_events_as_not_every_event_reaches_the_service() {
    let inbox = Arc::new(Inbox::new(&Limits::default()));
    let (joined, _) = oneshot::channel();
    inbox.push(Event::Join(Arc::new(Outbox::new(&Limits::default(), &Arc::default())), joined));
    inbox.clone().wake();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(inbox.poll_next(&mut cx), Poll::Ready(Next::Event(Event::Join(..)))));
    assert!(matches!(inbox.poll_next(&mut cx), Poll::Ready(Next::Sent)));
    assert!(inbox.poll_next(&mut cx).is_pending());
}

#[test]
fn whoever_waits_for_a_room_that_cannot_be_built_is_told_so() {
    let inbox = Inbox::new(&Limits::default());
    let ((joined, mut join), (built, mut create)) = (oneshot::channel(), oneshot::channel());
    inbox.push(Event::Join(Arc::new(Outbox::new(&Limits::default(), &Arc::default())), joined));
    inbox.push(Event::AwaitBuilt(built));
    inbox.refuse(&Arc::new(BuildError::Declined));
    assert!(matches!(join.try_recv(), Ok(Err(Refused::Unbuilt(_)))));
    assert!(matches!(create.try_recv(), Ok(Err(Refused::Unbuilt(_)))));
}

#[test]
fn an_inbox_holds_four_mebibytes() {
    let inbox = Inbox::new(&Limits::default());
    inbox.push(text((4 << 20) - 1));
    assert!(is_ready(&inbox));
    inbox.push(text(1));
    assert!(!is_ready(&inbox));
}

#[test]
fn a_short_message_that_waits_does_not_keep_its_buffer() {
    let inbox = Inbox::new(&Limits::default());
    let buffer = Bytes::from(vec![b'x'; 32 << 10]);
    let short = || buffer.slice(..COPIED_BYTES);
    inbox.push(Event::Binary(ClientId::from(1), short()));
    inbox.push(Event::Text(ClientId::from(1), short().try_into().unwrap()));
    assert!(buffer.is_unique());
    inbox.push(Event::Binary(ClientId::from(1), buffer.slice(..COPIED_BYTES + 1)));
    assert!(!buffer.is_unique());
}

#[test]
fn leaving_is_always_possible() {
    let inbox = Inbox::new(&Limits::default());
    (0..1_024).for_each(|_| inbox.push(text(0)));
    inbox.push(Event::Leave(ClientId::from(1)));
    assert_eq!((0..1_024 + 1).filter(|_| take(&inbox)).count(), 1_024 + 1);
}

#[test]
fn a_closed_inbox_takes_all_and_keeps_nothing() {
    let inbox = Inbox::new(&Limits::default());
    (0..1_024).for_each(|_| inbox.push(text(0)));
    let (joined, mut id) = oneshot::channel();
    inbox.push(Event::Join(Arc::new(Outbox::new(&Limits::default(), &Arc::default())), joined));
    inbox.close();
    assert!(is_ready(&inbox));
    assert!(id.try_recv().is_err());
    inbox.push(text(0));
    assert!(!take(&inbox));
}

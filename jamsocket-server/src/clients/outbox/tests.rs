use super::*;
use crate::metrics::Case;
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    task::Wake,
};

fn open() -> Outbox {
    Outbox::new(&Limits::default(), &Arc::default())
}

fn next(outbox: &Outbox) -> Outgoing {
    outbox.next(&mut Context::from_waker(Waker::noop()))
}

fn bytes(len: usize) -> Bytes {
    vec![0; len].into()
}

#[test]
fn an_outbox_holds_1024_frames() {
    let outbox = open();
    for _ in 0..1_024 {
        outbox.push(bytes(1)).unwrap();
    }
    assert!(outbox.push(bytes(1)).is_err());
    assert_eq!(next(&outbox), Outgoing::Frames(bytes(1_024)));
    outbox.push(bytes(1)).unwrap();
}

#[test]
fn frames_that_wait_are_written_together_up_to_16_kibibytes() {
    let outbox = open();
    for frame in [8 << 10, (8 << 10) - 1, 1, 1, 32 << 10, 1] {
        outbox.push(bytes(frame)).unwrap();
    }
    let written = [16 << 10, 1, 32 << 10, 1].map(|len| Outgoing::Frames(bytes(len)));
    assert_eq!([(); 4].map(|()| next(&outbox)), written);
    assert_eq!(next(&outbox), Outgoing::Nothing);
}

#[test]
fn a_task_is_woken_only_while_it_waits() {
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let woken = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(woken.clone());
    let mut cx = Context::from_waker(&waker);
    let outbox = open();
    let times_after = |act: &dyn Fn()| {
        act();
        woken.0.load(SeqCst)
    };
    let push = || outbox.push(bytes(1)).unwrap();
    assert_eq!(times_after(&push), 0);
    assert_eq!(outbox.next(&mut cx), Outgoing::Frames(bytes(1)));
    assert_eq!(outbox.next(&mut cx), Outgoing::Nothing);
    assert_eq!(times_after(&push), 1);
    assert_eq!(times_after(&push), 1);
    assert_eq!(outbox.take(), Some(bytes(2)));
    assert_eq!(outbox.next(&mut cx), Outgoing::Nothing);
    assert_eq!(outbox.take(), None);
    assert_eq!(times_after(&push), 1);
}

#[test]
fn an_outbox_holds_four_mebibytes() {
    let outbox = open();
    outbox.push(bytes(1)).unwrap();
    outbox.push(bytes((4 << 20) - 1)).unwrap();
    assert!(outbox.push(bytes(1)).is_err());
}

#[test]
fn an_empty_outbox_takes_any_one_message() {
    let outbox = open();
    outbox.push(bytes((4 << 20) + 1)).unwrap();
    assert!(outbox.push(bytes(1)).is_err());
}

#[test]
fn what_waits_is_written_before_a_close_and_nothing_after_it() {
    let outbox = open();
    outbox.push(bytes(1)).unwrap();
    outbox.close(CloseReason::STOPPING);
    outbox.push(bytes(2)).unwrap();
    outbox.close(CloseReason::ROOM_FAILED);
    let close = frame::close(&CloseReason::STOPPING);
    let written = [bytes(1), close].concat();
    assert_eq!(next(&outbox), Outgoing::Frames(written.into()));
    assert_eq!(next(&outbox), Outgoing::Closing);
    outbox.finish();
    assert_eq!(next(&outbox), Outgoing::End);
}

#[test]
fn an_abandoned_client_gets_only_its_close() {
    let outbox = open();
    outbox.push(bytes(1)).unwrap();
    outbox.abandon(CloseReason::TOO_SLOW);
    let close = frame::close(&CloseReason::TOO_SLOW);
    assert_eq!(next(&outbox), Outgoing::Frames(close));
    assert_eq!(next(&outbox), Outgoing::Closing);
}

#[test]
fn of_many_pongs_the_newest_is_kept() {
    let outbox = open();
    for n in 0..2_000 {
        outbox.push_pong(bytes(n));
    }
    let first_ones = (0..MAX_PONGS).sum();
    assert_eq!(next(&outbox), Outgoing::Frames(bytes(first_ones)));
    assert_eq!(next(&outbox), Outgoing::Frames(bytes(1_999)));
    assert_eq!(next(&outbox), Outgoing::Nothing);
}

#[test]
fn an_end_is_counted_once_by_what_came_first() {
    let counted = |end: &dyn Fn(&Outbox), closing| {
        let outbox = open();
        end(&outbox);
        let closes = &outbox.metrics.closes;
        let all: u64 = Closing::ALL.iter().map(|closing| closes.get(*closing)).sum();
        assert_eq!((all, closes.get(closing)), (1, 1), "{closing:?}");
    };
    counted(
        &|outbox| {
            outbox.abandon(CloseReason::TOO_SLOW);
            outbox.close(CloseReason::STOPPING);
            outbox.answer_close(Some(1000));
        },
        Closing::TooSlow,
    );
    counted(
        &|outbox| {
            outbox.answer_close(Some(1000));
            outbox.close(CloseReason::ROOM_FAILED);
            outbox.finish();
        },
        Closing::PeerNormal,
    );
    counted(
        &|outbox| {
            outbox.finish();
            outbox.finish();
            outbox.close(CloseReason::ROOM_FAILED);
        },
        Closing::Lost,
    );
}

#[test]
fn the_answer_to_a_close_is_the_last_frame() {
    let outbox = open();
    outbox.answer_close(Some(1000));
    let echo = frame::close_echo(Some(1000));
    assert_eq!(next(&outbox), Outgoing::Frames(echo));
    assert_eq!(next(&outbox), Outgoing::End);
}

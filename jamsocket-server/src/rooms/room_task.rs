use super::{Event, Inbox};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::time::Instant;

thread_local! {
    /// The rooms that live on this thread, by the address of their inbox, which each of them keeps.
    static HERE: RefCell<HashMap<*const Inbox, Rc<RoomTask>>> = RefCell::default();
}

/// A room's task, as those on its own thread see it: while the room waits, they can run it in place,
/// and spare it a wake-up and the way through the runtime's queue.
pub(crate) struct RoomTask {
    /// Gone once the room has ended.
    room: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>>,
    /// The waker of the runtime's task.
    waker: RefCell<Waker>,
    handed: Rc<Handed>,
}

/// An event that is handed to a room past its inbox, with the time. It comes before what is in there.
pub(super) type Handed = Cell<Option<(Event, Instant)>>;

impl RoomTask {
    /// Runs a room on this thread, to its end. It is made with the place where it finds what is handed
    /// to it.
    pub(super) fn spawn<R: Future<Output = ()> + 'static>(
        inbox: &Arc<Inbox>,
        room: impl FnOnce(Rc<Handed>) -> R,
    ) {
        let handed = Rc::new(Handed::default());
        let room: Pin<Box<dyn Future<Output = ()>>> = Box::pin(room(handed.clone()));
        let waker = RefCell::new(Waker::noop().clone());
        let task = Rc::new(Self { room: RefCell::new(Some(room)), waker, handed });
        HERE.with_borrow_mut(|here| here.insert(Arc::as_ptr(inbox), task.clone()));
        let running = Running { inbox: inbox.clone(), task };
        actix_web::rt::spawn(poll_fn(move |cx| {
            let task = &running.task;
            task.waker.borrow_mut().clone_from(cx.waker());
            task.poll(cx)
        }));
    }

    /// The task of the room that has this inbox, where it is on this thread.
    pub(crate) fn here(inbox: &Arc<Inbox>) -> Option<Rc<Self>> {
        HERE.with_borrow(|here| here.get(&Arc::as_ptr(inbox)).cloned())
    }

    /// Hands an event to the room, and runs it in place until it waits again. What was handed to it
    /// before it has taken: see [`Inbox::begin_handing`].
    pub(crate) fn run(&self, event: Event, now: Instant) {
        self.handed.set(Some((event, now)));
        let waker = self.waker.borrow();
        if self.poll(&mut Context::from_waker(&waker)).is_ready() {
            // The task ends by itself.
            waker.wake_by_ref();
        }
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Who is inside of it already comes back to what is new.
        let Ok(mut room) = self.room.try_borrow_mut() else { return Poll::Pending };
        let Some(running) = room.as_mut() else { return Poll::Ready(()) };
        // A panic of the host's own is the end of this room, and not of a client that ran it.
        let polled = catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx)));
        if matches!(polled, Ok(Poll::Pending)) {
            return Poll::Pending;
        }
        let ended = room.take();
        drop(room);
        drop(ended);
        Poll::Ready(())
    }
}

impl fmt::Debug for RoomTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomTask").finish_non_exhaustive()
    }
}

/// Ends the room with its task, however that ends.
struct Running {
    inbox: Arc<Inbox>,
    task: Rc<RoomTask>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // At the end of a thread there may be no table any more.
        let _ = HERE.try_with(|here| here.borrow_mut().remove(&Arc::as_ptr(&self.inbox)));
        let ended = self.task.room.take();
        drop(ended);
    }
}

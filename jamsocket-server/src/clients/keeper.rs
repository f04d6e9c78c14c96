use super::connection::Connection;
use std::{
    cell::RefCell,
    future::poll_fn,
    rc::{Rc, Weak},
    task::{Poll, ready},
};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::time::{DelayQueue, delay_queue::Expired};

thread_local! {
    static KEEPER: Keeper = Keeper::default();
}

/// Watches over the connections of a worker thread: one timer wheel and one task for all of them.
///
/// It is apart from the connections' own tasks because those stand still while a peer takes nothing.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    due: Rc<RefCell<DelayQueue<Weak<Connection>>>>,
    task: RefCell<Option<JoinHandle<()>>>,
}

impl Keeper {
    /// Looks at a connection at `at`, and from then on as often as it wants.
    pub(super) fn watch(connection: &Rc<Connection>, at: Instant) {
        KEEPER.with(|keeper| {
            keeper.run();
            keeper.due.borrow_mut().insert_at(Rc::downgrade(connection), at);
        });
    }

    /// Starts the task, where it does not run or has ended with a runtime before this one.
    fn run(&self) {
        let mut task = self.task.borrow_mut();
        if task.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let due = self.due.clone();
        due.borrow_mut().clear();
        *task = Some(actix_web::rt::spawn(async move {
            loop {
                let expired = next(&due).await;
                let Some(connection) = expired.get_ref().upgrade() else { continue };
                let now = Instant::now();
                let late = now.saturating_duration_since(expired.deadline());
                if let Some(at) = connection.check(now, late) {
                    due.borrow_mut().insert_at(Rc::downgrade(&connection), at);
                }
            }
        }));
    }
}

async fn next(due: &RefCell<DelayQueue<Weak<Connection>>>) -> Expired<Weak<Connection>> {
    poll_fn(|cx| match ready!(due.borrow_mut().poll_expired(cx)) {
        Some(expired) => Poll::Ready(expired),
        // Empty: an insertion wakes the task.
        None => Poll::Pending,
    })
    .await
}

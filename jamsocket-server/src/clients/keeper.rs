use super::connection::Connection;
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::{Rc, Weak},
    task::{Poll, ready},
};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::time::{
    DelayQueue,
    delay_queue::{Expired, Key},
};

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

/// A connection's place on the wheel, where it has one. It is given up with the connection, so that
/// clients that come and go leave nothing there.
#[derive(Debug, Default)]
pub(super) struct Watch(Cell<Option<Key>>);

impl Keeper {
    /// Looks at a connection at `at`, in place of what was asked for before, and from then on as
    /// often as it wants.
    pub(super) fn watch(connection: &Rc<Connection>, at: Instant) {
        KEEPER.with(|keeper| {
            keeper.run();
            place(&keeper.due, connection, at);
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
                connection.watch.0.take();
                let now = Instant::now();
                let late = now.saturating_duration_since(expired.deadline());
                if let Some(at) = connection.check(now, late) {
                    place(&due, &connection, at);
                }
            }
        }));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(key) = self.0.take() else { return };
        // Where the thread is at its end, so is the keeper.
        let _ = KEEPER.try_with(|keeper| keeper.due.borrow_mut().try_remove(&key));
    }
}

fn place(due: &RefCell<DelayQueue<Weak<Connection>>>, connection: &Rc<Connection>, at: Instant) {
    let mut due = due.borrow_mut();
    if let Some(before) = connection.watch.0.take() {
        due.try_remove(&before);
    }
    connection.watch.0.set(Some(due.insert_at(Rc::downgrade(connection), at)));
}

async fn next(due: &RefCell<DelayQueue<Weak<Connection>>>) -> Expired<Weak<Connection>> {
    poll_fn(|cx| match ready!(due.borrow_mut().poll_expired(cx)) {
        Some(expired) => Poll::Ready(expired),
        // Empty: an insertion wakes the task.
        None => Poll::Pending,
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn watched() -> usize {
        KEEPER.with(|keeper| keeper.due.borrow().len())
    }

    #[actix_web::test]
    async fn a_connection_has_one_place_and_gives_it_up_with_its_end() {
        let connections = [Connection::for_test(), Connection::for_test()];
        for seconds in [30, 60, 1] {
            for connection in &connections {
                Keeper::watch(connection, Instant::now() + Duration::from_secs(seconds));
            }
            assert_eq!(watched(), 2);
        }
        let [first, second] = connections;
        drop(first);
        assert_eq!(watched(), 1);
        drop(second);
        assert_eq!(watched(), 0);
    }

    #[actix_web::test]
    async fn a_connection_that_is_due_is_looked_at_and_gets_another_place() {
        let connection = Connection::for_test();
        let now = Instant::now();
        Keeper::watch(&connection, now);
        let due = || {
            let key = connection.watch.0.get()?;
            KEEPER.with(|keeper| Some(keeper.due.borrow().deadline(&key)))
        };
        // It may be silent for some seconds yet.
        while due().is_none_or(|due| due < now + Duration::from_secs(5)) {
            tokio::task::yield_now().await;
        }
        assert_eq!(watched(), 1);
    }
}

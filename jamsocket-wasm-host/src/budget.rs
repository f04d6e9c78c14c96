use crate::{
    GuestLimits,
    ticker::{TICK, Ticker},
};
use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};
use wasmtime::UpdateDeadline;

/// How much longer a guest may run in the callback that is under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    ticks_left: u128,
}

impl Budget {
    /// What every callback starts with.
    pub(crate) fn new(limits: &GuestLimits) -> Self {
        Self { ticks_left: limits.run_time.as_nanos().div_ceil(TICK.as_nanos()) }
    }

    /// What a program has, each time that it has waited: so long, or as long as it likes.
    pub(crate) fn of_program(run_time: Option<Duration>) -> Self {
        let ticks = |time: Duration| time.as_nanos().div_ceil(TICK.as_nanos());
        Self { ticks_left: run_time.map_or(u128::MAX, ticks) }
    }

    /// Takes account of a tick that found the guest running: it yields, or it has to stop.
    pub(crate) fn spend_tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        self.ticks_left = self.ticks_left.saturating_sub(1);
        if self.ticks_left == 0 {
            return Err(RunTimeSpent.into());
        }
        // Tokio's own yield lets the runtime look at its sockets first; a task that merely wakes
        // itself would be polled again at once, many times over.
        let turn_over = Box::pin(tokio::task::yield_now());
        Ok(UpdateDeadline::YieldCustom(1, turn_over))
    }
}

/// The guest has run for as long as one callback may. It ends the guest as a trap does.
#[derive(Debug, thiserror::Error)]
#[error("the time of the callback is spent")]
pub(crate) struct RunTimeSpent;

/// Why a guest did not come to the end of a callback.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// It trapped, or the host refused what it asked for.
    Failed(wasmtime::Error),
    /// The callback took longer than [`GuestLimits::wall_time`].
    Overdue,
}

/// Polls guest code with the epoch ticking, which it does not while the guest waits.
pub(crate) async fn ticking<T>(ticker: &Ticker, guest: impl Future<Output = T> + Send) -> T {
    let mut guest = pin!(guest);
    poll_fn(|cx| {
        let _running = ticker.enter();
        guest.as_mut().poll(cx)
    })
    .await
}

/// Drives guest code to its end, with the epoch ticking, for no longer than a callback may take.
pub(crate) async fn drive<T>(
    ticker: &Ticker,
    limits: &GuestLimits,
    guest: impl Future<Output = wasmtime::Result<T>> + Send,
) -> Result<T, Stopped> {
    let mut guest = pin!(ticking(ticker, guest));
    // Most callbacks end here, and are spared the timer.
    let at_once = poll_fn(|cx| Poll::Ready(guest.as_mut().poll(cx))).await;
    let result = match at_once {
        Poll::Ready(result) => result,
        Poll::Pending => {
            tokio::time::timeout(limits.wall_time, guest).await.map_err(|_| Stopped::Overdue)?
        }
    };
    result.map_err(Stopped::Failed)
}

//! Waiting for time to pass, and no longer than that.

use crate::{CallError, OS, macros::wasm_bus};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

/// The host's clock.
#[wasm_bus(format = "json", path = "wasm_bus_time::api")]
pub(crate) trait Time {
    /// Answers when so many milliseconds have passed.
    async fn sleep(&self, duration_ms: u128);
}

/// Waits until `duration` has passed, in steps of whole milliseconds. Other tasks run meanwhile.
///
/// ```no_run
/// use std::time::Duration;
/// use wasm_bus::{task::block_on, time::sleep};
///
/// block_on(sleep(Duration::from_secs(1)))?;
/// # Ok::<(), wasm_bus::CallError>(())
/// ```
///
/// # Errors
///
/// Where the host does not keep the time: at once, so a loop that sleeps has to look.
pub async fn sleep(duration: Duration) -> Result<(), CallError> {
    TimeClient::new(OS).sleep(duration.as_millis()).await
}

/// Waits for `future`, for as long as `limit` at the most. What has not come to its end by then is
/// dropped where it stands.
///
/// ```no_run
/// use std::time::Duration;
/// use wasm_bus::{http, task::block_on, time::timeout};
///
/// let page = block_on(timeout(Duration::from_secs(5), http::get("https://example.com/").send()));
/// ```
///
/// # Errors
///
/// [`Elapsed`] when the time is over, and where the host does not keep the time.
pub async fn timeout<F: Future>(limit: Duration, future: F) -> Result<F::Output, Elapsed> {
    let (mut future, mut sleep) = (pin!(future), pin!(sleep(limit)));
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        sleep.as_mut().poll(context).map(|slept| Err(Elapsed { limit, cause: slept.err() }))
    })
    .await
}

/// Something did not come to its end in the time that it had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it was not done within {limit:?}")]
pub struct Elapsed {
    limit: Duration,
    /// Why there was no telling, where the host does not keep the time.
    #[source]
    cause: Option<CallError>,
}

impl Elapsed {
    /// The time that it had.
    pub fn limit(&self) -> Duration {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::{Elapsed, sleep, timeout};
    use crate::{CallError, engine, host::scripted::ScriptedHost, task::block_on};
    use std::{error::Error, future::pending, time::Duration};

    const SECOND: Duration = Duration::from_secs(1);

    fn answer(handle: u32) {
        engine::with(|engine| engine.finish(handle.into(), b"null".to_vec()));
    }

    #[test]
    fn the_host_is_asked_in_whole_milliseconds() {
        let host = ScriptedHost::install();
        host.on_poll(|| answer(1));
        assert_eq!(block_on(sleep(Duration::from_micros(1_500_999))), Ok(()));
        assert_eq!(
            host.asked(),
            [
                r#"call - 1 0 os wasm_bus_time::api::TimeSleepRequest {"duration_ms":1500}"#,
                "poll",
                "drop 1",
            ]
        );
    }

    #[test]
    fn what_is_done_in_time_is_done() {
        let _host = ScriptedHost::install();
        assert_eq!(block_on(timeout(SECOND, async { 7 })), Ok(7));
    }

    #[test]
    fn what_takes_longer_is_dropped() {
        let host = ScriptedHost::install();
        host.on_poll(|| answer(1));
        let waited = block_on(timeout(SECOND, pending::<()>()));
        assert_eq!(waited, Err(Elapsed { limit: SECOND, cause: None }));
        assert_eq!(waited.unwrap_err().to_string(), "it was not done within 1s");
    }

    #[test]
    fn a_limit_that_comes_first_leaves_its_call_to_the_host() {
        let host = ScriptedHost::install();
        host.on_poll(|| answer(2));
        let waited = block_on(timeout(SECOND, sleep(SECOND)));
        assert!(waited.is_err());
        // The inner sleep has the first handle, and is still under way.
        assert_eq!(host.asked().last().map(String::as_str), Some("drop 2"));
        answer(1);
        assert_eq!(host.asked(), ["drop 1"]);
    }

    #[test]
    fn without_a_clock_there_is_no_waiting() {
        assert_eq!(block_on(sleep(SECOND)), Err(CallError::Unsupported));
        let elapsed = block_on(timeout(SECOND, pending::<()>())).unwrap_err();
        assert_eq!(elapsed.limit(), SECOND);
        let cause = elapsed.source().and_then(|cause| cause.downcast_ref());
        assert_eq!(cause, Some(&CallError::Unsupported));
    }
}

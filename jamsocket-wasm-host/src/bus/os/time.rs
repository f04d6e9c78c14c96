use crate::bus::{Call, CallError, Callee, host_task::HostTask};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::sleep;

pub(super) const SLEEP: &str = "wasm_bus_time::api::TimeSleepRequest";

/// As long as anyone can wait: what is longer is cut to it.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

#[derive(Deserialize)]
struct Sleep {
    duration_ms: u128,
}

/// Answers after a while.
pub(super) fn sleep_for(call: Call) -> Result<Box<dyn Callee>, CallError> {
    let Sleep { duration_ms } =
        serde_json::from_slice(&call.request).map_err(|_| CallError::DESERIALIZATION_FAILED)?;
    let duration = u64::try_from(duration_ms).map_or(LONGEST, Duration::from_millis);
    Ok(HostTask::answer(call.caller, move |mut caller| async move {
        sleep(duration.min(LONGEST)).await;
        caller.reply(b"null".to_vec());
    }))
}

//! What a callback and a task share.
//!
//! A lock in here is held for a moment, and never while somebody else's code runs.

mod channel;
mod watch;

pub(crate) use channel::{Receiver, channel};
pub(crate) use watch::{Watch, watch};

//! What a server counts, for people who run it.
//!
//! Counting must not cost the rooms anything that can be felt. What happens with each message is
//! counted in [`Traffic`], of which every worker thread has its own for each service: plain loads and
//! stores, and a clock read more a callback. What happens seldom is counted in [`ServiceMetrics`],
//! which all threads share; what has several cases is a [`CountedBy`] of them. How many rooms there
//! are, and what they use, is not counted at all: the registry of rooms knows it.
//!
//! An [`exposition`] puts all of it together when somebody asks. docs/METRICS.md lists what it
//! writes.

mod cases;
mod closing;
mod counter;
pub(crate) mod exposition;
mod failure;
mod family;
mod histogram;
mod refusal;
mod service;
mod traffic;

pub(crate) use cases::{Case, CountedBy};
pub(crate) use closing::Closing;
pub(crate) use counter::{Counter, OwnCounter};
pub(crate) use failure::Failure;
pub(crate) use histogram::Histogram;
pub(crate) use refusal::Refusal;
pub(crate) use service::{OpenConnection, ServiceMetrics};
pub(crate) use traffic::{Callback, Traffic};

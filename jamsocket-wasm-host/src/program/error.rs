use crate::{budget::RunTimeSpent, guest::NoPlace, trap};
use thiserror::Error;
use wasmtime::PoolConcurrencyLimitError;

/// Why a program did not come to an end of its own.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// There is no place for another instance, or no memory for it.
    #[error("there is no place for another program: {0}")]
    AtCapacity(String),
    /// The program trapped, or called the host with something that it must not.
    #[error("the program trapped: {0}")]
    Trapped(String),
    /// The program has run for longer than it may without waiting for anything.
    #[error("the program ran for longer than it may at a time")]
    OutOfTime,
}

impl ProgramError {
    pub(super) fn of(error: &wasmtime::Error) -> Self {
        if error.is::<RunTimeSpent>() {
            return Self::OutOfTime;
        }
        if error.is::<PoolConcurrencyLimitError>() || error.is::<NoPlace>() {
            return Self::AtCapacity(error.root_cause().to_string());
        }
        Self::Trapped(trap::text(error))
    }
}

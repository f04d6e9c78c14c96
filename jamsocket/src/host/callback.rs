use crate::{ClientId, ServiceError};
use std::{
    any::Any,
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

/// Which callback of a service was running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callback {
    /// `connect` of this client.
    Connect(ClientId),
    /// `disconnect` of this client.
    Disconnect(ClientId),
    /// `message` of this client.
    Message(ClientId),
    /// `binary` of this client.
    Binary(ClientId),
    /// `timer`.
    Timer,
    /// `resume`.
    Resume,
    /// `take_call`.
    Call,
    /// None: the service sent from outside its callbacks.
    Outside,
}

impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Callback::Connect(client) => write!(f, "connect({client})"),
            Callback::Disconnect(client) => write!(f, "disconnect({client})"),
            Callback::Message(client) => write!(f, "message({client})"),
            Callback::Binary(client) => write!(f, "binary({client})"),
            Callback::Timer => f.write_str("timer"),
            Callback::Resume => f.write_str("a task or a call"),
            Callback::Call => f.write_str("take_call"),
            Callback::Outside => f.write_str("a send outside its callbacks"),
        }
    }
}

/// Runs service code and turns a panic of it into [`ServiceError::Panicked`].
///
/// # Errors
///
/// Whatever `call` ends with, or its panic.
pub async fn contain_panics<T, E: From<ServiceError>>(
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let mut call = pin!(call);
    poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)))
            .unwrap_or_else(|panic| Poll::Ready(Err(ServiceError::Panicked(text_of(panic)).into())))
    })
    .await
}

fn text_of(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => match panic.downcast_ref::<&str>() {
            Some(text) => (*text).to_owned(),
            None => "a panic without a text".to_owned(),
        },
    }
}

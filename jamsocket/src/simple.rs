use crate::{ClientId, JamsocketContext, JamsocketService, JamsocketServiceFactory, ServiceError};
use std::{fmt, marker::PhantomData};

/// A service as its author writes it: one value is one room.
///
/// Only [`new`](Self::new) has to be written. The crate's documentation has a whole example.
#[allow(
    unused_variables,
    reason = "the defaults ignore their arguments, whose names are for readers"
)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a Jamsocket service",
    label = "this type does not implement `SimpleJamsocketService`",
    note = "write `impl SimpleJamsocketService for {Self}`: of its methods only `new` is required"
)]
pub trait SimpleJamsocketService: Unpin + Send + Sync + 'static {
    /// Called when the room is created, before any client can join.
    fn new(room_id: &str, context: &impl JamsocketContext) -> Self;

    /// Called when a client has joined. A broadcast from here reaches that client too.
    fn connect(&mut self, client: ClientId, context: &impl JamsocketContext) {}

    /// Called once for every `connect`, when the client has left for whatever reason.
    fn disconnect(&mut self, client: ClientId, context: &impl JamsocketContext) {}

    /// Called for each text message of a client, in the order in which that client sent them.
    fn message(&mut self, client: ClientId, message: &str, context: &impl JamsocketContext) {}

    /// Called for each binary message of a client, in order with its text messages.
    fn binary(&mut self, client: ClientId, message: &[u8], context: &impl JamsocketContext) {}

    /// Called when the time of the last [`JamsocketContext::set_timer`] has come.
    fn timer(&mut self, context: &impl JamsocketContext) {}
}

/// Builds rooms of the service `S`, natively.
pub struct SimpleJamsocketServiceFactory<S, C> {
    types: PhantomData<fn(C) -> S>,
}

impl<S, C> Default for SimpleJamsocketServiceFactory<S, C> {
    fn default() -> Self {
        Self { types: PhantomData }
    }
}

impl<S, C> fmt::Debug for SimpleJamsocketServiceFactory<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimpleJamsocketServiceFactory<{}>", std::any::type_name::<S>())
    }
}

impl<S: SimpleJamsocketService, C: JamsocketContext> JamsocketServiceFactory<C>
    for SimpleJamsocketServiceFactory<S, C>
{
    type Service = WrappedJamsocketService<S, C>;

    fn build(&self, room_id: &str, context: C) -> Option<Self::Service> {
        Some(WrappedJamsocketService::new(S::new(room_id, &context), context))
    }
}

/// A [`SimpleJamsocketService`] together with its context, which makes it a [`JamsocketService`].
#[derive(Debug)]
pub struct WrappedJamsocketService<S, C> {
    service: S,
    context: C,
}

impl<S: SimpleJamsocketService, C: JamsocketContext> WrappedJamsocketService<S, C> {
    /// Joins a service and the context that each of its callbacks is given.
    pub fn new(service: S, context: C) -> Self {
        Self { service, context }
    }

    /// The service.
    pub fn service(&self) -> &S {
        &self.service
    }
}

impl<S: SimpleJamsocketService, C: JamsocketContext> JamsocketService
    for WrappedJamsocketService<S, C>
{
    async fn connect(&mut self, client: ClientId) -> Result<(), ServiceError> {
        self.service.connect(client, &self.context);
        Ok(())
    }

    async fn disconnect(&mut self, client: ClientId) -> Result<(), ServiceError> {
        self.service.disconnect(client, &self.context);
        Ok(())
    }

    async fn message(&mut self, client: ClientId, message: &str) -> Result<(), ServiceError> {
        self.service.message(client, message, &self.context);
        Ok(())
    }

    async fn binary(&mut self, client: ClientId, message: &[u8]) -> Result<(), ServiceError> {
        self.service.binary(client, message, &self.context);
        Ok(())
    }

    async fn timer(&mut self) -> Result<(), ServiceError> {
        self.service.timer(&self.context);
        Ok(())
    }
}

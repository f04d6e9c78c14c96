use crate::{
    WasmEngine,
    guest::{Callback, Guest},
    trap::service_error,
};
use jamsocket::{
    ClientId, JamsocketContext, JamsocketService, RoomCall, RoomCallError, ServiceError,
    ServiceUsage,
};
use std::fmt;

/// One room of a module: an instance, driven by its host.
///
/// After a callback that failed, or whose future was dropped before it was done, the instance is
/// gone, its place in the pool is free, and every further callback fails with
/// [`ServiceError::Abandoned`].
///
/// # Panics
///
/// A callback panics outside a Tokio runtime with timers, if it is not done at once.
pub struct WasmService<C: JamsocketContext> {
    engine: WasmEngine,
    /// Away while a callback runs, and gone for good when one did not come to its end.
    guest: Option<Box<Guest<C>>>,
    /// What it used when it was last there.
    usage: ServiceUsage,
}

impl<C: JamsocketContext> WasmService<C> {
    pub(crate) fn new(engine: WasmEngine, guest: Guest<C>) -> Self {
        Self { engine, usage: guest.usage(), guest: Some(Box::new(guest)) }
    }

    async fn call(&mut self, callback: Callback<'_>) -> Result<(), ServiceError> {
        let mut guest = self.guest.take().ok_or(ServiceError::Abandoned)?;
        let called = self.engine.drive(guest.call(callback, self.engine.budget())).await;
        self.usage = guest.usage();
        match called {
            Ok(()) => self.guest = Some(guest),
            Err(stopped) => return Err(service_error(&stopped, self.engine.limits())),
        }
        Ok(())
    }
}

impl<C: JamsocketContext> JamsocketService for WasmService<C> {
    async fn connect(&mut self, client: ClientId) -> Result<(), ServiceError> {
        self.call(Callback::Connect(client.into())).await
    }

    async fn disconnect(&mut self, client: ClientId) -> Result<(), ServiceError> {
        self.call(Callback::Disconnect(client.into())).await
    }

    async fn message(&mut self, client: ClientId, message: &str) -> Result<(), ServiceError> {
        self.call(Callback::Message(client.into(), message)).await
    }

    async fn binary(&mut self, client: ClientId, message: &[u8]) -> Result<(), ServiceError> {
        self.call(Callback::Binary(client.into(), message)).await
    }

    async fn timer(&mut self) -> Result<(), ServiceError> {
        self.call(Callback::Timer).await
    }

    async fn resume(&mut self) -> Result<(), ServiceError> {
        self.call(Callback::Resume).await
    }

    fn take_call(&mut self, call: Box<dyn RoomCall>) {
        let Some(guest) = &mut self.guest else { return call.refuse(RoomCallError::Ended) };
        guest.take_call(call);
        self.usage = guest.usage();
    }

    fn end_open_calls(&mut self) {
        if let Some(guest) = &mut self.guest {
            guest.end_open_calls();
        }
    }

    /// The guest's memory, while there is a guest, and what it was refused of it.
    fn usage(&self) -> ServiceUsage {
        match self.guest {
            Some(_) => self.usage,
            None => ServiceUsage { memory_bytes: 0, open_calls: 0, ..self.usage },
        }
    }
}

impl<C: JamsocketContext> fmt::Debug for WasmService<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasmService").field("alive", &self.guest.is_some()).finish_non_exhaustive()
    }
}

//! A service and a client in the words of the published crate: the user's own `async-trait`, all of
//! a trait's methods written out, and the functions beneath.
#![deny(warnings)]

use std::sync::Arc;
use wasm_bus::abi::{
    Call, CallBuilder, CallError, CallHandle, CallInstance, CallJoin, DetachedCall,
    SerializationFormat, WasmBusSession,
};
use wasm_bus::macros::*;

#[wasm_bus(format = "bincode")]
pub trait Pool {
    async fn open(&self, path: String, line: impl Fn(String)) -> Arc<dyn File>;
}

#[wasm_bus(format = "bincode")]
pub trait File {
    async fn read(&self) -> Vec<u8>;
}

#[derive(Debug, Clone, Default)]
struct Server;

#[async_trait::async_trait]
impl PoolSimplified for Server {
    async fn open(
        &self,
        _path: String,
        line: Box<dyn Fn(String) + Send + Sync + 'static>,
    ) -> Result<Arc<dyn File + Send + Sync + 'static>, CallError> {
        line("opened".to_string());
        Ok(Arc::new(Server))
    }
}

#[async_trait::async_trait]
impl File for Server {
    async fn read(&self) -> Result<Vec<u8>, CallError> {
        Err(CallError::Unsupported)
    }
    fn blocking_read(&self) -> Result<Vec<u8>, CallError> {
        wasm_bus::task::block_on(self.read())
    }
    fn as_client(&self) -> Option<FileClient> {
        None
    }
    fn handle(&self) -> Option<CallHandle> {
        None
    }
    fn parent_handle(&self) -> Option<CallHandle> {
        None
    }
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Ping(u32);

fn beneath() -> Result<(), CallError> {
    let format = SerializationFormat::Json;
    let instance = Some(CallInstance::new("instance", "token"));
    let builder: CallBuilder = wasm_bus::abi::call("other".into(), format, instance, Ping(1));
    let call: Call = builder.callback(format, |ping: Ping| drop(ping)).invoke();
    let _: CallHandle = call.handle();
    let sub: CallBuilder = call.call(format, Ping(2));
    let join: CallJoin<u32> = sub.invoke().join();
    join.spawn();
    let mut join: CallJoin<u32> = call.join();
    let _: Option<u32> = join.try_wait()?;
    let detached: DetachedCall<()> = wasm_bus::task::block_on(
        wasm_bus::abi::call_ext(None, "other".into(), format, None, Ping(3)).detach(),
    )?;
    let _ = (detached.wapm(), detached.instance_ref(), detached.access_token());
    FileClient::attach(detached).wait()
}

fn main() {
    PoolService::listen(Arc::new(Server));
    PoolService::serve();
    wasm_bus::task::listen(
        SerializationFormat::Json,
        |handle: CallHandle, ping: Ping| async move {
            wasm_bus::abi::reply_callback(handle, SerializationFormat::Json, Ping(ping.0));
            Ok(())
        },
        false,
    );
    wasm_bus::task::respond_to(
        CallHandle::from(1),
        SerializationFormat::Bincode,
        |_: CallHandle, Ping(number): Ping| async move { Ok(number) },
        true,
    );
    wasm_bus::task::spawn(async {});
    wasm_bus::task::wake();
    assert_eq!(wasm_bus::task::work_it(), 0);
    WasmBusSession::new(CallHandle::from(1)).close();
    assert_eq!(beneath(), Err(CallError::Unsupported));
    let _ = wasm_bus::abi::thread_id();
    let pool: Arc<dyn Pool + Send + Sync> = Arc::new(Server);
    let file = pool.blocking_open("x".to_string(), Box::new(|_| {})).unwrap();
    assert_eq!(file.blocking_read(), Err(CallError::Unsupported));
    let error: std::io::Error = CallError::Aborted.into();
    assert_eq!(error.kind(), std::io::ErrorKind::Other);
}

///What a call of `Calc::add` carries.
#[derive(
    ::core::fmt::Debug,
    ::core::clone::Clone,
    ::wasm_bus::serde::Serialize,
    ::wasm_bus::serde::Deserialize,
)]
#[serde(crate = "::wasm_bus::serde")]
#[allow(dead_code, reason = "either side of a call may be in another module")]
pub(crate) struct CalcAddRequest {
    ///The argument `a`.
    pub(crate) a: i32,
    ///The argument `b`.
    #[serde(default)]
    pub(crate) b: i32,
}
///What a call of `Calc::count` carries.
#[derive(
    ::core::fmt::Debug,
    ::core::clone::Clone,
    ::wasm_bus::serde::Serialize,
    ::wasm_bus::serde::Deserialize,
)]
#[serde(crate = "::wasm_bus::serde")]
#[allow(dead_code, reason = "either side of a call may be in another module")]
pub(crate) struct CalcCountRequest {
    ///The argument `last`.
    pub(crate) last: u32,
}
///A message for the callback `step` of `Calc::count`.
#[derive(
    ::core::fmt::Debug,
    ::core::clone::Clone,
    ::wasm_bus::serde::Serialize,
    ::wasm_bus::serde::Deserialize,
)]
#[serde(crate = "::wasm_bus::serde")]
#[allow(dead_code, reason = "either side of a call may be in another module")]
pub(crate) struct CalcCountStepCallback(
    ///The message.
    pub(crate) u32,
);
/// Counts.
#[allow(
    dead_code,
    deprecated,
    clippy::too_many_arguments,
    reason = "as for the messages"
)]
#[::wasm_bus::async_trait::async_trait]
pub(crate) trait Calc: ::core::fmt::Debug + ::core::marker::Send + ::core::marker::Sync {
    /// Adds.
    async fn add(
        &self,
        a: i32,
        b: i32,
    ) -> ::core::result::Result<i32, ::wasm_bus::abi::CallError>;
    ///[`add`](Self::add), and waits for it as `wasm_bus::task::block_on` does.
    fn blocking_add(
        &self,
        a: i32,
        b: i32,
    ) -> ::core::result::Result<i32, ::wasm_bus::abi::CallError> {
        ::wasm_bus::task::block_on(<Self as Calc>::add(self, a, b))
    }
    ///Calls `count`.
    async fn count(
        &self,
        last: u32,
        step: ::std::boxed::Box<
            dyn ::core::ops::Fn(
                u32,
            ) + ::core::marker::Send + ::core::marker::Sync + 'static,
        >,
    ) -> ::core::result::Result<
        Arc<dyn api::Counter + ::core::marker::Send + ::core::marker::Sync + 'static>,
        ::wasm_bus::abi::CallError,
    >;
    ///[`count`](Self::count), and waits for it as `wasm_bus::task::block_on` does.
    fn blocking_count(
        &self,
        last: u32,
        step: ::std::boxed::Box<
            dyn ::core::ops::Fn(
                u32,
            ) + ::core::marker::Send + ::core::marker::Sync + 'static,
        >,
    ) -> ::core::result::Result<
        Arc<dyn api::Counter + ::core::marker::Send + ::core::marker::Sync + 'static>,
        ::wasm_bus::abi::CallError,
    > {
        ::wasm_bus::task::block_on(<Self as Calc>::count(self, last, step))
    }
    /// The client that this is, where it is one.
    fn as_client(&self) -> ::core::option::Option<CalcClient> {
        ::core::option::Option::None
    }
    /// The handle of a call that this is; nothing is one.
    fn handle(&self) -> ::core::option::Option<::wasm_bus::abi::CallHandle> {
        ::core::option::Option::None
    }
    /// The handle of the object that this calls.
    fn parent_handle(&self) -> ::core::option::Option<::wasm_bus::abi::CallHandle> {
        ::core::option::Option::None
    }
}
///What a server implements, under `#[async_trait]`, to serve [`Calc`].
#[allow(dead_code, clippy::too_many_arguments, reason = "as for the messages")]
#[::wasm_bus::async_trait::async_trait]
pub(crate) trait CalcSimplified: ::core::fmt::Debug + ::core::marker::Send + ::core::marker::Sync {
    /// Adds.
    async fn add(&self, a: i32, b: i32) -> i32;
    ///Answers `count`.
    async fn count(
        &self,
        last: u32,
        step: ::std::boxed::Box<
            dyn ::core::ops::Fn(
                u32,
            ) + ::core::marker::Send + ::core::marker::Sync + 'static,
        >,
    ) -> ::core::result::Result<
        Arc<dyn api::Counter + ::core::marker::Send + ::core::marker::Sync + 'static>,
        ::wasm_bus::abi::CallError,
    >;
}
#[allow(deprecated, clippy::too_many_arguments, reason = "the trait's affair")]
#[::wasm_bus::async_trait::async_trait]
impl<WasmBusServer: CalcSimplified> Calc for WasmBusServer {
    async fn add(
        &self,
        a: i32,
        b: i32,
    ) -> ::core::result::Result<i32, ::wasm_bus::abi::CallError> {
        ::core::result::Result::Ok(
            <WasmBusServer as CalcSimplified>::add(self, a, b).await,
        )
    }
    async fn count(
        &self,
        last: u32,
        step: ::std::boxed::Box<
            dyn ::core::ops::Fn(
                u32,
            ) + ::core::marker::Send + ::core::marker::Sync + 'static,
        >,
    ) -> ::core::result::Result<
        Arc<dyn api::Counter + ::core::marker::Send + ::core::marker::Sync + 'static>,
        ::wasm_bus::abi::CallError,
    > {
        <WasmBusServer as CalcSimplified>::count(self, last, step).await
    }
}
///Has an implementation of [`Calc`] called by other modules.
#[derive(::core::fmt::Debug, ::core::clone::Clone)]
#[allow(dead_code, reason = "as for the messages")]
pub(crate) struct CalcService {}
#[allow(
    dead_code,
    deprecated,
    clippy::too_many_arguments,
    reason = "as for the messages"
)]
impl CalcService {
    /// Answers the calls of other modules by `server` from now on.
    pub(crate) fn listen(
        server: ::std::sync::Arc<
            dyn Calc + ::core::marker::Send + ::core::marker::Sync + 'static,
        >,
    ) {
        ::wasm_bus::__private::listen_on(
            ::core::any::type_name::<CalcAddRequest>(),
            ::wasm_bus::abi::SerializationFormat::Bincode,
            false,
            {
                let server = ::std::sync::Arc::clone(&server);
                move |call: ::wasm_bus::__private::InboundCall, request: CalcAddRequest| {
                    Self::answer_add(::std::sync::Arc::clone(&server), call, request)
                }
            },
        );
        ::wasm_bus::__private::listen_on(
            ::core::any::type_name::<CalcCountRequest>(),
            ::wasm_bus::abi::SerializationFormat::Bincode,
            true,
            {
                let server = ::std::sync::Arc::clone(&server);
                move |
                    call: ::wasm_bus::__private::InboundCall,
                    request: CalcCountRequest|
                { Self::answer_count(::std::sync::Arc::clone(&server), call, request) }
            },
        );
        ::core::mem::drop(server);
    }
    /// Answers the calls to an object by `server`: `object` is the call that the object was
    /// the answer to.
    pub(crate) fn attach(
        server: ::std::sync::Arc<
            dyn Calc + ::core::marker::Send + ::core::marker::Sync + 'static,
        >,
        object: ::wasm_bus::abi::CallHandle,
    ) {
        ::wasm_bus::__private::respond_to_on(
            object,
            ::core::any::type_name::<CalcAddRequest>(),
            ::wasm_bus::abi::SerializationFormat::Bincode,
            false,
            {
                let server = ::std::sync::Arc::clone(&server);
                move |call: ::wasm_bus::__private::InboundCall, request: CalcAddRequest| {
                    Self::answer_add(::std::sync::Arc::clone(&server), call, request)
                }
            },
        );
        ::wasm_bus::__private::respond_to_on(
            object,
            ::core::any::type_name::<CalcCountRequest>(),
            ::wasm_bus::abi::SerializationFormat::Bincode,
            true,
            {
                let server = ::std::sync::Arc::clone(&server);
                move |
                    call: ::wasm_bus::__private::InboundCall,
                    request: CalcCountRequest|
                { Self::answer_count(::std::sync::Arc::clone(&server), call, request) }
            },
        );
        ::core::mem::drop((server, object));
    }
    /// Has the module go on serving when its `main` returns.
    pub(crate) fn serve() {
        ::wasm_bus::task::serve();
    }
    #[allow(
        unused_variables,
        reason = "a call is named for its callbacks or its object"
    )]
    async fn answer_add(
        server: ::std::sync::Arc<
            dyn Calc + ::core::marker::Send + ::core::marker::Sync + 'static,
        >,
        call: ::wasm_bus::__private::InboundCall,
        request: CalcAddRequest,
    ) -> ::core::result::Result<i32, ::wasm_bus::abi::CallError> {
        let CalcAddRequest { a, b } = request;
        <dyn Calc + ::core::marker::Send + ::core::marker::Sync as Calc>::add(
                &*server,
                a,
                b,
            )
            .await
    }
    #[allow(
        unused_variables,
        reason = "a call is named for its callbacks or its object"
    )]
    async fn answer_count(
        server: ::std::sync::Arc<
            dyn Calc + ::core::marker::Send + ::core::marker::Sync + 'static,
        >,
        call: ::wasm_bus::__private::InboundCall,
        request: CalcCountRequest,
    ) -> ::core::result::Result<(), ::wasm_bus::abi::CallError> {
        let CalcCountRequest { last } = request;
        let step = ::std::boxed::Box::new(move |message: u32| {
            call.feed(
                ::core::any::type_name::<CalcCountStepCallback>(),
                ::wasm_bus::abi::SerializationFormat::Bincode,
                &CalcCountStepCallback(message),
            );
        });
        let object = <dyn Calc + ::core::marker::Send + ::core::marker::Sync as Calc>::count(
                &*server,
                last,
                step,
            )
            .await?;
        <api::CounterService>::attach(object, call.handle());
        ::core::result::Result::Ok(())
    }
}
///Calls [`Calc`] in another module, or of an object there, which ends with the last clone of its client.
#[derive(::core::fmt::Debug, ::core::clone::Clone)]
#[allow(dead_code, reason = "as for the messages")]
pub(crate) struct CalcClient {
    target: ::wasm_bus::__private::Target,
}
#[allow(
    dead_code,
    deprecated,
    clippy::too_many_arguments,
    reason = "as for the messages"
)]
impl CalcClient {
    /// Calls the module `wapm`, or the host where that is `os`.
    pub(crate) fn new(wapm: &str) -> Self {
        Self {
            target: ::wasm_bus::__private::Target::module(wapm),
        }
    }
    /// Calls the module `wapm` in an instance that the host knows by this name.
    pub(crate) fn new_with_instance(
        wapm: &str,
        instance: &str,
        access_token: &str,
    ) -> Self {
        Self {
            target: ::wasm_bus::__private::Target::instance(wapm, instance, access_token),
        }
    }
    /// Calls an object.
    pub(crate) fn attach(object: ::wasm_bus::abi::DetachedCall<()>) -> Self {
        Self {
            target: ::wasm_bus::__private::Target::object(object),
        }
    }
    /// Always 0: a client is no call.
    pub(crate) fn id(&self) -> u32 {
        0
    }
    /// Always `None`: a client is no call.
    pub(crate) fn handle(&self) -> ::core::option::Option<::wasm_bus::abi::CallHandle> {
        ::core::option::Option::None
    }
    /// The handle of the object that is called.
    pub(crate) fn parent_handle(
        &self,
    ) -> ::core::option::Option<::wasm_bus::abi::CallHandle> {
        self.target.object_handle()
    }
    /// Returns at once: an object is there when its client is.
    ///
    /// # Errors
    ///
    /// None.
    pub(crate) fn wait(self) -> ::core::result::Result<(), ::wasm_bus::abi::CallError> {
        ::core::result::Result::Ok(())
    }
    /// Says at once that there is nothing to wait for, as [`wait`](Self::wait) does.
    ///
    /// # Errors
    ///
    /// None.
    pub(crate) fn try_wait(
        &mut self,
    ) -> ::core::result::Result<::core::option::Option<()>, ::wasm_bus::abi::CallError> {
        ::core::result::Result::Ok(::core::option::Option::Some(()))
    }
    /// Adds.
    ///
    /// # Errors
    ///
    /// Why the call failed.
    pub(crate) async fn add(
        &self,
        a: i32,
        b: i32,
    ) -> ::core::result::Result<i32, ::wasm_bus::abi::CallError> {
        self.target
            .call(
                ::core::any::type_name::<CalcAddRequest>(),
                ::wasm_bus::abi::SerializationFormat::Bincode,
                &CalcAddRequest { a, b },
            )
            .invoke()
            .join::<i32>()
            .await
    }
    ///[`add`](Self::add), and waits for it as `wasm_bus::task::block_on` does.
    ///
    /// # Errors
    ///
    /// Why the call failed.
    pub(crate) fn blocking_add(
        &self,
        a: i32,
        b: i32,
    ) -> ::core::result::Result<i32, ::wasm_bus::abi::CallError> {
        ::wasm_bus::task::block_on(Self::add(self, a, b))
    }
    ///Calls `count`.
    ///
    /// # Errors
    ///
    /// Why the call failed.
    pub(crate) async fn count(
        &self,
        last: u32,
        step: ::std::boxed::Box<
            dyn ::core::ops::Fn(
                u32,
            ) + ::core::marker::Send + ::core::marker::Sync + 'static,
        >,
    ) -> ::core::result::Result<
        Arc<dyn api::Counter + ::core::marker::Send + ::core::marker::Sync + 'static>,
        ::wasm_bus::abi::CallError,
    > {
        ::core::result::Result::Ok(
            Arc::new(
                <api::CounterClient>::attach(
                    self
                        .target
                        .call(
                            ::core::any::type_name::<CalcCountRequest>(),
                            ::wasm_bus::abi::SerializationFormat::Bincode,
                            &CalcCountRequest { last },
                        )
                        .callback_on(
                            ::core::any::type_name::<CalcCountStepCallback>(),
                            ::wasm_bus::abi::SerializationFormat::Bincode,
                            move |message: CalcCountStepCallback| step(message.0),
                        )
                        .detach::<()>()
                        .await?,
                ),
            ),
        )
    }
    ///[`count`](Self::count), and waits for it as `wasm_bus::task::block_on` does.
    ///
    /// # Errors
    ///
    /// Why the call failed.
    pub(crate) fn blocking_count(
        &self,
        last: u32,
        step: ::std::boxed::Box<
            dyn ::core::ops::Fn(
                u32,
            ) + ::core::marker::Send + ::core::marker::Sync + 'static,
        >,
    ) -> ::core::result::Result<
        Arc<dyn api::Counter + ::core::marker::Send + ::core::marker::Sync + 'static>,
        ::wasm_bus::abi::CallError,
    > {
        ::wasm_bus::task::block_on(Self::count(self, last, step))
    }
}
impl ::core::future::Future for CalcClient {
    type Output = ::core::result::Result<(), ::wasm_bus::abi::CallError>;
    fn poll(
        self: ::core::pin::Pin<&mut Self>,
        _: &mut ::core::task::Context<'_>,
    ) -> ::core::task::Poll<Self::Output> {
        ::core::task::Poll::Ready(::core::result::Result::Ok(()))
    }
}
#[allow(deprecated, clippy::too_many_arguments, reason = "the trait's affair")]
#[::wasm_bus::async_trait::async_trait]
impl Calc for CalcClient {
    async fn add(
        &self,
        a: i32,
        b: i32,
    ) -> ::core::result::Result<i32, ::wasm_bus::abi::CallError> {
        CalcClient::add(self, a, b).await
    }
    async fn count(
        &self,
        last: u32,
        step: ::std::boxed::Box<
            dyn ::core::ops::Fn(
                u32,
            ) + ::core::marker::Send + ::core::marker::Sync + 'static,
        >,
    ) -> ::core::result::Result<
        Arc<dyn api::Counter + ::core::marker::Send + ::core::marker::Sync + 'static>,
        ::wasm_bus::abi::CallError,
    > {
        CalcClient::count(self, last, step).await
    }
    fn as_client(&self) -> ::core::option::Option<CalcClient> {
        ::core::option::Option::Some(::core::clone::Clone::clone(self))
    }
    fn parent_handle(&self) -> ::core::option::Option<::wasm_bus::abi::CallHandle> {
        CalcClient::parent_handle(self)
    }
}

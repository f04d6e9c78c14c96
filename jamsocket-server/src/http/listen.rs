use super::upgrades::upgrades;
use crate::{
    bound::{Bound, bind_each},
    socket::{self, Transport},
};
use actix_codec::Framed;
use actix_http::{
    HttpService, KeepAlive, Request, Response, TlsAcceptorConfig,
    body::BoxBody,
    h1::{Codec, ExpectHandler},
};
use actix_server::{GracefulShutdownSignal, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt as _, map_config};
use actix_tls::accept::max_concurrent_tls_connect;
use actix_web::{
    Error,
    body::MessageBody,
    dev::{AppConfig, ServiceResponse},
};
use rustls::ServerConfig;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    convert::Infallible,
    fmt::Debug,
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

/// How many connections wait to be accepted, as with actix-web's own server.
const BACKLOG: i32 = 1024;

/// How many TLS handshakes a worker has under way before it accepts nothing more: as many as
/// connections, or peers that stall theirs would keep everybody out.
const MAX_HANDSHAKES: usize = 25_600;

/// How a server takes connections.
pub(crate) struct Listening {
    /// How many threads serve; unless given, as many as there are CPUs.
    pub(crate) workers: Option<usize>,
    pub(crate) tls: Option<ServerConfig>,
    /// For how long the head of a request may take to come, and a TLS handshake.
    pub(crate) request_time: Duration,
    /// For how long a peer may take nothing of what was sent to it.
    pub(crate) write_time: Duration,
    /// How long requests that are under way have when the server stops.
    pub(crate) stop_time: Duration,
}

/// Binds an application to these addresses.
///
/// It is actix-web's `HttpServer`, but for [`upgrades`], which that does not offer.
pub(crate) fn listen<F, A, S, B>(
    app: F,
    addresses: &[SocketAddr],
    settings: &Listening,
) -> io::Result<Bound>
where
    F: Fn() -> A + Clone + Send + 'static,
    A: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>, Error = Error>
        + 'static,
    S::Service: 'static,
    S::Future: 'static,
    S::InitError: Debug,
    B: MessageBody + 'static,
{
    let listeners = bind_each(
        Vec::new(),
        addresses,
        |mut listeners: Vec<TcpListener>, at| {
            listeners.push(bind(at)?);
            Ok(listeners)
        },
        |listeners| listeners.iter().filter_map(|bound| bound.local_addr().ok()).collect(),
    )?;
    let addrs = listeners.iter().map(TcpListener::local_addr).collect::<Result<_, _>>()?;
    let mut server =
        ServerBuilder::new().disable_signals().shutdown_timeout(settings.stop_time.as_secs());
    if let Some(workers) = settings.workers {
        server = server.workers(workers);
    }
    let http = Http {
        app: move || {
            let app = app().into_factory();
            let app = app.map(|answer| Response::from(answer.map_into_boxed_body()));
            map_config(app, |()| AppConfig::default())
        },
        stopping: server.graceful_shutdown_signal(),
        request_time: settings.request_time,
        write_time: settings.write_time,
    };
    for listener in listeners {
        let name = format!("jamsocket-{}", listener.local_addr()?);
        let http = http.clone();
        server = match settings.tls.clone() {
            Some(tls) => {
                max_concurrent_tls_connect(MAX_HANDSHAKES);
                server.listen(name, listener, move || {
                    let handshake = TlsAcceptorConfig::default();
                    let handshake = handshake.handshake_timeout(http.request_time);
                    http.service().rustls_0_23_with_config(tls.clone(), handshake)
                })?
            }
            None => server.listen(name, listener, move || http.service().tcp())?,
        };
    }
    Ok(Bound::new(addrs, || server.run()))
}

/// What a worker makes its service for connections of.
#[derive(Clone)]
struct Http<F> {
    app: F,
    stopping: GracefulShutdownSignal,
    request_time: Duration,
    write_time: Duration,
}

impl<F, A> Http<F>
where
    F: Fn() -> A,
    A: ServiceFactory<Request, Config = (), Response = Response<BoxBody>, Error = Error> + 'static,
    A::Service: 'static,
    A::InitError: Debug,
{
    /// The service for connections that are of type `T`.
    #[expect(clippy::type_complexity, reason = "what the service of upgrades is has no name")]
    fn service<T: Transport>(
        &self,
    ) -> HttpService<
        T,
        A,
        BoxBody,
        ExpectHandler,
        impl ServiceFactory<
            (Request, Framed<T, Codec>),
            Config = (),
            Response = (),
            Error = Infallible,
            InitError = A::InitError,
            Future: 'static,
        > + use<T, F, A>,
    > {
        let (stopping, prepare) = (self.stopping.clone(), socket::preparing(self.write_time));
        HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            // Nothing bounds how long the head of a connection's second request may take to come.
            .keep_alive(KeepAlive::Disabled)
            .client_request_timeout(self.request_time)
            // Any other value delays the end of a closed WebSocket, or leaks it.
            .client_disconnect_timeout(Duration::ZERO)
            .tcp_nodelay(true)
            .on_connect_ext(move |socket: &T, data| prepare(socket, data))
            .upgrade(upgrades((self.app)()))
            .finish((self.app)())
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A port that a server has just left can be bound at once. On Windows it would be anybody's.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

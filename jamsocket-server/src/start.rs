//! Starting and stopping.
//!
//! A server has a thread of its own, which holds its actix system. Stopping goes in an order that
//! matters, as stopping actix first would kill the rooms with their threads: no more connections are
//! accepted; the rooms are ended, each with a `disconnect` for every client; their clients get a
//! Close; and when those are gone, or their time is up, actix is stopped.

use crate::{
    AllowedHosts, Limits, Server, ServerHandle, StartError, http::refuse, site::Site, socket,
};
use actix_web::{
    App, HttpServer,
    body::BoxBody,
    dev::{self, ServiceRequest},
    middleware::{Next, from_fn},
    rt::System,
};
use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::{Arc, mpsc as std_mpsc},
    thread,
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

/// How long other HTTP requests that are under way have, in seconds.
const REQUEST_STOP_TIMEOUT_SECONDS: u64 = 1;

/// What a [`ServerHandle`] tells its server.
#[derive(Debug)]
pub(crate) enum Command {
    Stop,
    /// From here on, stop at SIGINT and SIGTERM too.
    HeedSignals,
}

/// What of a [`Server`] concerns its sockets.
struct Settings {
    host: String,
    port: u16,
    workers: Option<usize>,
    hosts: AllowedHosts,
    limits: Limits,
}

type Ready = std_mpsc::Sender<Result<Vec<SocketAddr>, StartError>>;

pub(crate) fn start(server: Server) -> Result<ServerHandle, StartError> {
    let port = u16::try_from(server.port).map_err(|_| StartError::Port(server.port))?;
    if server.workers == Some(0) {
        return Err(StartError::NoWorkers);
    }
    let settings = Settings {
        host: server.host.clone(),
        port,
        workers: server.workers,
        hosts: server.allowed_hosts.clone(),
        limits: server.limits.clone(),
    };
    let site = Site::new(server)?;
    let (ready, started) = std_mpsc::channel();
    let (commands, told) = mpsc::unbounded_channel();
    let (running, ended) = watch::channel(());
    let thread = thread::Builder::new()
        .name("jamsocket-server".to_owned())
        .spawn(move || {
            let _running = running;
            System::new().block_on(run(site, settings, &ready, told))
        })
        .map_err(StartError::Thread)?;
    match started.recv() {
        Ok(Ok(addrs)) => Ok(ServerHandle::new(addrs, commands, ended, thread)),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(StartError::Thread(io::Error::other("it ended before it was ready"))),
    }
}

async fn run(
    site: Site,
    settings: Settings,
    ready: &Ready,
    mut told: mpsc::UnboundedReceiver<Command>,
) -> io::Result<()> {
    let (addrs, server) = match bind(&site, &settings) {
        Ok(bound) => bound,
        Err(source) => {
            let address = format!("{}:{}", settings.host, settings.port);
            // The starter waits for this; where it has gone, nobody wants to know.
            let _ = ready.send(Err(StartError::Bind { address, source }));
            return Ok(());
        }
    };
    let handle = server.handle();
    let served = actix_web::rt::spawn(server);
    let _ = ready.send(Ok(addrs));
    let mut signals = until_told(&mut told).await;

    let stopping = async {
        handle.pause().await;
        if timeout(settings.limits.stop_time, site.stop()).await.is_err() {
            tracing::warn!(
                "some rooms or clients did not end within {:?}",
                settings.limits.stop_time
            );
        }
        handle.stop(true).await;
    };
    tokio::select! {
        () = stopping => {}
        () = signals.next() => {
            tracing::warn!("told to stop again: stopping at once");
            handle.stop(false).await;
        }
    }
    served.await.map_err(io::Error::other)?
}

fn bind(site: &Site, settings: &Settings) -> io::Result<(Vec<SocketAddr>, dev::Server)> {
    let Settings { host, port, workers, hosts, limits } = settings;
    let addresses: Vec<_> = (host.as_str(), *port).to_socket_addrs()?.collect();
    let hosts = Arc::new(hosts.clone().on(addresses.iter().map(SocketAddr::ip)));
    let site = site.clone();
    let mut http = HttpServer::new(move || {
        let (site, hosts) = (site.clone(), hosts.clone());
        App::new().configure(move |app| site.configure(app)).wrap(from_fn(
            move |request: ServiceRequest, next: Next<BoxBody>| {
                let hosts = hosts.clone();
                async move {
                    if !hosts.allow(request.request()) {
                        return Ok(request.into_response(refuse::host()));
                    }
                    next.call(request).await
                }
            },
        ))
    })
    .disable_signals()
    .shutdown_timeout(REQUEST_STOP_TIMEOUT_SECONDS)
    // Any other value delays the end of a closed WebSocket, or leaks it.
    .client_disconnect_timeout(Duration::ZERO)
    .tcp_nodelay(true)
    .client_request_timeout(limits.request_time)
    .on_connect(socket::preparing(limits.write_time));
    if let Some(workers) = workers {
        http = http.workers(*workers);
    }
    let http = http.bind(&addresses[..])?;
    let addrs = http.addrs();
    Ok((addrs, http.run()))
}

/// Waits until the server is to stop. Returns the signals that may tell it so again.
async fn until_told(told: &mut mpsc::UnboundedReceiver<Command>) -> Signals {
    let mut signals = Signals::unheeded();
    loop {
        tokio::select! {
            command = told.recv() => match command {
                Some(Command::HeedSignals) => signals = Signals::heeded(),
                // A handle that was dropped stops its server too.
                Some(Command::Stop) | None => return signals,
            },
            () = signals.next() => return signals,
        }
    }
}

/// SIGINT and SIGTERM, where they are heeded.
struct Signals {
    #[cfg(unix)]
    streams: Vec<tokio::signal::unix::Signal>,
    #[cfg(not(unix))]
    heeded: bool,
}

#[cfg(unix)]
impl Signals {
    fn unheeded() -> Self {
        Self { streams: Vec::new() }
    }

    fn heeded() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let streams = [SignalKind::interrupt(), SignalKind::terminate()]
            .into_iter()
            .filter_map(|kind| {
                signal(kind)
                    .inspect_err(|error| tracing::error!("cannot listen for signals: {error}"))
                    .ok()
            })
            .collect();
        Self { streams }
    }

    async fn next(&mut self) {
        std::future::poll_fn(|cx| {
            let arrived = self.streams.iter_mut().any(|s| s.poll_recv(cx).is_ready());
            if arrived { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

#[cfg(not(unix))]
impl Signals {
    fn unheeded() -> Self {
        Self { heeded: false }
    }

    fn heeded() -> Self {
        Self { heeded: true }
    }

    async fn next(&mut self) {
        if !self.heeded || tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

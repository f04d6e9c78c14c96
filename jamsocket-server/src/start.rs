//! Starting and stopping.
//!
//! A server has a thread of its own, which holds its actix system. Stopping goes in an order that
//! matters, as stopping actix first would kill the rooms with their threads: no more connections are
//! accepted; the rooms are ended, each with a `disconnect` for every client; their clients get a
//! Close; and when those are gone, or their time is up, actix is stopped.

use crate::{
    AllowedHosts, Limits, Server, ServerHandle, StartError, http::refuse, orders::Orders,
    site::Site, socket,
};
use actix_web::{
    App, HttpServer,
    body::BoxBody,
    dev::{self, ServiceRequest},
    middleware::{Next, from_fn},
    rt::System,
    web,
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

/// How long other HTTP requests that are under way have when the server stops.
const REQUEST_STOP_TIME: Duration = Duration::from_secs(1);

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
            System::new().block_on(run(site, settings, &ready, Orders::new(told)))
        })
        .map_err(StartError::Thread)?;
    match started.recv() {
        Ok(Ok(addrs)) => Ok(ServerHandle::new(addrs, commands, ended, thread)),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(StartError::Thread(io::Error::other("it ended before it was ready"))),
    }
}

async fn run(site: Site, settings: Settings, ready: &Ready, mut orders: Orders) -> io::Result<()> {
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
    orders.stop().await;

    let stopping = async {
        handle.pause().await;
        if timeout(settings.limits.stop_time, site.stop()).await.is_err() {
            let time = settings.limits.stop_time;
            tracing::warn!("some rooms or clients did not end within {time:?}");
        }
        // A worker whose thread is blocked by a callback never answers.
        timeout(2 * REQUEST_STOP_TIME, handle.stop(true)).await.is_ok()
    };
    let all_ended = tokio::select! {
        all_ended = stopping => all_ended,
        () = orders.stop() => {
            tracing::warn!("told to stop again: stopping at once");
            false
        }
    };
    if all_ended {
        return served.await.map_err(io::Error::other)?;
    }
    // Told, and not waited for: this thread ends, and what is left ends with the process.
    drop(handle.stop(false));
    Ok(())
}

fn bind(site: &Site, settings: &Settings) -> io::Result<(Vec<SocketAddr>, dev::Server)> {
    let Settings { host, port, workers, hosts, limits } = settings;
    let addresses: Vec<_> = (host.as_str(), *port).to_socket_addrs()?.collect();
    let hosts = Arc::new(hosts.clone().on(addresses.iter().map(SocketAddr::ip)));
    let site = site.clone();
    let mut http = HttpServer::new(move || {
        let (site, hosts) = (site.clone(), hosts.clone());
        App::new()
            .configure(move |app| site.configure(app))
            .default_service(web::to(refuse::path))
            .wrap(from_fn(move |request: ServiceRequest, next: Next<BoxBody>| {
                let hosts = hosts.clone();
                async move {
                    if !hosts.allow(request.request()) {
                        return Ok(request.into_response(refuse::host()));
                    }
                    next.call(request).await
                }
            }))
    })
    .disable_signals()
    .shutdown_timeout(REQUEST_STOP_TIME.as_secs())
    // Any other value delays the end of a closed WebSocket, or leaks it.
    .client_disconnect_timeout(Duration::ZERO)
    .tcp_nodelay(true)
    .client_request_timeout(limits.request_time)
    .on_connect(socket::preparing(limits.write_time));
    if let Some(workers) = workers {
        http = http.workers(*workers);
    }
    let mut port = *port;
    for address in &addresses {
        // All of a name's addresses, and on one port, or whoever uses the name might miss us.
        http = http.bind((address.ip(), port))?;
        port = http.addrs().first().map_or(port, SocketAddr::port);
    }
    let addrs = http.addrs();
    Ok((addrs, http.run()))
}

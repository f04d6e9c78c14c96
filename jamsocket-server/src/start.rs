//! Starting and stopping.
//!
//! A server has a thread of its own, which holds its actix system. Stopping goes in an order that
//! matters, as stopping actix first would kill the rooms with their threads: no more connections are
//! accepted; the rooms are ended, each with a `disconnect` for every client; their clients get a
//! Close; and when those are gone, or their time is up, actix is stopped. The admin address answers
//! until then.

use crate::{
    AdminAddress, AllowedHosts, Limits, Server, ServerHandle, StartError, Tls, admin,
    bound::Bound,
    handle,
    http::{
        host_check::HostCheck,
        listen::{Listening, listen},
        refuse,
    },
    orders::Orders,
    site::Site,
    tls::Reload,
};
use actix_web::{
    App, dev,
    middleware::from_fn,
    rt::{self, System},
    web,
};
use rustls::ServerConfig;
use std::{
    future::poll_fn,
    io,
    net::{SocketAddr, ToSocketAddrs},
    pin::Pin,
    sync::mpsc as std_mpsc,
    task::Poll,
    thread,
    time::Duration,
};
use tokio::{sync::mpsc, time::timeout};

/// How long other HTTP requests that are under way have when the server stops.
const REQUEST_STOP_TIME: Duration = Duration::from_secs(1);

/// What of a [`Server`] concerns its sockets.
struct Settings {
    host: String,
    port: u16,
    workers: Option<usize>,
    tls: Option<ServerConfig>,
    hosts: AllowedHosts,
    limits: Limits,
    admin: Option<AdminAddress>,
}

/// The addresses that a server listens on, and its admin addresses.
type Addrs = (Vec<SocketAddr>, Vec<SocketAddr>);

type Ready = std_mpsc::Sender<Result<Addrs, StartError>>;

pub(crate) fn start(server: Server) -> Result<ServerHandle, StartError> {
    let port = u16::try_from(server.port).map_err(|_| StartError::Port(server.port))?;
    if server.workers == Some(0) {
        return Err(StartError::NoWorkers);
    }
    let (tls, reload) = server.tls.clone().map(Tls::open).transpose()?.unzip();
    let settings = Settings {
        host: server.host.clone(),
        port,
        workers: server.workers,
        tls,
        hosts: server.allowed_hosts.clone(),
        limits: server.limits.countable(),
        admin: server.admin.clone(),
    };
    let site = Site::new(server)?;
    let watching = reload.map(Reload::watch).transpose().map_err(StartError::Thread)?;
    let (ready, started) = std_mpsc::channel();
    let (commands, told) = mpsc::unbounded_channel();
    let (running, ended) = handle::end();
    let served = site.clone();
    let thread = thread::Builder::new()
        .name("jamsocket-server".to_owned())
        .spawn(move || {
            let (_running, _watching) = (running, watching);
            System::new().block_on(run(site, settings, &ready, Orders::new(told)))
        })
        .map_err(StartError::Thread)?;
    match started.recv() {
        Ok(Ok((addrs, admin_addrs))) => {
            Ok(ServerHandle::new(addrs, admin_addrs, commands, served, ended, thread))
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(StartError::Thread(io::Error::other("it ended before it was ready"))),
    }
}

async fn run(site: Site, settings: Settings, ready: &Ready, mut orders: Orders) -> io::Result<()> {
    let (addrs, server, admin) = match begin_all(&site, &settings).await {
        Ok(begun) => begun,
        Err(error) => {
            // The starter waits for this; where it has gone, nobody wants to know.
            let _ = ready.send(Err(error));
            return Ok(());
        }
    };
    let handle = server.handle();
    let mut served = rt::spawn(server);
    let admin = admin.map(|server| {
        let handle = server.handle();
        rt::spawn(server);
        handle
    });
    let _ = ready.send(Ok(addrs));
    tokio::select! {
        () = orders.stop() => {}
        ended = &mut served => return ended.map_err(io::Error::other)?,
    }

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
    if let Some(admin) = admin {
        // Not gracefully: whoever scrapes keeps a connection open.
        let _ = timeout(REQUEST_STOP_TIME, admin.stop(false)).await;
    }
    if all_ended {
        return served.await.map_err(io::Error::other)?;
    }
    // Told, and not waited for: this thread ends, and what is left ends with the process.
    drop(handle.stop(false));
    Ok(())
}

/// Listens on the server's address, and on the admin address where there is one, and starts the
/// worker threads. What is returned serves while it is polled.
async fn begin_all(
    site: &Site,
    settings: &Settings,
) -> Result<(Addrs, dev::Server, Option<dev::Server>), StartError> {
    let (main, admin) = bind_all(site, settings)?;
    let admin_addrs = admin.as_ref().map_or_else(Vec::new, |admin| admin.addrs.clone());
    let addrs = (main.addrs.clone(), admin_addrs);
    let main = begin(main).await?;
    let admin = match admin {
        Some(admin) => Some(begin(admin).await?),
        None => None,
    };
    Ok((addrs, main, admin))
}

/// Starts a server's worker threads.
async fn begin(bound: Bound) -> Result<dev::Server, StartError> {
    let mut server = bound.run();
    // The first poll of all starts the workers and waits for them.
    match poll_fn(|cx| Poll::Ready(Pin::new(&mut server).poll(cx))).await {
        Poll::Pending => Ok(server),
        Poll::Ready(Err(error)) => Err(StartError::Thread(error)),
        Poll::Ready(Ok(())) => Err(StartError::Thread(io::Error::other("it has ended at once"))),
    }
}

/// Binds the server's address, and the admin address where there is one. Neither is served before
/// both are bound.
fn bind_all(site: &Site, settings: &Settings) -> Result<(Bound, Option<Bound>), StartError> {
    let main = bind(site, settings).map_err(|source| {
        let address = format!("{}:{}", settings.host, settings.port);
        StartError::Bind { address, source }
    })?;
    let Settings { hosts, limits, admin, .. } = settings;
    let admin = admin.as_ref().map(|address| {
        admin::bind(site, address, hosts, limits)
            .map_err(|source| StartError::BindAdmin { address: address.clone(), source })
    });
    Ok((main, admin.transpose()?))
}

fn bind(site: &Site, settings: &Settings) -> io::Result<Bound> {
    let Settings { host, port, workers, tls, hosts, limits, .. } = settings;
    let addresses: Vec<_> = (host.as_str(), *port).to_socket_addrs()?.collect();
    let hosts = hosts.clone().on(addresses.iter().map(SocketAddr::ip));
    let check = HostCheck::new(hosts, site.refused_hosts());
    let site = site.clone();
    let app = move || {
        let (site, check) = (site.clone(), check.clone());
        App::new()
            .configure(|app| site.configure(app))
            .configure(|app| site.configure_root(app))
            .default_service(web::to(refuse::path))
            .wrap(from_fn(move |request, next| check.clone().pass(request, next)))
    };
    let listening = Listening {
        workers: *workers,
        tls: tls.clone(),
        request_time: limits.request_time,
        write_time: limits.write_time,
        stop_time: REQUEST_STOP_TIME,
    };
    listen(app, &addresses, &listening)
}

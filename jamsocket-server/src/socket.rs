use actix_web::{dev::Extensions, rt::net::TcpStream};
use std::{any::Any, time::Duration};

/// Prepares each accepted socket, for [`HttpServer::on_connect`](actix_web::HttpServer::on_connect):
/// one whose peer takes nothing of what was sent to it for `write_time` is reset. It is what ends
/// the socket of a client that reads nothing.
pub(crate) fn preparing(
    write_time: Duration,
) -> impl Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static {
    move |connection, _| {
        if let Some(stream) = connection.downcast_ref::<TcpStream>() {
            reset_after(stream, write_time);
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn reset_after(stream: &TcpStream, write_time: Duration) {
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(write_time)) {
        tracing::debug!("cannot set TCP_USER_TIMEOUT: {error}");
    }
}

/// Elsewhere there is no such setting, and the system's own patience counts.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn reset_after(_: &TcpStream, _: Duration) {}

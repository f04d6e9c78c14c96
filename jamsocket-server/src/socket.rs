use actix_web::{dev::Extensions, rt::net::TcpStream};
use socket2::SockRef;
use std::{any::Any, time::Duration};

/// How long a peer may leave what was sent to it unacknowledged before its socket is reset. It is
/// what ends the socket of a client that reads nothing.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(10);

/// Prepares each accepted socket; for [`HttpServer::on_connect`](actix_web::HttpServer::on_connect).
pub(crate) fn prepare(connection: &dyn Any, _: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(TCP_USER_TIMEOUT)) {
        tracing::debug!("cannot set TCP_USER_TIMEOUT: {error}");
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (stream, TCP_USER_TIMEOUT, SockRef::from(stream));
}

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{dev::Extensions, rt::net::TcpStream};
use std::{any::Any, time::Duration};

/// Prepares each accepted socket, for [`HttpServer::on_connect`](actix_web::HttpServer::on_connect):
/// one whose peer takes nothing of what was sent to it for `write_time` is reset. It is what ends
/// the socket of a client that reads nothing.
pub(crate) fn preparing(
    write_time: Duration,
) -> impl Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static {
    move |connection, _| {
        if let Some(stream) = tcp(connection) {
            reset_after(stream, write_time);
        }
    }
}

/// The TCP connection, with TLS around it or without.
fn tcp(connection: &dyn Any) -> Option<&TcpStream> {
    let plain = connection.downcast_ref::<TcpStream>();
    plain.or_else(|| Some(connection.downcast_ref::<TlsStream<TcpStream>>()?.get_ref().0))
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

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use super::*;
    use actix_web::rt::net::TcpListener;

    #[tokio::test]
    async fn a_socket_is_given_its_write_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stream, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, (accepted, _)) = (stream.unwrap(), accepted.unwrap());
        let write_time = Duration::from_millis(1_234);
        preparing(write_time)(&accepted, &mut Extensions::new());
        let set = |stream: &TcpStream| socket2::SockRef::from(stream).tcp_user_timeout().unwrap();
        assert_eq!((set(&accepted), set(&stream)), (Some(write_time), None));
    }
}

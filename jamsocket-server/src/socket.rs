use actix_rt::ArbiterHandle;
use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{dev::Extensions, rt::net::TcpStream};
use std::{any::Any, time::Duration};
use tokio::io::{AsyncRead, AsyncWrite};

/// What HTTP comes over: TCP, with TLS around it or without.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin + Sized + 'static {
    /// Has `live` go on with this on another thread, or here where it cannot go there. Where that thread
    /// has ended, this has too.
    fn move_to(self, home: &ArbiterHandle, live: impl FnOnce(Self) + Send + 'static);
}

impl Transport for TcpStream {
    fn move_to(self, home: &ArbiterHandle, live: impl FnOnce(Self) + Send + 'static) {
        // A runtime takes its connections by itself.
        let parted = match self.into_std() {
            Ok(parted) => parted,
            Err(error) => return tracing::debug!("a connection cannot be moved: {error}"),
        };
        home.spawn_fn(move || match TcpStream::from_std(parted) {
            Ok(arrived) => live(arrived),
            Err(error) => tracing::debug!("a connection cannot be moved: {error}"),
        });
    }
}

/// One with TLS stays where its handshake was: it cannot be taken apart.
impl Transport for TlsStream<TcpStream> {
    fn move_to(self, _: &ArbiterHandle, live: impl FnOnce(Self) + Send + 'static) {
        live(self);
    }
}

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
    use actix_rt::Arbiter;
    use actix_web::rt::{self, net::TcpListener};
    use std::{io, thread};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        sync::oneshot,
    };

    async fn connected() -> io::Result<(TcpStream, TcpStream)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (stream, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        Ok((stream?, accepted?.0))
    }

    #[actix_web::test]
    async fn a_connection_goes_on_on_another_thread() {
        let (mut peer, accepted) = connected().await.unwrap();
        peer.write_all(b"before").await.unwrap();
        let other = Arbiter::new();
        let (tell, told) = oneshot::channel();
        accepted.move_to(&other.handle(), |mut moved| {
            rt::spawn(async move {
                let mut read = [0; 11];
                moved.read_exact(&mut read).await.unwrap();
                moved.write_all(&read).await.unwrap();
                tell.send(thread::current().id()).unwrap();
            });
        });
        peer.write_all(b"after").await.unwrap();
        let mut answer = String::new();
        peer.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "beforeafter");
        assert_ne!(told.await.unwrap(), thread::current().id());
        other.stop();
        other.join().unwrap();
    }

    #[actix_web::test]
    async fn a_connection_whose_thread_has_ended_ends() {
        let (mut peer, accepted) = connected().await.unwrap();
        let other = Arbiter::new();
        let home = other.handle();
        other.stop();
        other.join().unwrap();
        accepted.move_to(&home, |_| unreachable!("the thread has ended"));
        assert_eq!(peer.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_socket_is_given_its_write_time() {
        let (stream, accepted) = connected().await.unwrap();
        let write_time = Duration::from_millis(1_234);
        preparing(write_time)(&accepted, &mut Extensions::new());
        let set = |stream: &TcpStream| socket2::SockRef::from(stream).tcp_user_timeout().unwrap();
        assert_eq!((set(&accepted), set(&stream)), (Some(write_time), None));
    }
}

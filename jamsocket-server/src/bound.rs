use actix_web::dev;
use std::{io, net::SocketAddr};

/// A server that is bound to its addresses and serves nothing yet.
pub(crate) struct Bound {
    /// The addresses, with the port that they really have.
    pub(crate) addrs: Vec<SocketAddr>,
    run: Box<dyn FnOnce() -> dev::Server>,
}

impl Bound {
    /// `run` starts the server's threads.
    pub(crate) fn new(addrs: Vec<SocketAddr>, run: impl FnOnce() -> dev::Server + 'static) -> Self {
        Self { addrs, run: Box::new(run) }
    }

    pub(crate) fn run(self) -> dev::Server {
        (self.run)()
    }
}

/// Binds a server to all of a name's addresses, and on one port, or whoever uses the name might miss
/// us. Where the port is 0, the system chooses it with the first of them.
pub(crate) fn bind_each<H>(
    http: H,
    addresses: &[SocketAddr],
    bind: impl Fn(H, SocketAddr) -> io::Result<H>,
    bound: impl Fn(&H) -> Vec<SocketAddr>,
) -> io::Result<H> {
    addresses.iter().try_fold(http, |http, address| {
        let port = bound(&http).first().map_or(address.port(), SocketAddr::port);
        bind(http, SocketAddr::new(address.ip(), port))
    })
}

use crate::{orders::Command, rooms::RoomsUsage, site::Site};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    thread::JoinHandle,
};
use tokio::sync::{mpsc, watch};

/// A server that runs. Dropping the handle stops it gracefully, without waiting for the end.
#[derive(Debug)]
pub struct ServerHandle {
    addrs: Vec<SocketAddr>,
    admin_addrs: Vec<SocketAddr>,
    commands: mpsc::UnboundedSender<Command>,
    site: Site,
    ended: Ended,
    thread: JoinHandle<io::Result<()>>,
}

/// How the end of a server is waited for.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    /// Its other side is dropped when the server has ended.
    told: watch::Receiver<()>,
    /// Set when the server has ended.
    once: Arc<OnceLock<()>>,
}

/// The server's thread has it. Dropping it tells of the end.
#[derive(Debug)]
pub(crate) struct Running {
    _told: watch::Sender<()>,
    once: Arc<OnceLock<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _first_and_last = self.once.set(());
    }
}

/// The two sides of a server's end.
pub(crate) fn end() -> (Running, Ended) {
    let ((sender, told), once) = (watch::channel(()), Arc::<OnceLock<()>>::default());
    (Running { _told: sender, once: once.clone() }, Ended { told, once })
}

/// What there is in a server at a moment.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerUsage {
    /// Rooms of all services.
    pub rooms: usize,
    /// Clients in all rooms.
    pub clients: usize,
    /// Bytes of memory that sandboxed rooms have for themselves.
    pub memory_bytes: u64,
}

impl ServerHandle {
    pub(crate) fn new(
        addrs: Vec<SocketAddr>,
        admin_addrs: Vec<SocketAddr>,
        commands: mpsc::UnboundedSender<Command>,
        site: Site,
        ended: Ended,
        thread: JoinHandle<io::Result<()>>,
    ) -> Self {
        Self { addrs, admin_addrs, commands, site, ended, thread }
    }

    /// The address that the server listens on, with the port that it really has. Where its host's
    /// name stands for several, the first of them.
    ///
    /// # Panics
    ///
    /// Never: a server that listens on no address does not start.
    pub fn addr(&self) -> SocketAddr {
        self.addrs[0]
    }

    /// All addresses that the server listens on, at least one.
    pub fn addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// All admin addresses that the server listens on, with the port that they really have: none where
    /// none was asked for.
    pub fn admin_addrs(&self) -> &[SocketAddr] {
        &self.admin_addrs
    }

    /// What there is in the server now.
    pub fn usage(&self) -> ServerUsage {
        let mut sum = ServerUsage::default();
        for rooms in self.site.services() {
            let RoomsUsage { rooms, clients, memory_bytes } = rooms.usage();
            sum.rooms += rooms as usize;
            sum.clients += clients as usize;
            sum.memory_bytes += memory_bytes;
        }
        sum
    }

    /// From here on SIGINT and SIGTERM stop the server, and a second one does at once.
    pub fn heed_signals(&self) {
        // One that has ended heeds nothing.
        let _ = self.commands.send(Command::HeedSignals);
    }

    /// Tells the server to stop, and does not wait: no more connections are accepted, every room
    /// has a `disconnect` for each of its clients, and every client gets a Close with the code 1001.
    /// What has not come to its end after [`Limits::stop_time`](crate::Limits::stop_time) is cut off;
    /// so is everything when the server is told to stop a second time.
    pub fn stop(&self) {
        // A server that has ended already needs not be told.
        let _ = self.commands.send(Command::Stop);
    }

    /// Waits until the server has ended, for whatever reason.
    pub async fn stopped(&self) {
        let mut ended = self.ended.told.clone();
        // Nothing is ever sent: an error is the end that is waited for.
        while ended.changed().await.is_ok() {}
    }

    /// Blocks until the server has ended, for whatever reason. [`join`](Self::join) then says which.
    pub fn wait(&self) {
        self.ended.once.wait();
    }

    /// Blocks until the server has ended, for whatever reason.
    ///
    /// # Errors
    ///
    /// The server ended by an error of its accepting sockets, or by a panic.
    pub fn join(self) -> io::Result<()> {
        // Keeps the channel open while the thread runs: closing it would stop the server.
        let Self { commands, thread, .. } = self;
        let ended = thread.join();
        drop(commands);
        ended.unwrap_or_else(|_| Err(io::Error::other("the server's thread panicked")))
    }

    /// [Heeds signals](Self::heed_signals), and blocks until the server has ended.
    ///
    /// # Errors
    ///
    /// As for [`join`](Self::join).
    pub fn run(self) -> io::Result<()> {
        self.heed_signals();
        self.join()
    }
}

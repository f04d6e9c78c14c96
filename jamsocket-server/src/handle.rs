use crate::orders::Command;
use std::{io, net::SocketAddr, thread::JoinHandle};
use tokio::sync::{mpsc, watch};

/// A server that runs. Dropping the handle stops it gracefully, without waiting for the end.
#[derive(Debug)]
pub struct ServerHandle {
    addrs: Vec<SocketAddr>,
    admin_addrs: Vec<SocketAddr>,
    commands: mpsc::UnboundedSender<Command>,
    /// Its other side is dropped when the server has ended.
    ended: watch::Receiver<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl ServerHandle {
    pub(crate) fn new(
        addrs: Vec<SocketAddr>,
        admin_addrs: Vec<SocketAddr>,
        commands: mpsc::UnboundedSender<Command>,
        ended: watch::Receiver<()>,
        thread: JoinHandle<io::Result<()>>,
    ) -> Self {
        Self { addrs, admin_addrs, commands, ended, thread }
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
        let mut ended = self.ended.clone();
        // Nothing is ever sent: an error is the end that is waited for.
        while ended.changed().await.is_ok() {}
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

    /// Blocks until the server has ended; from here on SIGINT and SIGTERM stop it, and a second one
    /// does at once.
    ///
    /// # Errors
    ///
    /// As for [`join`](Self::join).
    pub fn run(self) -> io::Result<()> {
        let _ = self.commands.send(Command::HeedSignals);
        self.join()
    }
}

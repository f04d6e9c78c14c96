use tokio::sync::mpsc;

/// What a [`ServerHandle`] tells its server.
#[derive(Debug)]
pub(crate) enum Command {
    Stop,
    /// From here on, stop at SIGINT and SIGTERM too.
    HeedSignals,
}

/// What tells a server to stop: its handle, and signals where they are heeded.
pub(crate) struct Orders {
    commands: mpsc::UnboundedReceiver<Command>,
    handle_dropped: bool,
    signals: Signals,
}

impl Orders {
    pub(crate) fn new(commands: mpsc::UnboundedReceiver<Command>) -> Self {
        Self { commands, handle_dropped: false, signals: Signals::unheeded() }
    }

    /// Waits for the next order to stop. A handle that is dropped gives one, and no more.
    pub(crate) async fn stop(&mut self) {
        loop {
            tokio::select! {
                command = self.commands.recv(), if !self.handle_dropped => match command {
                    Some(Command::HeedSignals) => self.signals = Signals::heeded(),
                    Some(Command::Stop) => return,
                    None => {
                        self.handle_dropped = true;
                        return;
                    }
                },
                () = self.signals.next() => return,
            }
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

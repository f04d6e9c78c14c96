use super::{
    build_state::{BuildReport, BuildState},
    event::event,
    log_tail::LogTail,
};
use actix_web::web::Bytes;
use std::{sync::Arc, time::SystemTime};
use tokio::sync::watch;

/// A page at `/_/` that joins rooms and watches them, and what it is told: see
/// [`Server::with_playground`](crate::Server::with_playground).
///
/// Clones are one playground. It keeps the last log lines of the rooms, so that a page which is opened
/// after a failure shows why.
///
/// ```no_run
/// # use jamsocket::{JamsocketContext, SimpleJamsocketService, SimpleJamsocketServiceFactory};
/// use jamsocket_server::{BuildState, Playground, Server};
/// use std::time::Duration;
/// # struct Game;
/// # impl SimpleJamsocketService for Game {
/// #     fn new(_: &str, _: &impl JamsocketContext) -> Self { Game }
/// # }
///
/// # fn main() -> std::io::Result<()> {
/// let playground = Playground::new();
/// let server = Server::new()
///     .with_playground(playground.clone())
///     .start(SimpleJamsocketServiceFactory::<Game, _>::default())?;
/// // For whoever builds the code that rooms run.
/// playground.set_build(BuildState::Running { took: Duration::from_secs(2) });
/// server.run()
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Playground(Arc<Told>);

/// What pages are told, and what those will be that are still to be opened.
#[derive(Debug, Default)]
struct Told {
    /// The last state of the build, as the event that tells it.
    build: watch::Sender<Option<Bytes>>,
    log: LogTail,
}

impl Playground {
    /// A playground that knows nothing of a build, and has no log lines.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells every page what has become of the code, from now on.
    pub fn set_build(&self, build: BuildState) {
        let report = BuildReport::new(&build, SystemTime::now());
        self.0.build.send_replace(Some(event("build", &report)));
    }

    /// The state of the build, each as the event that tells it. The present one, if any, is new.
    pub(super) fn build(&self) -> watch::Receiver<Option<Bytes>> {
        let mut build = self.0.build.subscribe();
        build.mark_changed();
        build
    }

    pub(crate) fn log(&self) -> &LogTail {
        &self.0.log
    }
}

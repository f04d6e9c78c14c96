use crate::{
    cargo::Job,
    console::Console,
    dev,
    failure::Failure,
    flags::{ProjectFlags, ServeFlags},
    hosting, project,
    trust::TrustFlag,
};
use clap::Args;
use jamsocket_server::{AllowedOrigins, Playground};

/// Build a package as a service, serve it, and go on with each change of it
///
/// The package's library is built for wasm32-wasip1, in release, and served at /ws/NAME, a room
/// for each NAME. jamsocket.toml in the package's folder may name static files, a browser package
/// and further services. A flag beats jamsocket.toml.
///
/// When a file of the package changes, or of one that it depends on by path, it is built again and put
/// under the rooms that run: their clients stay connected, and each room begins anew. A build that
/// fails leaves what runs as it is, and so does one that traps in its first three callbacks.
///
/// On a terminal r builds, o opens the playground in a browser, and q quits.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example, with the rooms of the counter on ws://127.0.0.1:9000/ws/NAME:
  jamsocket dev examples/counter --port 9000")]
pub(crate) struct Dev {
    #[command(flatten)]
    project: ProjectFlags,
    /// Build once, and do not watch for changes
    #[arg(long)]
    no_watch: bool,
    #[command(flatten)]
    trust: TrustFlag,
    #[command(flatten)]
    serving: ServeFlags,
}

impl Dev {
    pub(crate) fn run(&self, console: Console) -> Result<(), Failure> {
        let config = self.project.config()?;
        let trust = self.trust.ask(&config, |risk| self.serving.leave(risk), console)?;
        let project = self.project.trusting(trust);
        // A port in use is told before the build, not minutes after.
        hosting::probe(&self.serving, &config)?;
        if !self.no_watch {
            return dev::run(&project, &self.serving, config, console);
        }
        let mut built = project::build(&project, config, &Job::default(), console)?;
        built.hosting.playground = Some(Playground::new());
        Ok(built.hosting.run(&self.serving, AllowedOrigins::SameHostOrLocalhost, console)?)
    }
}

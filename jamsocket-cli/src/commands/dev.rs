use crate::{
    console::Console,
    failure::Failure,
    flags::{ProjectFlags, ServeFlags},
    hosting, project,
};
use clap::Args;
use jamsocket_server::AllowedOrigins;

/// Build a package as a service and serve it
///
/// The package's library is built for wasm32-wasip1, in release, and served at /ws/NAME, a room
/// for each NAME. jamsocket.toml in the package's folder may name static files, a browser package
/// and further services. A flag beats jamsocket.toml.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example, with the rooms of the counter on ws://127.0.0.1:9000/ws/NAME:
  jamsocket dev examples/counter --port 9000")]
pub(crate) struct Dev {
    #[command(flatten)]
    project: ProjectFlags,
    #[command(flatten)]
    serving: ServeFlags,
}

impl Dev {
    pub(crate) fn run(&self, console: Console) -> Result<(), Failure> {
        let config = self.project.config()?;
        // A port in use is told before the build, not minutes after.
        hosting::probe(&self.serving, &config)?;
        let built = project::build(&self.project, config, console)?;
        Ok(built.hosting.run(&self.serving, AllowedOrigins::SameHostOrLocalhost, console)?)
    }
}

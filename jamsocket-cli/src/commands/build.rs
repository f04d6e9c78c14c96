use crate::{
    cargo::Job, console::Console, failure::Failure, flags::ProjectFlags, hosting, project,
};
use clap::Args;

/// Build a package as a service and print the path of its module
///
/// The package's library is built for wasm32-wasip1, in release. What jamsocket.toml adds to it
/// is built too: the packages of [services.NAME], each printed on a line of its own, and the
/// browser package of [client].
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example:
  jamsocket serve \"$(jamsocket build examples/counter)\"")]
pub(crate) struct Build {
    #[command(flatten)]
    project: ProjectFlags,
}

impl Build {
    pub(crate) fn run(&self, console: Console) -> Result<(), Failure> {
        let built =
            project::build(&self.project, self.project.config()?, &Job::default(), console)?;
        hosting::check(&built.modules)?;
        for module in &built.modules {
            console.result(module.display())?;
        }
        Ok(())
    }
}

use crate::{
    console::Console,
    failure::Failure,
    scaffold::{self, Crates, CratesArgument, Destination, NewError, Template},
};
use clap::Args;
use std::env;

/// Make a package that is ready to be served: a room, its test and a page
///
/// It depends on Jamsocket's crates in a checkout of the repository: the one that the current folder
/// or the new one is in, or else the one that this program was built from. Nothing is overwritten.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example, a chat that is then on http://127.0.0.1:8080/:
  jamsocket new my-chat --template chat
  jamsocket dev my-chat")]
pub(crate) struct New {
    /// Folder to make; its last part is the package's name
    #[arg(value_name = "NAME")]
    destination: Destination,

    /// What to start from
    #[arg(long, value_enum, value_name = "TEMPLATE", default_value_t = Template::Counter)]
    template: Template,

    /// Jamsocket's crates: the folder of a checkout, or the URL of a git repository
    #[arg(long, value_name = "PATH-OR-GIT-URL")]
    crates: Option<CratesArgument>,
}

impl New {
    pub(crate) fn run(&self, console: Console) -> Result<(), Failure> {
        let crates = self.find_crates()?;
        scaffold::create(&self.destination, self.template, &crates)?;
        let (name, folder) = (self.destination.name(), self.destination.folder().display());
        console.status("Created", format_args!("`{name}`, with the crates in {crates}"));
        console.status("Next", format_args!("cd {folder}"));
        console.status("", "jamsocket dev");
        console.status("Then", "open http://localhost:8080/ in two windows");
        Ok(())
    }

    fn find_crates(&self) -> Result<Crates, NewError> {
        let here = env::current_dir().unwrap_or_default();
        let there = here.join(self.destination.folder());
        Crates::find(self.crates.as_ref(), &[&here, &there])
    }
}

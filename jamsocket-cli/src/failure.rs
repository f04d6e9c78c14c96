use crate::{
    browser::WasmBindgenError,
    cargo::{CompileError, PackageError, TargetError},
    commands::{RunError, ServeError},
    config::ConfigError,
    console::{self, ERROR},
    dev::DevError,
    hosting::HostingError,
    scaffold::NewError,
};
use anstyle::{AnsiColor, Style};
use std::{error::Error as _, fmt::Write, io};
use thiserror::Error;

const FAILED: u8 = 1;

/// What clap has for it, too.
const WRONG_USAGE: u8 = 2;

const HELP: Style = AnsiColor::Cyan.on_default().bold();

/// Why a command did not do what it was asked for.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct Failure(Box<Cause>);

#[derive(Debug, Error)]
enum Cause {
    #[error(transparent)]
    New(#[from] NewError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error(transparent)]
    WasmBindgen(#[from] WasmBindgenError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Hosting(#[from] HostingError),
    #[error(transparent)]
    Dev(#[from] DevError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("cannot write the result to stdout")]
    Output(#[from] io::Error),
    #[error("the command's result says what is wrong")]
    Told,
    #[error("the program has ended with code {0}")]
    Exit(i32),
}

macro_rules! failure_from {
    ($($error:ty),*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self(Box::new(error.into()))
            }
        }
    )*};
}

failure_from!(
    NewError,
    ConfigError,
    PackageError,
    TargetError,
    CompileError,
    WasmBindgenError,
    ServeError,
    HostingError,
    DevError,
    RunError,
    io::Error
);

impl Failure {
    /// The command has done its work, and found something wrong: its result on stdout says what.
    pub(crate) fn told() -> Self {
        Self(Box::new(Cause::Told))
    }

    /// A program that was run has ended so, and that is all there is to say.
    pub(crate) fn exit(code: i32) -> Self {
        Self(Box::new(Cause::Exit(code)))
    }

    /// The exit code of the command.
    pub fn code(&self) -> u8 {
        match &*self.0 {
            // As the system has it of any program: the lowest byte, which must not say that all is well.
            Cause::Exit(code) => match code.to_le_bytes()[0] {
                0 => FAILED,
                byte => byte,
            },
            _ if self.is_usage() => WRONG_USAGE,
            _ => FAILED,
        }
    }

    /// Whether the command line itself is at fault: what it asks for cannot be asked for.
    pub fn is_usage(&self) -> bool {
        matches!(&*self.0, Cause::Serve(error) if error.is_usage())
    }

    /// Whether cargo has said what is wrong with the source, so that mending that may help.
    pub(crate) fn is_of_the_source(&self) -> bool {
        matches!(&*self.0, Cause::Compile(CompileError::Failed { .. }))
    }

    /// Prints what went wrong, its causes, and what to do, to stderr; nothing where the command's
    /// result on stdout has said it.
    pub fn report(&self) {
        console::print(&self.render());
    }

    /// The same, as a text with colours.
    pub(crate) fn render(&self) -> String {
        if matches!(&*self.0, Cause::Told | Cause::Exit(_)) {
            return String::new();
        }
        let mut text = format!("{ERROR}error{ERROR:#}: {self}\n");
        let mut cause = self.source();
        while let Some(error) = cause {
            let _infallible = writeln!(text, "  caused by: {error}");
            cause = error.source();
        }
        if let Some(help) = self.help() {
            let _infallible =
                writeln!(text, "  {HELP}help{HELP:#}: {}", help.replace('\n', "\n        "));
        }
        text
    }

    fn help(&self) -> Option<String> {
        match &*self.0 {
            Cause::New(error) => error.help(),
            Cause::Package(error) => error.help(),
            Cause::Target(error) => Some(error.help()),
            Cause::WasmBindgen(error) => error.help(),
            Cause::Serve(error) => Some(error.help()),
            Cause::Hosting(error) => error.help(),
            Cause::Dev(error) => error.help(),
            Cause::Run(error) => error.help(),
            Cause::Config(error) => error.help(),
            Cause::Compile(_) | Cause::Output(_) | Cause::Told | Cause::Exit(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn rendered(failure: impl Into<Failure>) -> String {
        anstream::adapter::strip_str(&failure.into().render()).to_string()
    }

    #[test]
    fn an_error_is_followed_by_its_causes() {
        let source = io::Error::other("no such luck");
        let failure = ConfigError::Read { path: PathBuf::from("a/jamsocket.toml"), source };
        let expected = "error: cannot read a/jamsocket.toml\n  caused by: no such luck\n";
        assert_eq!(rendered(failure), expected);
    }

    #[test]
    fn what_the_result_has_said_is_not_said_again() {
        assert_eq!(rendered(Failure::told()), "");
        assert!(!Failure::told().is_usage());
    }

    #[test]
    fn help_comes_last_and_its_lines_are_level() {
        let manifest = PathBuf::from("/p/Cargo.toml");
        let failure =
            PackageError::NoCdylib { package: "p".to_owned(), manifest, has_library: true };
        let expected = "error: the package `p` has no cdylib: no WebAssembly module comes of it\n  \
                        help: add to /p/Cargo.toml:\n          [lib]\n          \
                        crate-type = [\"cdylib\", \"rlib\"]\n";
        assert_eq!(rendered(failure), expected);
    }
}

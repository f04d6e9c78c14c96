use crate::{AdminAddress, TlsError};
use std::{error::Error as _, fmt, io};
use thiserror::Error;

/// Why a server could not be started.
///
/// Its `Debug` is its text with the causes, as a `main` that returns it prints that.
#[derive(Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on: somebody else does already, it is not this machine's, or
    /// it needs a right that this process lacks.
    #[error("cannot listen on {address}")]
    Bind {
        /// Host and port.
        address: String,
        /// What the system says. Its kind tells the cases apart.
        source: io::Error,
    },
    /// The admin address cannot be listened on, for the same reasons.
    #[error("cannot listen on {address}, the admin address")]
    BindAdmin {
        /// The address as it was given.
        address: AdminAddress,
        /// What the system says. Its kind tells the cases apart.
        source: io::Error,
    },
    /// The port is not in 0 to 65535.
    #[error("{0} is no port: ports are 0 to 65535")]
    Port(u32),
    /// There are to be no worker threads.
    #[error("a server needs at least one worker thread")]
    NoWorkers,
    /// A folder of static files is not there, or is no folder.
    #[error("the folder of static files `{0}` is not there")]
    StaticFolder(String),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A service's name cannot stand in a path, or is taken by a route of the server's own.
    #[error(
        "`{0}` cannot be a service's name: a name is of ASCII letters, digits, `-` and `_`, and not `ws`, `status`, `new_room`, `client` or `_`"
    )]
    ServiceName(String),
    /// Two services have the same name.
    #[error("two services are named `{0}`")]
    SameName(String),
    /// There is no service to serve.
    #[error("there is no service to serve")]
    NoService,
    /// The system gave no thread, or none of what a thread that serves needs, such as file
    /// descriptors.
    #[error("cannot start the server's threads")]
    Thread(#[source] io::Error),
}

impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        match self.source() {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl From<StartError> for io::Error {
    fn from(error: StartError) -> Self {
        let kind = match &error {
            StartError::Bind { source, .. }
            | StartError::BindAdmin { source, .. }
            | StartError::Thread(source)
            | StartError::Tls(TlsError::Unreadable { source, .. }) => source.kind(),
            StartError::StaticFolder(_) => io::ErrorKind::NotFound,
            _ => io::ErrorKind::InvalidInput,
        };
        io::Error::new(kind, error)
    }
}

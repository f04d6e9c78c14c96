use crate::text::Name;
use thiserror::Error;

/// One way in which a module is not a Jamsocket service.
///
/// Types are given in words: `a function (i32, i32) -> i32`, `a memory`, `a global i64`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum InterfaceFault {
    /// It lacks an export that the host needs.
    #[error("the export {} is missing: it has to be {expected}", Name(name))]
    MissingExport {
        /// What the export is called.
        name: String,
        /// The type that it has to have.
        expected: String,
    },
    /// An export has the wrong type.
    #[error("the export {} is {found}: it has to be {expected}", Name(name))]
    MistypedExport {
        /// What the export is called.
        name: String,
        /// The type that it has to have.
        expected: String,
        /// The type that it has.
        found: String,
    },
    /// It imports what the host does not offer.
    #[error("the import {} from {} is not known here", Name(name), Name(module))]
    UnknownImport {
        /// The module that the import comes from.
        module: String,
        /// What the import is called.
        name: String,
    },
    /// It imports something of the host with the wrong type.
    #[error("the import {} from {} is {found}: it has to be {expected}", Name(name), Name(module))]
    MistypedImport {
        /// The module that the import comes from.
        module: String,
        /// What the import is called.
        name: String,
        /// The type that it has to have.
        expected: String,
        /// The type that it is imported with.
        found: String,
    },
    /// Its memory starts larger than a room's may ever be.
    #[error("its memory starts with {bytes} bytes: a room may have {limit}")]
    MemoryTooLarge {
        /// How many bytes the module declares.
        bytes: u64,
        /// [`GuestLimits::memory_bytes`](crate::GuestLimits::memory_bytes).
        limit: usize,
    },
}

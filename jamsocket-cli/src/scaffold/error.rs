use cargo_metadata::semver::Version;
use std::{io, path::PathBuf};
use thiserror::Error;

/// Why there is no new package.
#[derive(Debug, Error)]
pub(crate) enum NewError {
    /// No folder was named, and none was found.
    #[error("there is no checkout of Jamsocket to depend on, neither here nor in `{}`, which this \
        program was built from", built_from.display())]
    NoCrates { built_from: PathBuf },
    /// The folder that was named has not got them.
    #[error("`{}` is no checkout of Jamsocket: there is no crate `{lacks}` in it", folder.display())]
    NoCheckout { folder: PathBuf, lacks: &'static str },
    /// Its crates are not what the templates are written for.
    #[error("`{}` is a checkout of Jamsocket {version}, and this is {}",
        folder.display(), env!("CARGO_PKG_VERSION"))]
    OtherVersion { folder: PathBuf, version: Version },
    /// The path of a checkout cannot be written into a manifest.
    #[error("`{}` is no path that a manifest can have: it is not UTF-8", folder.display())]
    NotText { folder: PathBuf },
    /// The package would overwrite something.
    #[error("`{}` is there already, and not empty", folder.display())]
    NotEmpty { folder: PathBuf },
    /// There is something else than a folder in its place.
    #[error("`{}` is there already, and no folder", folder.display())]
    NotAFolder { folder: PathBuf },
    /// It could not be written, and nothing of it is.
    #[error("cannot make `{}`", folder.display())]
    Write { folder: PathBuf, source: io::Error },
}

impl NewError {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            NewError::NoCrates { .. } => "name one, or the URL of a git repository: \
                 `jamsocket new NAME --crates PATH-OR-GIT-URL`"
                .to_owned(),
            NewError::NoCheckout { .. } => "--crates takes the folder that has `jamsocket` and \
                 `jamsocket-wasm` in it, or the URL of a git repository, such as https://HOST/PATH.git"
                .to_owned(),
            NewError::OtherVersion { .. } => {
                "install the command from that checkout: `cargo install --locked --path jamsocket-cli`"
                    .to_owned()
            }
            NewError::NotEmpty { .. } | NewError::NotAFolder { .. } => {
                "choose another name; nothing is overwritten".to_owned()
            }
            NewError::NotText { .. } | NewError::Write { .. } => return None,
        })
    }
}

use super::NewError;
use cargo_metadata::semver::{Version, VersionReq};
use jamsocket::host::{read_text_file, shown_url};
use std::{
    convert::Infallible,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};
use toml::Table;

/// The crates that new packages depend on.
const CRATES: [&str; 2] = ["jamsocket-wasm", "jamsocket"];

/// The most bytes that a manifest may have.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// The version of this program, and of the crates that its templates are written for.
const OURS: &str = env!("CARGO_PKG_VERSION");

/// Where Jamsocket's crates are, for packages that depend on them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Crates {
    /// In this folder, a checkout of Jamsocket's repository.
    Checkout(String),
    /// In the git repository with this URL.
    Git(String),
}

/// What `--crates` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CratesArgument {
    Folder(PathBuf),
    Url(String),
}

impl FromStr for CratesArgument {
    type Err = Infallible;

    /// `user@host:path`, as git has it, is a URL by another name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.split_once(':') {
            Some((_, rest)) if rest.starts_with("//") => Self::Url(text.to_owned()),
            Some((host, path)) if host.contains('@') && !host.contains(['/', '\\']) => {
                Self::Url(format!("ssh://{host}/{path}"))
            }
            _ => Self::Folder(text.into()),
        })
    }
}

impl Crates {
    /// Those that are named; otherwise those of the checkout that one of the folders `near` is in,
    /// or else of the one that this program was built from.
    ///
    /// # Errors
    ///
    /// The folder that is named is no checkout of a fitting version, or there is none.
    pub(crate) fn find(named: Option<&CratesArgument>, near: &[&Path]) -> Result<Self, NewError> {
        match named {
            Some(CratesArgument::Url(url)) => return Ok(Self::Git(url.clone())),
            Some(CratesArgument::Folder(folder)) => return Self::in_folder(folder),
            None => {}
        }
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self::around(near, package.parent().unwrap_or(package))
    }

    /// Those of the checkout that one of the folders `near` is in, or else of `built_from`.
    fn around(near: &[&Path], built_from: &Path) -> Result<Self, NewError> {
        let folders = near.iter().flat_map(|folder| folder.ancestors()).chain([built_from]);
        let found = folders.map(Self::in_folder).find_map(Result::ok);
        found.ok_or_else(|| NewError::NoCrates { built_from: built_from.to_owned() })
    }

    /// Those in `folder`.
    fn in_folder(folder: &Path) -> Result<Self, NewError> {
        let named = || folder.to_owned();
        let fits = VersionReq::parse(OURS).expect("a package's version is a requirement");
        for name in CRATES {
            match version_of(folder, name) {
                None => return Err(NewError::NoCheckout { folder: named(), lacks: name }),
                Some(version) if !fits.matches(&version) => {
                    return Err(NewError::OtherVersion { folder: named(), version });
                }
                Some(_) => {}
            }
        }
        let absolute = folder.canonicalize().ok().and_then(|path| path.to_str().map(str::to_owned));
        absolute.map(Self::Checkout).ok_or_else(|| NewError::NotText { folder: named() })
    }

    /// How a manifest says where one of the crates is: a key and its value.
    pub(super) fn source_of(&self, name: &str) -> String {
        let (key, value) = match self {
            Self::Checkout(folder) => ("path", Path::new(folder).join(name).display().to_string()),
            Self::Git(url) => ("git", url.clone()),
        };
        format!("{key} = {}", toml::Value::String(value))
    }
}

/// Where they are, as a message has it.
impl fmt::Display for Crates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkout(folder) => f.write_str(folder),
            Self::Git(url) => f.write_str(&shown_url(url)),
        }
    }
}

/// The version of the crate `name` in a checkout, where `folder` is one.
fn version_of(folder: &Path, name: &str) -> Option<Version> {
    let manifest = |folder: &Path| -> Option<Table> {
        read_text_file(&folder.join("Cargo.toml"), MAX_MANIFEST_BYTES).ok()?.parse().ok()
    };
    let own = manifest(&folder.join(name))?;
    let package = own.get("package")?;
    if package.get("name")?.as_str() != Some(name) {
        return None;
    }
    let version = match package.get("version")? {
        toml::Value::String(version) => version.clone(),
        // It is the workspace's.
        _ => {
            let workspace = manifest(folder)?;
            let version = workspace.get("workspace")?.get("package")?.get("version")?.as_str()?;
            version.to_owned()
        }
    };
    version.parse().ok()
}

#[cfg(test)]
mod tests;

use super::BuildEnvironment;
use crate::{
    config::{PackageName, Place},
    console,
};
use cargo_metadata::{MetadataCommand, Package};
use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
};
use thiserror::Error;

/// The packages that cargo sees from one folder: a package's, or the root of a workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// As the command line has it.
    given: PathBuf,
    folder: PathBuf,
    root: PathBuf,
    target: PathBuf,
    packages: Vec<Package>,
}

impl Workspace {
    /// Asks cargo about the package or workspace in `folder`.
    ///
    /// # Errors
    ///
    /// There is none, or cargo refuses it.
    pub(crate) fn read(
        folder: &Path,
        environment: &BuildEnvironment,
    ) -> Result<Self, PackageError> {
        if !folder.is_dir() {
            return Err(PackageError::NoFolder { path: folder.to_owned() });
        }
        let absolute = folder.canonicalize().map_err(PackageError::Folder)?;
        if !absolute.join("Cargo.toml").is_file() {
            return Err(PackageError::NoManifest {
                above: absolute
                    .ancestors()
                    .find(|a| a.join("Cargo.toml").is_file())
                    .map(Into::into),
                folder: absolute,
            });
        }
        let said = environment
            .command("cargo", &absolute)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .stdin(Stdio::null())
            .output()
            .map_err(PackageError::Start)?;
        console::print(&String::from_utf8_lossy(&said.stderr));
        if !said.status.success() {
            return Err(PackageError::Refused { folder: absolute });
        }
        let metadata = MetadataCommand::parse(String::from_utf8_lossy(&said.stdout))?;
        let members = metadata.workspace_members;
        Ok(Self {
            given: folder.to_owned(),
            folder: absolute,
            root: metadata.workspace_root.into(),
            target: metadata.target_directory.into(),
            packages: metadata.packages.into_iter().filter(|p| members.contains(&p.id)).collect(),
        })
    }

    /// The folder that was asked about, and in which cargo is called: its `rust-toolchain` file
    /// and configuration count.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where `Cargo.lock` is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target_folder(&self) -> &Path {
        &self.target
    }

    /// The package of this name.
    ///
    /// # Errors
    ///
    /// The workspace has no such package, or it is none that a module can be made of.
    pub(crate) fn named(&self, wanted: &PackageName) -> Result<&Package, PackageError> {
        let found = self.packages.iter().find(|p| p.name.as_str() == wanted.name);
        let package = found.ok_or_else(|| PackageError::NoSuchPackage {
            name: wanted.name.clone(),
            place: wanted.place.clone(),
            packages: names(&self.packages),
        })?;
        has_cdylib(package).then_some(package).ok_or_else(|| no_module_in(package))
    }

    /// The package of the folder, where nothing names one: its own, or in the root of a workspace
    /// that has none the only one that a module can be made of, leaving out `client`.
    ///
    /// # Errors
    ///
    /// There is none, or there are several.
    pub(crate) fn own(&self, client: Option<&PackageName>) -> Result<&Package, PackageError> {
        let manifest = self.folder.join("Cargo.toml");
        if let Some(package) = self.packages.iter().find(|p| p.manifest_path == manifest) {
            return has_cdylib(package).then_some(package).ok_or_else(|| no_module_in(package));
        }
        let is_client = |p: &&Package| client.is_some_and(|client| client.name == p.name.as_str());
        let candidates: Vec<&Package> =
            self.packages.iter().filter(|p| has_cdylib(p) && !is_client(p)).collect();
        match candidates[..] {
            [package] => Ok(package),
            [] => Err(PackageError::NoneInWorkspace {
                folder: self.folder.clone(),
                packages: names(&self.packages),
            }),
            _ => Err(PackageError::Several {
                folder: self.folder.clone(),
                candidates: candidates
                    .into_iter()
                    .map(|p| (p.name.to_string(), self.path_of(p)))
                    .collect(),
            }),
        }
    }

    /// The folder of `package`, as it can be given on the command line.
    fn path_of(&self, package: &Package) -> PathBuf {
        let manifest = package.manifest_path.as_std_path();
        let folder = manifest.parent().unwrap_or(manifest);
        let Ok(below) = folder.strip_prefix(&self.folder) else {
            return folder.to_owned();
        };
        let path = self.given.join(below);
        path.strip_prefix(".").map(Path::to_owned).unwrap_or(path)
    }
}

/// Whether a WebAssembly module comes of the package's library.
fn has_cdylib(package: &Package) -> bool {
    package.targets.iter().any(|target| target.is_cdylib())
}

fn no_module_in(package: &Package) -> PackageError {
    PackageError::NoCdylib {
        package: package.name.to_string(),
        manifest: package.manifest_path.clone().into(),
        has_library: package.targets.iter().any(|t| t.is_lib() || t.is_rlib()),
    }
}

fn names(packages: &[Package]) -> Vec<String> {
    packages.iter().map(|package| package.name.to_string()).collect()
}

/// Why there is no package to build.
#[derive(Debug, Error)]
pub(crate) enum PackageError {
    /// The path leads to no folder.
    #[error("`{}` is not a folder", path.display())]
    NoFolder { path: PathBuf },
    /// The folder cannot be read.
    #[error("cannot read the package's folder")]
    Folder(#[source] io::Error),
    /// The folder is not a package's; the nearest above it that is one is named.
    #[error("there is no Cargo.toml in {}", folder.display())]
    NoManifest { folder: PathBuf, above: Option<PathBuf> },
    /// There is no cargo, or it does not run.
    #[error("cannot run cargo")]
    Start(#[source] io::Error),
    /// cargo does not take the package, and has said why.
    #[error("cargo cannot read the package in {}: its message is above", folder.display())]
    Refused { folder: PathBuf },
    /// cargo's answer is not what this program knows.
    #[error("cannot read what `cargo metadata` says")]
    Answer(#[from] cargo_metadata::Error),
    /// `jamsocket.toml` names a package that is not in the workspace.
    #[error("{place}: there is no package `{name}` in the workspace")]
    NoSuchPackage { name: String, place: Place, packages: Vec<String> },
    /// The package's library is not built as a module.
    #[error("the package `{package}` has no cdylib: no WebAssembly module comes of it")]
    NoCdylib { package: String, manifest: PathBuf, has_library: bool },
    /// A workspace's root, and no package in it makes a module.
    #[error("no package of the workspace in {} has a cdylib to serve", folder.display())]
    NoneInWorkspace { folder: PathBuf, packages: Vec<String> },
    /// A workspace's root, and several packages in it make modules.
    #[error("the workspace in {} has several packages with a cdylib", folder.display())]
    Several { folder: PathBuf, candidates: Vec<(String, PathBuf)> },
}

impl PackageError {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            PackageError::NoFolder { path } if path.is_file() => {
                format!("to serve a module that is built: `jamsocket serve {}`", path.display())
            }
            PackageError::NoManifest { above: Some(above), .. } => {
                format!("there is one in {0}: `jamsocket dev {0}`", above.display())
            }
            PackageError::NoFolder { .. } | PackageError::NoManifest { .. } => {
                "run it in the folder of a package, or name that: `jamsocket dev PATH`".to_owned()
            }
            PackageError::Start(_) => "install Rust: https://rustup.rs".to_owned(),
            PackageError::NoSuchPackage { packages, .. } => {
                format!("its packages are {}", packages.join(", "))
            }
            PackageError::NoCdylib { manifest, has_library, .. } => {
                let library =
                    if *has_library { "" } else { "put the service into src/lib.rs and " };
                format!("{library}add to {}:\n{CDYLIB_LINES}", manifest.display())
            }
            PackageError::NoneInWorkspace { packages, .. } => {
                let packages = packages.join(", ");
                format!(
                    "add to the Cargo.toml of the package with the service ({packages}):\n\
                     {CDYLIB_LINES}"
                )
            }
            PackageError::Several { candidates, .. } => {
                let line = |(name, path): &(String, PathBuf)| {
                    format!("\n  `jamsocket dev {}` ({name})", path.display())
                };
                let lines: String = candidates.iter().map(line).collect();
                format!(
                    "choose one:{lines}\nor name it in jamsocket.toml: `package` in `[service]`"
                )
            }
            PackageError::Folder(_) | PackageError::Refused { .. } | PackageError::Answer(_) => {
                return None;
            }
        })
    }
}

/// What makes a package's library a module, and leaves it testable.
const CDYLIB_LINES: &str = "  [lib]\n  crate-type = [\"cdylib\", \"rlib\"]";

#[cfg(test)]
mod tests;

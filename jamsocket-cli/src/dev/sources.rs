use crate::{
    cargo::{BuildEnvironment, WasmTarget},
    config::CONFIG_FILE,
};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use ignore::WalkBuilder;
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::SystemTime,
};

/// Files beside packages that change what comes of a build.
const BESIDE: [&str; 6] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain",
    "rust-toolchain.toml",
    ".cargo/config.toml",
    CONFIG_FILE,
];

/// What services are built from: the folders of their packages and of what those depend on by path,
/// and a few files beside them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Sources {
    folders: BTreeSet<PathBuf>,
    files: BTreeSet<PathBuf>,
    /// Folders of what builds make.
    made: BTreeSet<PathBuf>,
}

/// The state of all files that services are built from, at one moment.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Snapshot {
    files: BTreeMap<PathBuf, FileState>,
    /// The folders that they are in.
    pub(super) folders: BTreeSet<PathBuf>,
}

/// When a file was written last, where the system says that, and its length.
type FileState = (Option<SystemTime>, u64);

impl Sources {
    /// What the package or workspace in `folder` is built from, as far as cargo can say: where it
    /// cannot read the package now, the folder itself.
    pub(super) fn of(folder: &Path, environment: &BuildEnvironment) -> Self {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let mut sources = Self::default();
        sources.add_files_of(&folder);
        match metadata(&folder, environment) {
            Some(metadata) => sources.add(&folder, &metadata, environment),
            None => {
                sources.made.insert(folder.join("target"));
                sources.folders.insert(folder);
            }
        }
        sources
    }

    /// A file besides.
    pub(super) fn with_file(mut self, file: Option<&Path>) -> Self {
        self.files.extend(file.and_then(|file| file.canonicalize().ok()));
        self
    }

    fn add(&mut self, folder: &Path, metadata: &Metadata, environment: &BuildEnvironment) {
        let target = metadata.target_directory.as_std_path();
        self.made.extend([target.to_owned(), environment.target_folder(target)]);
        self.add_files_of(metadata.workspace_root.as_std_path());
        // In the root of a workspace any member may be meant.
        let is_meant = |package: &&&Package| {
            folder_of(package).starts_with(folder) || folder.starts_with(folder_of(package))
        };
        let members = metadata.workspace_packages();
        let meant = members.iter().filter(is_meant).map(|package| &package.id);
        for id in with_dependencies(metadata, meant.collect()) {
            let package = metadata.packages.iter().find(|package| package.id == *id);
            // What has a source, a registry or a repository, does not change.
            self.folders.extend(
                package.filter(|package| package.source.is_none()).map(|p| folder_of(p).to_owned()),
            );
        }
    }

    fn add_files_of(&mut self, folder: &Path) {
        self.files.extend(BESIDE.map(|file| folder.join(file)));
    }

    /// Looks at all files, but for those that builds make and those that git ignores.
    pub(super) fn look(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for file in &self.files {
            snapshot.add(file);
            snapshot.folders.extend(file.parent().filter(|f| f.is_dir()).map(Path::to_owned));
        }
        for folder in &self.folders {
            let made = self.made.clone();
            let entries = WalkBuilder::new(folder)
                .hidden(false)
                .require_git(false)
                .filter_entry(move |entry| {
                    entry.file_name() != OsStr::new(".git") && !made.contains(entry.path())
                })
                .build();
            // What cannot be read now may have gone this moment.
            for entry in entries.flatten() {
                if entry.file_type().is_some_and(|kind| kind.is_dir()) {
                    snapshot.folders.insert(entry.into_path());
                } else {
                    snapshot.add(entry.path());
                }
            }
        }
        snapshot
    }
}

impl Snapshot {
    fn add(&mut self, file: &Path) {
        if let Ok(metadata) = fs::metadata(file) {
            let state = (metadata.modified().ok(), metadata.len());
            self.files.insert(file.to_owned(), state);
        }
    }

    /// A file that is not as it was `before`, or was not there, or is not there any more.
    pub(super) fn change_since<'a>(&'a self, before: &'a Self) -> Option<&'a Path> {
        let other_than = |others: &'a Self| {
            move |(file, state): &(&'a PathBuf, &'a FileState)| {
                others.files.get(*file) != Some(*state)
            }
        };
        let mut changed = self.files.iter().filter(other_than(before));
        let mut gone = before.files.iter().filter(other_than(self));
        changed.next().or_else(|| gone.next()).map(|(file, _)| file.as_path())
    }
}

/// Whether a change of this file may be one of what there is to build.
pub(super) fn says_what_is_built(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "toml")
}

fn folder_of(package: &Package) -> &Path {
    let manifest = package.manifest_path.as_std_path();
    manifest.parent().unwrap_or(manifest)
}

/// These packages and all that a build of them needs.
fn with_dependencies<'a>(
    metadata: &'a Metadata,
    packages: Vec<&'a PackageId>,
) -> BTreeSet<&'a PackageId> {
    let nodes: BTreeMap<_, _> =
        metadata.resolve.iter().flat_map(|resolve| &resolve.nodes).map(|n| (&n.id, n)).collect();
    let mut all = BTreeSet::new();
    let mut left = packages;
    while let Some(id) = left.pop() {
        if !all.insert(id) {
            continue;
        }
        let dependencies = nodes.get(id).into_iter().flat_map(|node| &node.deps);
        let needed = dependencies.filter(|dependency| {
            let mut kinds = dependency.dep_kinds.iter();
            kinds.any(|kind| kind.kind != DependencyKind::Development)
        });
        left.extend(needed.map(|dependency| &dependency.pkg));
    }
    all
}

/// What cargo says about a folder, with all that is depended on. Its complaints are told by the build.
fn metadata(folder: &Path, environment: &BuildEnvironment) -> Option<Metadata> {
    let said = environment
        .command("cargo", folder)
        .args(["metadata", "--format-version", "1"])
        .args(["--filter-platform", WasmTarget::Wasip1.name()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .inspect_err(|error: &io::Error| tracing::debug!("cannot run cargo: {error}"))
        .ok()
        .filter(|said| said.status.success())?;
    MetadataCommand::parse(String::from_utf8_lossy(&said.stdout)).ok()
}

#[cfg(test)]
mod tests;

use crate::{
    cargo::{BuildEnvironment, WasmTarget},
    config::{CONFIG_FILE, Config, ServiceSource},
};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use ignore::WalkBuilder;
use jamsocket::host::read_file;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    hash::{DefaultHasher, Hasher},
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::SystemTime,
};

const LOCK_FILE: &str = "Cargo.lock";

/// Files beside packages that change what comes of a build.
const BESIDE: [&str; 6] = [
    "Cargo.toml",
    LOCK_FILE,
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
    /// Whether cargo has said what there is.
    pub(super) are_known: bool,
}

/// The state of all files that services are built from, at one moment.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Snapshot {
    files: BTreeMap<PathBuf, FileState>,
    /// The folders that they are in.
    pub(super) folders: BTreeSet<PathBuf>,
}

/// A file, so that it can be told from what it is later.
#[derive(Debug, Clone, PartialEq)]
enum FileState {
    /// What is in it, hashed: writing the same again changes nothing.
    Small(u64),
    /// When it was written last, where the system says that, and its length.
    Large(Option<SystemTime>, u64),
}

/// Up to which length files are read.
const SMALL: u64 = 1 << 20;

/// Marks folders of what can be made again, as cargo's are: https://bford.info/cachedir.
const CACHE_MARK: &str = "CACHEDIR.TAG";

impl Sources {
    /// What the services and the client of `config` in `folder`, a package's or a workspace's root, are
    /// built from, as far as cargo can say: where it cannot read them now, the folder itself. Where it
    /// would have to fetch something to know, it does if it `may_fetch`, without a word.
    pub(super) fn of(
        folder: &Path,
        config: &Config,
        may_fetch: bool,
        environment: &BuildEnvironment,
    ) -> Self {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let mut sources = Self::default();
        sources.add_files_of(&folder);
        let metadata = metadata(&folder, may_fetch, environment);
        sources.are_known = metadata.is_some();
        match metadata {
            Some(metadata) => sources.add_packages(&folder, config, &metadata, environment),
            None => {
                sources.made.insert(folder.join("target"));
                sources.folders.insert(folder);
            }
        }
        sources
    }

    /// Others too.
    pub(super) fn add(&mut self, others: Self) {
        self.folders.extend(others.folders);
        self.files.extend(others.files);
        self.made.extend(others.made);
    }

    /// A file besides.
    pub(super) fn with_file(mut self, file: Option<&Path>) -> Self {
        self.files.extend(file.and_then(|file| file.canonicalize().ok()));
        self
    }

    fn add_packages(
        &mut self,
        folder: &Path,
        config: &Config,
        metadata: &Metadata,
        environment: &BuildEnvironment,
    ) {
        let target = metadata.target_directory.as_std_path();
        self.made.extend([target.to_owned(), environment.target_folder(target)]);
        let root = metadata.workspace_root.as_std_path();
        self.add_files_of(root);
        let named = names(config);
        let members = metadata.workspace_packages();
        let has_own = members.iter().any(|package| folder_of(package) == folder);
        // In the root of a workspace that is no package itself, any member may be meant.
        let is_meant = |package: &&&Package| {
            named.contains(package.name.as_str()) || folder_of(package) == folder || !has_own
        };
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
            let is_in_git = folder.ancestors().any(|above| above.join(".git").exists());
            let entries = WalkBuilder::new(folder)
                // Without git the files count that are there for it.
                .require_git(is_in_git)
                .filter_entry(move |entry| {
                    !made.contains(entry.path()) && !entry.path().join(CACHE_MARK).exists()
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
        let Some(metadata) = fs::metadata(file).ok().filter(fs::Metadata::is_file) else { return };
        let large = || FileState::Large(metadata.modified().ok(), metadata.len());
        let state = match metadata.len() {
            ..=SMALL => read_file(file, SMALL)
                .map_or_else(|_| large(), |bytes| FileState::Small(hash(&bytes))),
            _ => large(),
        };
        self.files.insert(file.to_owned(), state);
    }

    /// Takes over what was in no folder of this one, and the lock files, which cargo writes itself.
    pub(super) fn add_new(&mut self, others: Self) {
        let is_new = |file: &PathBuf| {
            file.ends_with(LOCK_FILE) || file.parent().is_none_or(|at| !self.folders.contains(at))
        };
        let files: Vec<_> = others.files.into_iter().filter(|(file, _)| is_new(file)).collect();
        self.files.extend(files);
        self.folders.extend(others.folders);
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

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// The packages that `jamsocket.toml` names.
fn names(config: &Config) -> BTreeSet<&str> {
    let service = config.service.iter().filter_map(|service| service.package.as_ref());
    let services = config.services.values().filter_map(|service| match &service.source {
        ServiceSource::Package(package) => Some(package),
        ServiceSource::Module(_) => None,
    });
    service.chain(services).chain(&config.client).map(|package| package.name.as_str()).collect()
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
fn metadata(folder: &Path, may_fetch: bool, environment: &BuildEnvironment) -> Option<Metadata> {
    // Without fetching, versions would be settled among those that happen to be there.
    let without: &[&str] = if may_fetch { &[] } else { &["--locked", "--offline"] };
    let said = environment
        .command("cargo", folder)
        .args(["metadata", "--format-version", "1"])
        .args(without)
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

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Where this package is in its repository.
const PREFIX: &str = "jamsocket-cli/";

/// What cargo writes into a package that is published.
const VCS_INFO: &str = ".cargo_vcs_info.json";

/// How many digits of a commit are shown, where so few tell it from all others.
const DIGITS: usize = 7;

/// The commit that a package is of. It does not say whether files were changed since: no file says
/// when that begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    /// The beginning of its hash and, of a checkout, its date: `689b629 2026-11-21`.
    pub(crate) text: String,
    /// The files and folders that change when it becomes another.
    pub(crate) sources: Vec<PathBuf>,
}

impl Commit {
    /// The commit of the package in this folder, if it was published by cargo or is in a checkout of
    /// its own repository. What git says about any other folder is about something else.
    pub(crate) fn of_package(folder: &Path) -> Option<Self> {
        match fs::read_to_string(folder.join(VCS_INFO)) {
            Ok(info) => Self::published(&info),
            Err(_) => Self::checked_out(folder),
        }
    }

    fn published(info: &str) -> Option<Self> {
        let (_, after) = info.split_once("\"sha1\"")?;
        let hash = after.split('"').nth(1)?;
        let is_hash = hash.len() >= DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| Self { text: hash[..DIGITS].to_owned(), sources: Vec::new() })
    }

    fn checked_out(folder: &Path) -> Option<Self> {
        let git = |arguments: &[&str]| git(folder, arguments);
        if git(&["rev-parse", "--show-prefix"])? != PREFIX {
            return None;
        }
        git(&["ls-files", "--error-unmatch", "Cargo.toml"])?;
        let abbreviated = format!("--abbrev={DIGITS}");
        let text =
            git(&["log", "-1", "--no-show-signature", &abbreviated, "--format=%h %cs", "HEAD"])?;
        let path_of = |name: &str| Some(folder.join(git(&["rev-parse", "--git-path", name])?));
        let mut sources = vec![path_of("HEAD")?];
        // HEAD names a branch, or is a commit itself.
        if let Some(branch) = git(&["symbolic-ref", "--quiet", "HEAD"]) {
            sources.push(existing(&path_of(&branch)?)?.to_owned());
        }
        // Where these are, HEAD and the branches are in them: a worktree's own, and the common one.
        let common = folder.join(git(&["rev-parse", "--git-common-dir"])?);
        let tables = [path_of("reftable")?, common.join("reftable")];
        sources.extend(tables.into_iter().filter(|tables| tables.exists()));
        Some(Self { text, sources })
    }
}

/// The path, or else the nearest folder above it: one day the path will be made there. So it is with
/// a branch that git has packed away, until its next commit.
fn existing(path: &Path) -> Option<&Path> {
    path.ancestors().find(|path| path.exists())
}

/// What git says about a folder, wherever git itself was called from.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        git.env_remove(variable);
    }
    let output = git.arg("-C").arg(folder).args(arguments).output().ok()?;
    let text = output.status.success().then_some(output.stdout)?;
    Some(String::from_utf8(text).ok()?.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// A repository with this package, and one commit.
    fn repository() -> TempDir {
        let repository = tempfile::tempdir().unwrap();
        run(repository.path(), &["init", "--quiet"]);
        fill(repository)
    }

    /// One that keeps HEAD and the branches in tables, where git can.
    fn repository_of_tables() -> Option<TempDir> {
        let repository = tempfile::tempdir().unwrap();
        git(repository.path(), &["init", "--quiet", "--ref-format=reftable"])?;
        Some(fill(repository))
    }

    fn fill(repository: TempDir) -> TempDir {
        add_package(repository.path(), PREFIX);
        run(repository.path(), &["add", "."]);
        commit(repository.path(), "2026-11-21T12:00:00Z");
        repository
    }

    fn add_package(folder: &Path, path: &str) {
        fs::create_dir_all(folder.join(path)).unwrap();
        fs::write(folder.join(path).join("Cargo.toml"), "").unwrap();
    }

    /// Makes a commit, and returns its hash.
    fn commit(folder: &Path, date: &str) -> String {
        let author = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let commit = ["commit", "--quiet", "--allow-empty", "--message", date];
        run_at(folder, &[&author[..], &commit].concat(), date);
        git(folder, &["rev-parse", "HEAD"]).unwrap()
    }

    fn run(folder: &Path, arguments: &[&str]) {
        run_at(folder, arguments, "2026-11-20T12:00:00Z");
    }

    fn run_at(folder: &Path, arguments: &[&str], date: &str) {
        let mut git = Command::new("git");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                git.env_remove(name);
            }
        }
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_COMMITTER_DATE", date);
        assert!(git.arg("-C").arg(folder).args(arguments).status().unwrap().success());
    }

    fn of_package_in(repository: &Path) -> Option<Commit> {
        Commit::of_package(&repository.join(PREFIX))
    }

    /// All that cargo looks at, to see whether something has changed.
    fn content(paths: &[PathBuf]) -> Vec<(PathBuf, Vec<u8>)> {
        let of_one = |path: &PathBuf| {
            assert!(path.exists(), "what is not there has cargo build each time: {path:?}");
            let Ok(entries) = fs::read_dir(path) else {
                return vec![(path.clone(), fs::read(path).unwrap())];
            };
            let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
            entries.sort();
            content(&entries)
        };
        paths.iter().flat_map(of_one).collect()
    }

    /// What has to be so wherever HEAD is, and however it is kept.
    #[track_caller]
    fn follows_head(repository: &Path) {
        let before = of_package_in(repository).unwrap();
        let seen = content(&before.sources);
        assert_eq!(of_package_in(repository).unwrap(), before);
        assert_eq!(content(&before.sources), seen);
        let hash = commit(repository, "2026-11-23T12:00:00Z");
        assert_ne!(content(&before.sources), seen, "{:?}", before.sources);
        let after = of_package_in(repository).unwrap();
        assert_eq!(after.text, format!("{} 2026-11-23", &hash[..7]));
    }

    #[test]
    fn a_checkout_has_its_commit_and_the_date() {
        let repository = repository();
        let hash = git(repository.path(), &["rev-parse", "HEAD"]).unwrap();
        let text = of_package_in(repository.path()).unwrap().text;
        assert_eq!(text, format!("{} 2026-11-21", &hash[..7]));
    }

    #[test]
    fn the_next_commit_is_seen_on_a_branch_that_is_packed_or_not() {
        let repository = repository();
        follows_head(repository.path());
        run(repository.path(), &["pack-refs", "--all"]);
        follows_head(repository.path());
        run(repository.path(), &["checkout", "--quiet", "-b", "some/deep/branch"]);
        run(repository.path(), &["pack-refs", "--all"]);
        follows_head(repository.path());
    }

    #[test]
    fn the_next_commit_is_seen_where_no_branch_is_checked_out() {
        let repository = repository();
        run(repository.path(), &["checkout", "--quiet", "--detach"]);
        follows_head(repository.path());
    }

    #[test]
    fn another_branch_is_seen() {
        let repository = repository();
        let before = of_package_in(repository.path()).unwrap();
        let seen = content(&before.sources);
        run(repository.path(), &["checkout", "--quiet", "-b", "other"]);
        assert_ne!(content(&before.sources), seen);
    }

    #[test]
    fn the_next_commit_is_seen_in_a_worktree() {
        let repository = repository();
        let above = tempfile::tempdir().unwrap();
        let worktree = above.path().join("worktree");
        run(repository.path(), &["worktree", "add", "--quiet", worktree.to_str().unwrap()]);
        follows_head(&worktree);
        run(&worktree, &["checkout", "--quiet", "--detach"]);
        follows_head(&worktree);
    }

    #[test]
    fn the_next_commit_is_seen_where_branches_are_in_tables() {
        let Some(repository) = repository_of_tables() else { return };
        follows_head(repository.path());
        let above = tempfile::tempdir().unwrap();
        let worktree = above.path().join("worktree");
        run(repository.path(), &["worktree", "add", "--quiet", worktree.to_str().unwrap()]);
        follows_head(&worktree);
        run(&worktree, &["checkout", "--quiet", "--detach"]);
        follows_head(&worktree);
    }

    #[test]
    fn a_package_that_is_published_has_the_commit_that_cargo_names() {
        let package = tempfile::tempdir().unwrap();
        let info = package.path().join(VCS_INFO);
        let hash = "689b629f0e4c1bd6d4d1c0a5a1b2c3d4e5f60718";
        let of = |text: String| {
            fs::write(&info, text).unwrap();
            Commit::of_package(package.path()).map(|commit| commit.text)
        };
        let written = format!(
            "{{\n  \"git\": {{\n    \"sha1\": \"{hash}\"\n  }},\n  \"path_in_vcs\": \"jamsocket-cli\"\n}}"
        );
        assert_eq!(of(written).as_deref(), Some("689b629"));
        for nothing in ["", "{}", "\"sha1\"", "\"sha1\": \"12345\"", "\"sha1\": \"not a hash\""] {
            assert_eq!(of(nothing.to_owned()), None, "{nothing}");
        }
    }

    #[test]
    fn what_is_in_somebody_elses_repository_has_no_commit() {
        let repository = repository();
        for path in ["vendor/jamsocket-cli", "target/package/jamsocket-cli-0.3.0"] {
            add_package(repository.path(), path);
            assert_eq!(Commit::of_package(&repository.path().join(path)), None, "{path}");
        }
        run(repository.path(), &["add", "vendor"]);
        commit(repository.path(), "2026-11-22T12:00:00Z");
        assert_eq!(Commit::of_package(&repository.path().join("vendor/jamsocket-cli")), None);
        // It is in the right place, but no part of that repository.
        run(repository.path(), &["rm", "--quiet", "--cached", "jamsocket-cli/Cargo.toml"]);
        assert_eq!(of_package_in(repository.path()), None);
    }

    #[test]
    fn where_there_is_no_repository_or_nothing_in_it_there_is_no_commit() {
        let folder = tempfile::tempdir().unwrap();
        add_package(folder.path(), PREFIX);
        assert_eq!(of_package_in(folder.path()), None);
        run(folder.path(), &["init", "--quiet"]);
        run(folder.path(), &["add", "."]);
        assert_eq!(of_package_in(folder.path()), None);
    }
}

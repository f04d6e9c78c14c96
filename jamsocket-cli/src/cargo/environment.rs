use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
};

/// Names the compiler that services and browser packages are built with, where the one that cargo
/// would take lacks the target.
pub(crate) const JAMSOCKET_RUSTC: &str = "JAMSOCKET_RUSTC";

/// What a cargo sets for the programs and build scripts that it runs. It tells of the package that
/// it runs, so a cargo that builds another package never gets it.
const ABOUT_THE_OUTER_PACKAGE: &[&str] = &[
    "CARGO",
    "CARGO_CRATE_NAME",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_MAKEFLAGS",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
    "OUT_DIR",
];

/// The same, for whole families of names.
const ABOUT_THE_OUTER_PACKAGE_BY_PREFIX: &[&str] =
    &["CARGO_BIN_", "CARGO_CFG_", "CARGO_FEATURE_", "CARGO_MANIFEST_", "CARGO_PKG_"];

/// What chooses the compiler of an outer build and steers it. Outside a cargo these are the
/// user's wishes for any build; inside they were meant for, or set by, the build that is running.
const CHOICE_OF_THE_OUTER_COMPILER: &[&str] = &[
    "RUSTC",
    "RUSTC_LINKER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "RUSTUP_TOOLCHAIN_SOURCE",
];

/// The environment that cargo, rustc and rustup get, chosen so that a build comes out the same
/// whether `jamsocket` was started from a shell or inside `cargo run` and `cargo test`.
///
/// - What describes an outer cargo's package is always removed.
/// - Inside a cargo (it sets `CARGO` for whatever it runs) its compiler, flags and toolchain are
///   removed too, so that the folder's `rust-toolchain` file and configuration count.
/// - [`JAMSOCKET_RUSTC`] becomes `RUSTC`, which cargo prefers to any other setting.
/// - The rest goes through. `CARGO_HOME`, `RUSTUP_HOME` and `CARGO_TARGET_DIR` are among it: cargo
///   does not set them for what it runs, or sets them to where things are anyway, and who sets a
///   target folder wants builds to share it. The last may be relative, and then means the folder
///   that `jamsocket` runs in, so it is made absolute.
#[derive(Debug, Clone)]
pub(crate) struct BuildEnvironment {
    removed: Vec<OsString>,
    set: Vec<(&'static str, OsString)>,
    rustc: OsString,
    named_by: Option<&'static str>,
}

impl BuildEnvironment {
    /// What follows from the environment of this process.
    pub(crate) fn of_this_process() -> Self {
        Self::new(env::vars_os(), &env::current_dir().unwrap_or_default())
    }

    /// What follows from these variables in the folder `current`.
    pub(crate) fn new(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        current: &Path,
    ) -> Self {
        let variables: Vec<_> = variables.into_iter().collect();
        let value = |name: &str| {
            let found = variables.iter().find(|(n, value)| n == name && !value.is_empty());
            found.map(|(_, value)| value.clone())
        };
        let inside_cargo = value("CARGO").is_some();
        let removed = |name: &OsString| is_removed(name, inside_cargo);
        let mut environment = Self {
            removed: variables.iter().map(|(n, _)| n.clone()).filter(removed).collect(),
            set: Vec::new(),
            rustc: "rustc".into(),
            named_by: None,
        };
        if let Some(folder) = value("CARGO_TARGET_DIR") {
            environment.set.push(("CARGO_TARGET_DIR", current.join(folder).into()));
        }
        if let Some(named) = value(JAMSOCKET_RUSTC) {
            environment.rustc = program(named, current);
            environment.named_by = Some(JAMSOCKET_RUSTC);
            environment.set.push(("RUSTC", environment.rustc.clone()));
        } else if let Some(named) = value("RUSTC").filter(|_| !inside_cargo) {
            environment.rustc = program(named, current);
            environment.named_by = Some("RUSTC");
            environment.set.push(("RUSTC", environment.rustc.clone()));
        }
        environment
    }

    /// A call of `program` in `folder`.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder);
        for name in &self.removed {
            command.env_remove(name);
        }
        command.envs(self.set.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The compiler that cargo will take.
    pub(crate) fn rustc(&self) -> &OsStr {
        &self.rustc
    }

    /// The variable that names the compiler. Without one, it is what rustup or the PATH choose.
    pub(crate) fn compiler_named_by(&self) -> Option<&'static str> {
        self.named_by
    }

    /// The folder for builds, where cargo would take `target`: a compiler of our own has its own,
    /// so that it and the default compiler do not rebuild each other's work.
    pub(crate) fn target_folder(&self, target: &Path) -> PathBuf {
        match self.named_by {
            Some(JAMSOCKET_RUSTC) => target.join("jamsocket-rustc"),
            _ => target.to_owned(),
        }
    }
}

#[cfg(test)]
impl BuildEnvironment {
    /// The default tools, looked up in `folder` before anywhere else.
    pub(crate) fn with_tools_in(folder: &Path) -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(folder.to_owned()).chain(env::split_paths(&path));
        let mut environment = Self::of_this_process();
        environment.set.push(("PATH", env::join_paths(folders).unwrap()));
        environment
    }
}

fn is_removed(name: &OsStr, inside_cargo: bool) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    ABOUT_THE_OUTER_PACKAGE.contains(&name)
        || ABOUT_THE_OUTER_PACKAGE_BY_PREFIX.iter().any(|prefix| name.starts_with(prefix))
        || inside_cargo && CHOICE_OF_THE_OUTER_COMPILER.contains(&name)
}

/// A bare name is looked up in the PATH; a path starts at the folder that `jamsocket` runs in.
fn program(named: OsString, current: &Path) -> OsString {
    match Path::new(&named).components().count() {
        0 | 1 if !Path::new(&named).has_root() => named,
        // Collected anew, `.` falls out of it.
        _ => current.join(named).components().collect::<PathBuf>().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn environment(variables: &[(&str, &str)]) -> BuildEnvironment {
        let variables = variables.iter().map(|(n, v)| (OsString::from(n), OsString::from(v)));
        BuildEnvironment::new(variables, Path::new("/here"))
    }

    /// What a command gets that is not simply inherited: `None` is "removed".
    fn changes(variables: &[(&str, &str)]) -> BTreeMap<String, Option<String>> {
        let text = |s: &OsStr| s.to_str().unwrap().to_owned();
        environment(variables)
            .command("cargo", Path::new("/there"))
            .get_envs()
            .map(|(name, value)| (text(name), value.map(text)))
            .collect()
    }

    fn removed(names: &[&str]) -> BTreeMap<String, Option<String>> {
        names.iter().map(|name| (name.to_string(), None)).collect()
    }

    #[test]
    fn from_a_shell_the_environment_goes_through_untouched() {
        let shell = [
            ("CARGO_HOME", "/c"),
            ("CARGO_BUILD_JOBS", "1"),
            ("RUSTFLAGS", "-Copt-level=s"),
            ("RUSTC_WRAPPER", "sccache"),
            ("RUSTUP_TOOLCHAIN", "nightly"),
        ];
        assert_eq!(changes(&shell), BTreeMap::new());
    }

    #[test]
    fn inside_a_cargo_its_package_compiler_and_toolchain_are_removed() {
        let inside = [
            ("CARGO", "/t/bin/cargo"),
            ("CARGO_HOME", "/c"),
            ("CARGO_MANIFEST_DIR", "/outer"),
            ("CARGO_PKG_NAME", "outer"),
            ("CARGO_BIN_EXE_jamsocket", "/x"),
            ("RUSTC", "/t/bin/rustc"),
            ("RUSTC_WRAPPER", "w"),
            ("RUSTFLAGS", "-Ctarget-cpu=native"),
            ("RUSTUP_HOME", "/r"),
            ("RUSTUP_TOOLCHAIN", "stable"),
        ];
        let names: Vec<_> = inside.iter().map(|(name, _)| *name).collect();
        let kept = ["CARGO_HOME", "RUSTUP_HOME"];
        let gone: Vec<_> = names.into_iter().filter(|name| !kept.contains(name)).collect();
        assert_eq!(changes(&inside), removed(&gone));
        assert_eq!(environment(&inside).rustc(), "rustc");
    }

    #[test]
    fn a_package_of_an_outer_build_is_removed_even_where_no_cargo_is_seen() {
        assert_eq!(changes(&[("CARGO_PKG_NAME", "x")]), removed(&["CARGO_PKG_NAME"]));
    }

    #[test]
    fn the_named_compiler_beats_any_other_and_has_a_target_folder_of_its_own() {
        for outer in [&[][..], &[("CARGO", "/c")], &[("RUSTC", "/other/rustc")]] {
            let variables = [outer, &[(JAMSOCKET_RUSTC, "/wasi/bin/rustc")]].concat();
            let environment = environment(&variables);
            assert_eq!(environment.rustc(), "/wasi/bin/rustc");
            assert_eq!(changes(&variables)["RUSTC"].as_deref(), Some("/wasi/bin/rustc"));
            let target = environment.target_folder(Path::new("/p/target"));
            assert_eq!(target, Path::new("/p/target/jamsocket-rustc"));
        }
    }

    #[test]
    fn a_compiler_by_rustc_is_heeded_outside_a_cargo_only() {
        let outside = environment(&[("RUSTC", "/r/rustc")]);
        assert_eq!(
            (outside.rustc(), outside.compiler_named_by()),
            ("/r/rustc".as_ref(), Some("RUSTC"))
        );
        assert_eq!(outside.target_folder(Path::new("/p/target")), Path::new("/p/target"));
        let inside = environment(&[("RUSTC", "/r/rustc"), ("CARGO", "/c")]);
        assert_eq!((inside.rustc(), inside.compiler_named_by()), ("rustc".as_ref(), None));
    }

    #[test]
    fn relative_paths_mean_the_folder_that_the_command_runs_in() {
        let rustc = |named| environment(&[(JAMSOCKET_RUSTC, named)]).rustc().to_owned();
        assert_eq!(rustc("tools/rustc"), "/here/tools/rustc");
        assert_eq!(rustc("./rustc"), "/here/rustc");
        assert_eq!(rustc("my-rustc"), "my-rustc");
        let set = changes(&[("CARGO_TARGET_DIR", "out")]);
        assert_eq!(set["CARGO_TARGET_DIR"].as_deref(), Some("/here/out"));
    }

    #[test]
    fn an_empty_name_is_no_name() {
        assert_eq!(environment(&[(JAMSOCKET_RUSTC, "")]).rustc(), "rustc");
    }
}

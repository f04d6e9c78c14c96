use super::*;
use crate::testing::write;
use tempfile::TempDir;

/// A workspace in which `service` depends on `shared` by path, and for its tests on `kit`; `other` has
/// nothing to do with them.
fn workspace() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let members = "members = [\"service\", \"shared\", \"kit\", \"other\"]";
    write(folder.path(), "Cargo.toml", &format!("[workspace]\nresolver = \"3\"\n{members}\n"));
    let dependencies = "[dependencies]\nshared = { path = \"../shared\" }\n\
                        [dev-dependencies]\nkit = { path = \"../kit\" }\n";
    for (name, more) in [("service", dependencies), ("shared", ""), ("kit", ""), ("other", "")] {
        let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n{more}");
        write(folder.path(), &format!("{name}/Cargo.toml"), &manifest);
        write(folder.path(), &format!("{name}/src/lib.rs"), "");
    }
    folder
}

fn sources(folder: &Path) -> Sources {
    let config = Config::in_folder(folder).unwrap();
    Sources::of(folder, &config, true, &BuildEnvironment::of_this_process())
}

/// The files that are looked at, as they are called in `folder`.
fn seen(sources: &Sources, folder: &Path) -> Vec<String> {
    let folder = folder.canonicalize().unwrap();
    let files = sources.look().files.into_keys();
    files.map(|file| file.strip_prefix(&folder).unwrap().display().to_string()).collect()
}

#[test]
fn a_package_is_built_from_itself_and_what_it_depends_on_by_path() {
    let workspace = workspace();
    let seen = seen(&sources(&workspace.path().join("service")), workspace.path());
    let expected = [
        "Cargo.lock",
        "Cargo.toml",
        "service/Cargo.toml",
        "service/src/lib.rs",
        "shared/Cargo.toml",
        "shared/src/lib.rs",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn in_the_root_of_a_workspace_every_package_counts() {
    let workspace = workspace();
    let seen = seen(&sources(workspace.path()), workspace.path());
    assert!(seen.contains(&"other/src/lib.rs".to_owned()), "{seen:?}");
}

#[test]
fn packages_that_the_settings_name_count_too() {
    let workspace = workspace();
    write(workspace.path(), "service/jamsocket.toml", "[client]\npackage = \"other\"\n");
    let seen = seen(&sources(&workspace.path().join("service")), workspace.path());
    assert!(seen.contains(&"other/src/lib.rs".to_owned()), "{seen:?}");
}

#[test]
fn files_above_a_repository_say_nothing_of_what_it_ignores() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), ".gitignore", "*\n");
    let package = folder.path().join("package");
    write(&package, "Cargo.toml", "[package]\nname = \"p\"\nversion = \"0.1.0\"\n");
    write(&package, "src/lib.rs", "");
    write(&package, ".git/HEAD", "");
    assert!(seen(&sources(&package), &package).contains(&"src/lib.rs".to_owned()));
}

#[test]
fn what_builds_make_and_what_git_ignores_is_not_looked_at() {
    let workspace = workspace();
    let folder = workspace.path().join("shared");
    write(&folder, ".gitignore", "*.log\n/made/\n");
    for file in ["a.log", "made/b.rs", "kept/.gitignore", "kept/c.rs", "kept/made/d.rs"] {
        write(&folder, file, if file.ends_with("kept/.gitignore") { "c.rs\n" } else { "" });
    }
    write(workspace.path(), "target/debug/e.rs", "");
    write(workspace.path(), "service/.lib.rs.swp", "");
    write(&folder, "other-target/CACHEDIR.TAG", "");
    write(&folder, "other-target/debug/f.rs", "");
    let seen = seen(&sources(&workspace.path().join("service")), workspace.path());
    let of_interest: Vec<_> = seen.iter().filter(|file| !file.ends_with("Cargo.toml")).collect();
    let expected =
        ["Cargo.lock", "service/src/lib.rs", "shared/kept/made/d.rs", "shared/src/lib.rs"];
    assert_eq!(of_interest, expected);
}

#[test]
fn a_package_that_cargo_cannot_read_is_looked_at_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "Cargo.toml", "[package\n");
    write(folder.path(), "src/lib.rs", "");
    write(folder.path(), "target/debug/made.rs", "");
    assert_eq!(seen(&sources(folder.path()), folder.path()), ["Cargo.toml", "src/lib.rs"]);
}

#[test]
fn the_settings_beside_the_package_and_those_that_a_flag_names_count() {
    let workspace = workspace();
    let folder = workspace.path().join("service");
    write(&folder, "jamsocket.toml", "");
    write(workspace.path(), "elsewhere.toml", "");
    let named = workspace.path().join("elsewhere.toml");
    let seen = seen(&sources(&folder).with_file(Some(&named)), workspace.path());
    for file in ["service/jamsocket.toml", "elsewhere.toml"] {
        assert!(seen.contains(&file.to_owned()), "{seen:?}");
    }
}

#[test]
fn of_a_large_file_it_counts_when_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources { folders: [folder.path().to_owned()].into(), ..Sources::default() };
    let text = "x".repeat(SMALL as usize);
    let set_time = |name: &str, time| {
        let file = fs::File::options().write(true).open(folder.path().join(name)).unwrap();
        file.set_modified(time).unwrap();
    };
    write(folder.path(), "small", &text);
    write(folder.path(), "large", &format!("{text}x"));
    let first = sources.look();
    set_time("small", SystemTime::UNIX_EPOCH);
    assert_eq!(sources.look().change_since(&first), None);
    set_time("large", SystemTime::UNIX_EPOCH);
    let now = sources.look();
    assert_eq!(now.change_since(&first).unwrap().file_name().unwrap(), "large");
}

#[test]
fn a_file_that_is_written_comes_or_goes_is_a_change_and_one_that_is_read_is_none() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "src/lib.rs", "1");
    let sources = Sources { folders: [folder.path().to_owned()].into(), ..Sources::default() };
    let changed = |before: &Snapshot| {
        let now = sources.look();
        let change = now.change_since(before).map(|file| file.file_name().unwrap().to_owned());
        (change, now)
    };
    let first = sources.look();
    fs::read(folder.path().join("src/lib.rs")).unwrap();
    write(folder.path(), "src/lib.rs", "1");
    assert_eq!(changed(&first).0, None);
    write(folder.path(), "src/lib.rs", "12");
    let (change, second) = changed(&first);
    assert_eq!(change.unwrap(), "lib.rs");
    write(folder.path(), "src/new.rs", "");
    let (change, third) = changed(&second);
    assert_eq!(change.unwrap(), "new.rs");
    fs::remove_file(folder.path().join("src/new.rs")).unwrap();
    assert_eq!(changed(&third).0.unwrap(), "new.rs");
    assert_eq!(changed(&second).0, None);
}

use super::*;
use crate::{cargo::BuildEnvironment, config::Config, testing::write};
use std::fs;
use tempfile::TempDir;

fn package() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "Cargo.toml", "[package]\nname = \"p\"\nversion = \"0.1.0\"\n");
    write(folder.path(), "src/lib.rs", "");
    write(folder.path(), ".gitignore", "*.log\n");
    folder
}

fn watch(folder: &TempDir) -> Watch {
    Watch::new(sources(folder)).unwrap()
}

fn sources(folder: &TempDir) -> Sources {
    let environment = BuildEnvironment::of_this_process();
    Sources::of(folder.path(), &Config::default(), true, &environment)
}

/// The name of the file whose change is seen next.
fn next(watch: &mut Watch) -> String {
    watch.next().unwrap().file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn a_file_that_is_saved_is_seen() {
    let package = package();
    let mut watch = watch(&package);
    write(package.path(), "src/lib.rs", "// saved");
    assert_eq!(next(&mut watch), "lib.rs");
}

#[test]
fn a_file_that_is_saved_by_putting_another_in_its_place_is_seen() {
    let package = package();
    let mut watch = watch(&package);
    write(package.path(), "src/.lib.rs.tmp", "// saved");
    fs::rename(package.path().join("src/.lib.rs.tmp"), package.path().join("src/lib.rs")).unwrap();
    assert_eq!(next(&mut watch), "lib.rs");
}

#[test]
fn a_burst_of_changes_is_one() {
    let package = package();
    let mut watch = watch(&package);
    for n in 0..200 {
        write(package.path(), &format!("src/m{n:03}.rs"), "");
    }
    assert_eq!(next(&mut watch), "m000.rs");
    assert_eq!(watch.seen, watch.sources.look());
}

#[test]
fn files_in_folders_that_are_new_are_seen() {
    let package = package();
    let mut watch = watch(&package);
    write(package.path(), "src/deep/down/mod.rs", "");
    assert_eq!(next(&mut watch), "mod.rs");
    write(package.path(), "src/deep/down/mod.rs", "// saved");
    assert_eq!(next(&mut watch), "mod.rs");
}

#[test]
fn a_folder_that_goes_and_comes_again_is_still_watched() {
    let package = package();
    let mut watch = watch(&package);
    fs::remove_dir_all(package.path().join("src")).unwrap();
    assert_eq!(next(&mut watch), "lib.rs");
    write(package.path(), "src/lib.rs", "// back");
    assert_eq!(next(&mut watch), "lib.rs");
    write(package.path(), "src/lib.rs", "// saved again");
    assert_eq!(next(&mut watch), "lib.rs");
}

#[test]
fn a_folder_that_goes_and_comes_within_a_burst_is_still_watched() {
    let package = package();
    let mut watch = watch(&package);
    fs::remove_dir_all(package.path().join("src")).unwrap();
    write(package.path(), "src/lib.rs", "// another");
    assert_eq!(next(&mut watch), "lib.rs");
    write(package.path(), "src/lib.rs", "// saved");
    assert_eq!(next(&mut watch), "lib.rs");
}

#[test]
fn sources_that_are_added_are_watched_from_then_on_and_those_from_before_as_well() {
    let (package, other) = (package(), package());
    let mut watch = watch(&package);
    write(package.path(), "src/lib.rs", "// before");
    write(package.path(), "Cargo.lock", "# by cargo");
    watch.add(sources(&other)).unwrap();
    assert_eq!(next(&mut watch), "lib.rs");
    write(other.path(), "src/other.rs", "");
    assert_eq!(next(&mut watch), "other.rs");
}

#[test]
fn a_folder_of_somebody_elses_is_passed_over() {
    let refused = notify::Error::io(io::ErrorKind::PermissionDenied.into());
    assert!(is_out_of_reach(&refused) && is_out_of_reach(&notify::Error::path_not_found()));
    assert!(!is_out_of_reach(&notify::Error::new(ErrorKind::MaxFilesWatch)));
}

#[test]
fn what_changes_while_nobody_waits_is_seen_later() {
    let package = package();
    let mut watch = watch(&package);
    write(package.path(), "src/one.rs", "");
    assert_eq!(next(&mut watch), "one.rs");
    write(package.path(), "src/two.rs", "");
    write(package.path(), "src/two.rs", "// and again");
    assert_eq!(next(&mut watch), "two.rs");
}

#[test]
fn files_that_git_ignores_or_that_come_and_go_are_no_change() {
    let package = package();
    let mut watch = watch(&package);
    for n in 0..20 {
        write(package.path(), "src/build.log", &n.to_string());
        write(package.path(), "src/4913", "");
        fs::remove_file(package.path().join("src/4913")).unwrap();
        write(package.path(), &format!("target/debug/{n}.rs"), "");
    }
    write(package.path(), "src/lib.rs", "// the first that counts");
    assert_eq!(next(&mut watch), "lib.rs");
}

#[test]
fn reading_is_no_change() {
    let access = EventKind::Access(notify::event::AccessKind::Any);
    assert!(!is_change(&Ok(Event::new(access))));
    assert!(is_change(&Ok(Event::new(EventKind::Any))));
    assert!(is_change(&Err(notify::Error::generic("too much at once"))));
}

#[test]
fn a_system_that_watches_no_more_is_an_error_that_says_what_to_raise() {
    let folder = Some(Path::new("/p/src"));
    let error = WatchError::new(notify::Error::new(ErrorKind::MaxFilesWatch), folder);
    let expected = "the system watches no more folders for this user: `/p/src` is one too many";
    assert_eq!(error.to_string(), expected);
    assert!(error.help().unwrap().contains("sysctl fs.inotify.max_user_watches="));

    let full = notify::Error::io(io::Error::from_raw_os_error(EMFILE));
    let error = WatchError::new(full, None);
    assert_eq!(error.to_string(), "too many programs of this user watch files");
    assert!(error.help().unwrap().contains("sysctl fs.inotify.max_user_instances="));

    let other = WatchError::new(notify::Error::generic("no"), folder);
    assert_eq!(other.to_string(), "cannot watch `/p/src`");
    assert!(other.help().is_none());
}

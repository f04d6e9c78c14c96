use super::*;
use crate::testing::write;
use std::fs;
use tempfile::TempDir;

/// A folder with the crates, which have the version of their workspace.
fn checkout(version: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let workspace = format!("[workspace.package]\nversion = \"{version}\"\n");
    write(folder.path(), "Cargo.toml", &workspace);
    for name in CRATES {
        let manifest = format!("[package]\nname = \"{name}\"\nversion.workspace = true\n");
        write(folder.path(), &format!("{name}/Cargo.toml"), &manifest);
    }
    folder
}

fn argument(text: &str) -> CratesArgument {
    text.parse().unwrap()
}

fn named(folder: &Path) -> Result<Crates, NewError> {
    Crates::find(Some(&CratesArgument::Folder(folder.to_owned())), &[])
}

fn is(folder: &Path) -> Crates {
    Crates::Checkout(folder.canonicalize().unwrap().to_str().unwrap().to_owned())
}

#[test]
fn what_has_a_scheme_is_a_url_and_so_is_what_git_takes_for_one() {
    for url in ["https://h.example/j.git", "ssh://git@h.example/j", "file:///srv/jam.git"] {
        assert_eq!(argument(url), CratesArgument::Url(url.to_owned()));
    }
    let url = "ssh://git@h.example/ann/j.git".to_owned();
    assert_eq!(argument("git@h.example:ann/j.git"), CratesArgument::Url(url));
    assert_eq!(
        Crates::Git("https://ann:hunter2@h.example/j".into()).to_string(),
        "https://h.example/j"
    );
    for folder in ["../jamsocket", "/srv/jam.git", "a:b", "./a@b:c", "C:\\jam"] {
        assert_eq!(argument(folder), CratesArgument::Folder(folder.into()));
    }
}

#[test]
fn a_url_is_taken_as_it_is() {
    let url = "https://h.example/j.git";
    let here = checkout(OURS);
    let found = Crates::find(Some(&argument(url)), &[here.path()]).unwrap();
    assert_eq!(found, Crates::Git(url.to_owned()));
}

#[test]
fn a_folder_that_is_named_is_taken_before_any_other() {
    let (there, here) = (checkout(OURS), checkout(OURS));
    let argument = CratesArgument::Folder(there.path().to_owned());
    let found = Crates::find(Some(&argument), &[here.path()]).unwrap();
    assert_eq!(found, is(there.path()));
}

#[test]
fn a_folder_that_is_named_has_the_crates() {
    let folder = checkout(OURS);
    assert_eq!(named(folder.path()).unwrap(), is(folder.path()));
    let path = folder.path().display().to_string();

    write(
        folder.path(),
        "jamsocket/Cargo.toml",
        "[package]\nname = \"jam\"\nversion = \"0.3.0\"\n",
    );
    let expected =
        format!("`{path}` is no checkout of Jamsocket: there is no crate `jamsocket` in it");
    assert_eq!(named(folder.path()).unwrap_err().to_string(), expected);

    fs::remove_file(folder.path().join("jamsocket-wasm/Cargo.toml")).unwrap();
    let expected =
        format!("`{path}` is no checkout of Jamsocket: there is no crate `jamsocket-wasm` in it");
    assert_eq!(named(folder.path()).unwrap_err().to_string(), expected);
}

#[test]
fn the_crates_are_as_new_as_the_templates_and_of_their_kind() {
    let ours: Version = OURS.parse().unwrap();
    let newer = Version { patch: ours.patch + 1, ..ours.clone() };
    named(checkout(&newer.to_string()).path()).unwrap();
    for other in [Version::new(0, 2, 9), Version::new(ours.major, ours.minor + 1, 0)] {
        let folder = checkout(&other.to_string());
        let refused = named(folder.path()).unwrap_err().to_string();
        let expected = format!("is a checkout of Jamsocket {other}, and this is {OURS}");
        assert!(refused.ends_with(&expected), "{refused}");
    }
}

#[test]
fn a_crate_may_have_a_version_of_its_own() {
    let folder = checkout("0.0.1");
    for name in CRATES {
        let manifest = format!("[package]\nname = \"{name}\"\nversion = \"{OURS}\"\n");
        write(folder.path(), &format!("{name}/Cargo.toml"), &manifest);
    }
    assert_eq!(named(folder.path()).unwrap(), is(folder.path()));
}

#[test]
fn without_a_name_it_is_the_checkout_that_a_folder_is_in() {
    let (first, second) = (checkout(OURS), checkout(OURS));
    let below = second.path().join("examples/deep");
    let elsewhere = tempfile::tempdir().unwrap();
    let found = |near: &[&Path]| Crates::find(None, near).unwrap();
    assert_eq!(found(&[elsewhere.path(), &below]), is(second.path()));
    assert_eq!(found(&[first.path(), &below]), is(first.path()));
}

#[test]
fn a_checkout_of_another_version_is_passed_by() {
    let (old, ours) = (checkout("0.1.0"), checkout(OURS));
    assert_eq!(Crates::find(None, &[old.path(), ours.path()]).unwrap(), is(ours.path()));
}

#[test]
fn then_it_is_the_one_that_this_program_was_built_from_if_that_is_still_there() {
    let (elsewhere, built_from) = (tempfile::tempdir().unwrap(), checkout(OURS));
    let found = Crates::around(&[elsewhere.path()], built_from.path()).unwrap();
    assert_eq!(found, is(built_from.path()));

    fs::remove_dir_all(built_from.path()).unwrap();
    let refused = Crates::around(&[elsewhere.path()], built_from.path()).unwrap_err();
    assert!(
        matches!(&refused, NewError::NoCrates { built_from: named } if named == built_from.path())
    );
    assert!(refused.help().unwrap().contains("--crates PATH-OR-GIT-URL"));
}

#[test]
fn a_broken_manifest_is_none() {
    let folder = checkout(OURS);
    write(folder.path(), "Cargo.toml", "[workspace");
    assert!(matches!(named(folder.path()), Err(NewError::NoCheckout { .. })));
}

use super::*;
use crate::{config::Config, testing::write};
use tempfile::TempDir;

/// A folder with these packages in it, each with the extra lines of its manifest and an empty
/// library.
fn packages(root: &str, members: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    if !root.is_empty() {
        write(folder.path(), "Cargo.toml", root);
        write(folder.path(), "src/lib.rs", "");
    }
    for (name, lines) in members {
        let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n{lines}");
        write(folder.path(), &format!("{name}/Cargo.toml"), &manifest);
        write(folder.path(), &format!("{name}/src/lib.rs"), "");
    }
    folder
}

fn read(folder: &Path) -> Result<Workspace, PackageError> {
    Workspace::read(folder, &BuildEnvironment::of_this_process())
}

/// A name as `[client]` gives it.
fn name(name: &str) -> PackageName {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jamsocket.toml");
    std::fs::write(&path, format!("[client]\npackage = '{name}'")).unwrap();
    Config::read(&path).unwrap().client.unwrap()
}

const CDYLIB: &str = "[lib]\ncrate-type = [\"cdylib\"]\n";
const WORKSPACE: &str = "[workspace]\nmembers = [\"*\"]\nexclude = [\"src\"]\nresolver = \"3\"\n";

#[test]
fn the_package_of_the_folder_is_taken() {
    let root = format!("[package]\nname = \"alone\"\nversion = \"0.1.0\"\n{CDYLIB}");
    let folder = packages(&root, &[]);
    let workspace = read(folder.path()).unwrap();
    assert_eq!(workspace.own(None).unwrap().name.as_str(), "alone");
}

#[test]
fn a_member_is_taken_from_its_own_folder_and_by_its_name_from_any() {
    let folder = packages(WORKSPACE, &[("a", CDYLIB), ("b", CDYLIB)]);
    let workspace = read(&folder.path().join("b")).unwrap();
    assert_eq!(workspace.own(None).unwrap().name.as_str(), "b");
    assert_eq!(workspace.named(&name("a")).unwrap().name.as_str(), "a");
    assert_eq!(workspace.root(), folder.path().canonicalize().unwrap());
}

#[test]
fn a_virtual_root_with_one_service_and_its_client_needs_no_name() {
    let folder = packages(WORKSPACE, &[("svc", CDYLIB), ("web", CDYLIB), ("util", "")]);
    let workspace = read(folder.path()).unwrap();
    assert_eq!(workspace.own(Some(&name("web"))).unwrap().name.as_str(), "svc");
}

#[test]
fn a_virtual_root_with_several_services_lists_them() {
    let folder = packages(WORKSPACE, &[("chat", CDYLIB), ("draw", CDYLIB), ("util", "")]);
    let refused = read(folder.path()).unwrap().own(None).unwrap_err();
    let real = folder.path().canonicalize().unwrap();
    let expected =
        format!("the workspace in {} has several packages with a cdylib", real.display());
    assert_eq!(refused.to_string(), expected);
    let help = format!(
        "choose one:\n  `jamsocket dev {0}/chat` (chat)\n  `jamsocket dev {0}/draw` (draw)\n\
         or name it in jamsocket.toml: `package` in `[service]`",
        folder.path().display()
    );
    assert_eq!(refused.help(), Some(help));
}

#[test]
fn a_virtual_root_without_a_service_names_its_packages() {
    let folder = packages(WORKSPACE, &[("util", "")]);
    let refused = read(folder.path()).unwrap().own(None).unwrap_err();
    assert!(matches!(refused, PackageError::NoneInWorkspace { .. }), "{refused:?}");
    assert!(refused.help().unwrap().contains("(util):\n  [lib]\n  crate-type = "));
}

#[test]
fn a_package_without_a_cdylib_is_shown_the_two_lines() {
    let folder = packages("", &[("plain", "")]);
    let refused = read(&folder.path().join("plain")).unwrap().own(None).unwrap_err();
    let expected = "the package `plain` has no cdylib: no WebAssembly module comes of it";
    assert_eq!(refused.to_string(), expected);
    let manifest = folder.path().canonicalize().unwrap().join("plain/Cargo.toml");
    let help =
        format!("add to {}:\n  [lib]\n  crate-type = [\"cdylib\", \"rlib\"]", manifest.display());
    assert_eq!(refused.help(), Some(help));
}

#[test]
fn a_package_with_a_program_only_is_told_where_a_service_goes() {
    let folder = packages("", &[("app", "")]);
    let package = folder.path().join("app");
    std::fs::rename(package.join("src/lib.rs"), package.join("src/main.rs")).unwrap();
    let refused = read(&package).unwrap().own(None).unwrap_err();
    assert!(refused.help().unwrap().starts_with("put the service into src/lib.rs and add to "));
}

#[test]
fn an_example_that_is_a_cdylib_does_not_make_the_package_a_service() {
    let example = "[[example]]\nname = \"e\"\npath = \"e.rs\"\ncrate-type = [\"cdylib\"]\n";
    let folder = packages("", &[("plain", example)]);
    write(folder.path(), "plain/e.rs", "");
    let refused = read(&folder.path().join("plain")).unwrap().own(None).unwrap_err();
    assert!(matches!(refused, PackageError::NoCdylib { .. }), "{refused:?}");
}

#[test]
fn a_name_that_is_not_in_the_workspace_is_shown_with_its_place() {
    let folder = packages(WORKSPACE, &[("a", CDYLIB), ("b", "")]);
    let wanted = name("nope");
    let refused = read(folder.path()).unwrap();
    let refused = refused.named(&wanted).unwrap_err();
    let expected = format!("{}: there is no package `nope` in the workspace", wanted.place);
    assert_eq!(refused.to_string(), expected);
    assert!(expected.contains("jamsocket.toml:2:11: "), "{expected}");
    assert_eq!(refused.help().as_deref(), Some("its packages are a, b"));
}

#[test]
fn a_named_package_without_a_cdylib_is_shown_the_two_lines() {
    let folder = packages(WORKSPACE, &[("a", CDYLIB), ("b", "")]);
    let workspace = read(folder.path()).unwrap();
    let refused = workspace.named(&name("b")).unwrap_err();
    assert!(matches!(refused, PackageError::NoCdylib { .. }), "{refused:?}");
}

#[test]
fn a_folder_without_a_package_is_told_from_one_inside_a_package() {
    let folder = packages("", &[("a", CDYLIB)]);
    let outside = read(folder.path()).unwrap_err();
    let here = folder.path().canonicalize().unwrap();
    assert_eq!(outside.to_string(), format!("there is no Cargo.toml in {}", here.display()));
    let inside = read(&folder.path().join("a/src")).unwrap_err();
    let expected = format!("there is one in {0}/a: `jamsocket dev {0}/a`", here.display());
    assert_eq!(inside.help(), Some(expected));
}

#[test]
fn a_module_in_the_place_of_a_folder_is_told_how_it_is_served() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.wasm", "");
    let module = folder.path().join("a.wasm");
    let refused = read(&module).unwrap_err();
    assert_eq!(refused.to_string(), format!("`{}` is not a folder", module.display()));
    let help = format!("to serve a module that is built: `jamsocket serve {}`", module.display());
    assert_eq!(refused.help(), Some(help));
}

#[test]
fn a_manifest_that_cargo_refuses_is_an_error() {
    let folder = packages("[package]\nname = 3\n", &[]);
    assert!(matches!(read(folder.path()), Err(PackageError::Refused { .. })));
}

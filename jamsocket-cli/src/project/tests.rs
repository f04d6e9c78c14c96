use super::*;
use crate::testing::write;
use std::path::Path;
use tempfile::TempDir;

/// A workspace with the services `chat` and `draw`, the browser package `web`, and this
/// `jamsocket.toml`.
fn workspace(config: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let members = "[workspace]\nresolver = \"3\"\nmembers = [\"chat\", \"draw\", \"web\"]\n";
    write(folder.path(), "Cargo.toml", members);
    write(folder.path(), "jamsocket.toml", config);
    for name in ["chat", "draw", "web"] {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n[lib]\ncrate-type = [\"cdylib\"]\n"
        );
        write(folder.path(), &format!("{name}/Cargo.toml"), &manifest);
        write(folder.path(), &format!("{name}/src/lib.rs"), "");
    }
    folder
}

/// The plan for `folder`, as `alone / named / client`.
fn plan(folder: &Path) -> Result<String, Failure> {
    let workspace = Workspace::read(folder, &BuildEnvironment::of_this_process())?;
    let plan = Plan::new(Config::in_folder(folder)?, &workspace)?;
    let show = |service: &PlannedService<'_>| match &service.source {
        PlannedSource::Build(package) => format!("{}={}", service.name, package.name),
        PlannedSource::Module(path) => {
            format!("{}={}", service.name, path.strip_prefix(folder).unwrap().display())
        }
    };
    let alone = plan.alone.iter().map(show).collect::<String>();
    let named = plan.named.iter().map(show).collect::<Vec<_>>().join(" ");
    let client = plan.client.map(|package| package.name.to_string()).unwrap_or_default();
    Ok(format!("{alone} / {named} / {client}"))
}

#[test]
fn the_service_and_the_client_are_packages_of_the_workspace() {
    let folder = workspace("[service]\npackage = 'draw'\n[client]\npackage = 'web'\n");
    assert_eq!(plan(folder.path()).unwrap(), "draw=draw /  / web");
}

#[test]
fn named_services_alone_leave_out_the_folders_own() {
    let folder = workspace("[services.b]\npackage = 'draw'\n[services.a]\nmodule = 'a.wasm'\n");
    assert_eq!(plan(folder.path()).unwrap(), " / a=a.wasm b=draw / ");
}

#[test]
fn named_services_stand_beside_a_service_that_is_there_too() {
    let folder = workspace("[service]\npackage = 'chat'\n[services.x]\npackage = 'draw'\n");
    assert_eq!(plan(folder.path()).unwrap(), "chat=chat / x=draw / ");
}

#[test]
fn a_member_without_a_file_of_its_own_is_served_alone() {
    let folder = workspace("[service]\npackage = 'draw'\n");
    assert_eq!(plan(&folder.path().join("chat")).unwrap(), "chat=chat /  / ");
}

#[test]
fn a_package_that_is_not_there_is_told_before_anything_is_built() {
    for table in ["service", "services.x", "client"] {
        let rest = if table == "client" { "[service]\npackage = 'chat'\n" } else { "" };
        let folder = workspace(&format!("[{table}]\npackage = 'nope'\n{rest}"));
        let refused = plan(folder.path()).unwrap_err();
        let place = folder.path().join("jamsocket.toml");
        let expected =
            format!("{}:2:11: there is no package `nope` in the workspace", place.display());
        assert_eq!(refused.to_string(), expected);
    }
}

#[test]
fn the_limits_of_the_file_are_those_of_the_plan() {
    let folder = workspace("[service]\npackage = 'chat'\n[limits]\nmax_rooms = 5\n");
    let workspace = Workspace::read(folder.path(), &BuildEnvironment::of_this_process()).unwrap();
    let plan = Plan::new(Config::in_folder(folder.path()).unwrap(), &workspace).unwrap();
    assert_eq!(plan.limits.server.max_rooms, 5);
}

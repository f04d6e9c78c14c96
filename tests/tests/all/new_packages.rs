use jamsocket_tests::{Client, Jamsocket, Package, Serving, http, workspace_root};
use std::{fs, path::Path};

fn empty() -> Package {
    Package::with_files(&[])
}

/// Makes a package in `folder`, and returns what people are told.
#[track_caller]
fn made(folder: &Path, arguments: &str) -> String {
    let output = Jamsocket::new(folder, &format!("new {arguments}")).run();
    assert_eq!((output.code, output.stdout.as_str()), (0, ""), "{}", output.stderr);
    output.stderr
}

/// Makes none, and returns what people are told.
#[track_caller]
fn refused(folder: &Path, arguments: &str) -> String {
    let output = Jamsocket::new(folder, &format!("new {arguments}")).run();
    assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{}", output.stderr);
    output.stderr
}

#[track_caller]
fn assert_cargo(package: &Path, arguments: &str) -> String {
    let output = Jamsocket::cargo(package, arguments).run();
    assert_eq!(output.code, 0, "cargo {arguments}: {}{}", output.stdout, output.stderr);
    output.stdout
}

/// Makes a package of a template, whose tests pass and which cargo finds no fault with, and serves
/// it. Its files are there as long as the first value is.
#[track_caller]
fn served(template: &str) -> (Package, Serving) {
    let above = empty();
    // No other test's, as the packages of all tests share the folder that they are built in.
    let name = format!("new-{template}");
    made(above.folder(), &format!("{name} --template {template}"));
    let package = above.folder().join(&name);
    let tested = assert_cargo(&package, "test");
    assert!(tested.contains("test result: ok. ") && tested.contains("test tests::"), "{tested}");
    assert_cargo(&package, "fmt --check");
    assert_cargo(&package, "clippy --all-targets -- --deny warnings");
    let serving = Jamsocket::new(&package, "dev --port 0").serve();
    (above, serving)
}

async fn assert_page(serving: &Serving, title: &str) {
    let page = http(serving.addr, "GET /").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&format!("<title>{title}</title>")), "{}", page.body);
}

#[tokio::test]
async fn a_new_counter_is_tested_and_served() {
    let (_files, serving) = served("counter");
    assert_page(&serving, "Shared counter").await;
    let mut ann = Client::join(serving.addr, "/ws/1").await;
    let mut bob = Client::join(serving.addr, "/ws/1").await;
    ann.say("increment").await;
    for client in [&mut ann, &mut bob] {
        assert_eq!((client.hear().await, client.hear().await), ("0".into(), "1".into()));
    }
}

#[tokio::test]
async fn a_new_chat_is_tested_and_served() {
    let (_files, serving) = served("chat");
    assert_page(&serving, "Chat").await;
    let mut ann = Client::join(serving.addr, "/ws/1").await;
    assert_eq!(ann.hear().await, "you are guest1; /nick NAME changes that");
    ann.say("hello").await;
    assert_eq!(ann.hear().await, "guest1: hello");
}

#[tokio::test]
async fn new_cursors_are_tested_and_served() {
    let (_files, serving) = served("cursors");
    assert_page(&serving, "Cursors").await;
    let mut ann = Client::join(serving.addr, "/ws/1").await;
    assert_eq!(ann.hear_binary().await, [0, 0, 0, 1, 1]);
    let mut bob = Client::join(serving.addr, "/ws/1").await;
    bob.say_binary(&[0, 7, 1, 9, 9, 9, 9]).await;
    assert_eq!(ann.hear_binary().await, [0, 0, 0, 2, 0, 7, 1, 9, 9, 9, 9]);
}

#[tokio::test]
async fn a_new_echo_is_tested_and_served() {
    let (_files, serving) = served("echo");
    assert_page(&serving, "Echo").await;
    let mut ann = Client::join(serving.addr, "/ws/1").await;
    ann.say("hello").await;
    assert_eq!(ann.hear().await, "hello");
}

#[test]
fn what_is_to_be_done_next_is_said() {
    let above = empty();
    let said = made(above.folder(), "rooms/my-room");
    let lines: Vec<&str> = said.lines().map(str::trim).collect();
    let crates = workspace_root().canonicalize().unwrap();
    let created = format!("Created `my-room`, with the crates in {}", crates.display());
    let next = "Next cd rooms/my-room";
    let then = "Then open http://localhost:8080/ in two windows";
    assert_eq!(lines, [created.as_str(), next, "jamsocket dev", then]);
    assert!(above.folder().join("rooms/my-room/.gitignore").is_file());
}

#[test]
fn nothing_is_overwritten() {
    let package = Package::with_files(&[("room/src/lib.rs", "mine"), ("file", "mine")]);
    let said = refused(package.folder(), "room");
    assert!(said.starts_with("error: `room` is there already, and not empty\n"), "{said}");
    assert!(said.contains("help: choose another name"), "{said}");
    let said = refused(package.folder(), "file");
    assert!(said.starts_with("error: `file` is there already, and no folder\n"), "{said}");
    for path in ["room/src/lib.rs", "file"] {
        assert_eq!(fs::read_to_string(package.folder().join(path)).unwrap(), "mine");
    }
    assert_eq!(fs::read_dir(package.folder()).unwrap().count(), 2, "and nothing is left");
    assert_eq!(fs::read_dir(package.folder().join("room")).unwrap().count(), 1);
}

#[test]
fn a_package_in_the_folder_of_a_workspace_is_built_by_itself() {
    let workspace = Package::with_files(&[("Cargo.toml", "[workspace]\nmembers = []\n")]);
    made(workspace.folder(), "new-inside --template echo");
    let output = Jamsocket::new(workspace.folder(), "build new-inside").run();
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(output.stdout.ends_with("/new_inside.wasm\n"), "{}", output.stdout);
}

#[test]
fn the_crates_are_those_that_are_named() {
    let above = empty();
    let root = workspace_root();
    std::os::unix::fs::symlink(&root, above.folder().join("checkout")).unwrap();
    let manifest = |arguments: &str| {
        made(above.folder(), arguments);
        let name = arguments.split(' ').next().unwrap();
        fs::read_to_string(above.folder().join(name).join("Cargo.toml")).unwrap()
    };
    let by_path = manifest("new-by-path --crates ./checkout");
    let path = root.canonicalize().unwrap().join("jamsocket-wasm");
    assert!(by_path.contains(&format!("jamsocket-wasm = {{ path = {path:?} }}")), "{by_path}");
    let by_url = manifest("new-by-url --crates https://rooms.example/jam.git");
    let line = "jamsocket-wasm = { git = \"https://rooms.example/jam.git\" }";
    assert!(by_url.contains(line), "{by_url}");

    let said = refused(above.folder(), "room --crates new-by-path");
    let error =
        "error: `new-by-path` is no checkout of Jamsocket: there is no crate `jamsocket-wasm`";
    assert!(said.starts_with(error) && said.contains("help: --crates takes"), "{said}");
    assert!(!above.folder().join("room").exists());
}

use jamsocket_tests::{Client, Jamsocket, Package, Serving, manifest};
use std::fs;

/// A room that says what it is and who asks, and does as it is told.
const SOURCE: &str = r#"
use jamsocket_wasm::prelude::*;

#[jamsocket_wasm]
pub struct Told(u32);

impl SimpleJamsocketService for Told {
    fn new(_: &str, _: &impl JamsocketContext) -> Self {
        Told(0)
    }

    fn connect(&mut self, client: ClientId, context: &impl JamsocketContext) {
        context.send_message(client, &format!("version {} meets {client}", VERSION));
    }

    fn message(&mut self, client: ClientId, _: &str, context: &impl JamsocketContext) {
        self.0 += 1;
        context.send_message(client, &format!("version {} {client} {}", VERSION, self.0));
    }
}

const VERSION: u32 = 1;
"#;

fn version(version: u32) -> String {
    SOURCE.replace("VERSION: u32 = 1", &format!("VERSION: u32 = {version}"))
}

/// A package of the first version, and `dev` on it.
fn dev(name: &str) -> (Package, Serving) {
    let package = Package::service(name, &version(1));
    let serving = Jamsocket::new(package.folder(), "dev --port 0").serve();
    (package, serving)
}

/// Two clients of a room that have been met.
async fn two(serving: &Serving) -> [Client; 2] {
    let mut clients =
        [Client::join(serving.addr, "/ws/1").await, Client::join(serving.addr, "/ws/1").await];
    for (client, id) in clients.iter_mut().zip(1..) {
        assert_eq!(client.hear().await, format!("version 1 meets {id}"));
    }
    clients
}

async fn asked(client: &mut Client) -> String {
    client.say("who").await;
    client.hear().await
}

#[tokio::test]
async fn a_file_that_is_saved_is_under_the_clients_who_stay_with_their_ids() {
    let (package, serving) = dev("saved");
    let [mut ann, mut bob] = two(&serving).await;
    package.write("src/lib.rs", &version(2));
    let said = serving.lines_to("Swapped saved: 1 room has gone over").join("\n");
    for told in ["Changed src/lib.rs", "Building saved", "Compiling saved"] {
        assert!(said.contains(told), "{said}");
    }
    assert_eq!(ann.hear().await, "version 2 meets 1");
    assert_eq!(bob.hear().await, "version 2 meets 2");
    assert_eq!(asked(&mut bob).await, "version 2 2 1");
    assert!(serving.stop().await.is_empty());
}

#[tokio::test]
async fn a_build_that_fails_leaves_what_runs_until_one_succeeds() {
    let (package, serving) = dev("broken");
    let [mut ann, _bob] = two(&serving).await;
    package.write("src/lib.rs", &version(2).replace("self.0 += 1", "self.0 += ()"));
    let said = serving.lines_to("Running what was built before goes on").join("\n");
    assert_eq!(said.matches("error[E0277]").count(), 1, "{said}");
    assert!(said.contains("--> src/lib.rs"), "{said}");
    assert_eq!(asked(&mut ann).await, "version 1 1 1");
    package.write("src/lib.rs", &version(3));
    serving.line_with("Swapped broken");
    assert_eq!(ann.hear().await, "version 3 meets 1");
}

#[tokio::test]
async fn code_that_traps_in_its_first_callbacks_is_rolled_back_with_the_state() {
    let (package, serving) = dev("trapping");
    let [mut ann, mut bob] = two(&serving).await;
    assert_eq!(asked(&mut ann).await, "version 1 1 1");
    package.write("src/lib.rs", &version(2).replace("self.0 += 1;", "panic!(\"on purpose\");"));
    serving.line_with("Swapped trapping");
    assert_eq!(ann.hear().await, "version 2 meets 1");
    ann.say("who").await;
    let said = serving.line_with("trapping was rolled back to what ran before");
    assert!(said.contains("in the room `1` message(1) failed"), "{said}");
    assert_eq!(asked(&mut ann).await, "version 1 1 2");
    assert_eq!(bob.hear().await, "version 2 meets 2");
    // What runs again is what it was: no change to that.
    package.write("src/lib.rs", &version(1));
    serving.line_with("Unchanged");
    assert_eq!(asked(&mut bob).await, "version 1 2 3");
}

#[tokio::test]
async fn a_change_during_a_build_starts_over() {
    let package = Package::service("over", &version(1));
    package.write(".gitignore", "go\n");
    package.write("go", "");
    package.write("build.rs", WAITS_FOR_GO);
    let serving = Jamsocket::new(package.folder(), "dev --port 0").serve();
    let [mut ann, _bob] = two(&serving).await;
    fs::remove_file(package.folder().join("go")).unwrap();
    package.write("src/lib.rs", &version(2));
    serving.line_with("Compiling over");
    package.write("src/lib.rs", &version(3));
    serving.line_with("Compiling over");
    package.write("go", "");
    serving.line_with("Swapped over");
    assert_eq!(ann.hear().await, "version 3 meets 1");
}

/// A build script that ends when it may.
const WAITS_FOR_GO: &str = r#"
fn main() {
    println!("cargo::rerun-if-changed=src");
    while !std::path::Path::new("go").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
"#;

#[tokio::test]
async fn a_module_that_is_refused_leaves_what_runs() {
    let (package, serving) = dev("refused");
    let [mut ann, _bob] = two(&serving).await;
    package.write("src/lib.rs", &version(2).replace("#[jamsocket_wasm]", ""));
    let said = serving.lines_to("Running what was built before goes on").join("\n");
    assert!(said.contains("error: ") && said.contains("`initialize`"), "{said}");
    assert_eq!(asked(&mut ann).await, "version 1 1 1");
}

#[tokio::test]
async fn what_the_package_depends_on_by_path_is_watched_too() {
    let more = "shared = { path = \"shared\" }\n[workspace]\n";
    let package = Package::service("depending", &version(1));
    package.write("Cargo.toml", &format!("{}{more}", manifest("depending", true)));
    let source = version(1).replace("const VERSION: u32 = 1;", "use shared::VERSION;");
    package.write("src/lib.rs", &source);
    let shared = "[package]\nname = \"shared\"\nversion = \"0.1.0\"\n";
    package.write("shared/Cargo.toml", shared);
    package.write("shared/src/lib.rs", "pub const VERSION: u32 = 1;");
    let serving = Jamsocket::new(package.folder(), "dev --port 0").serve();
    let [mut ann, _bob] = two(&serving).await;
    package.write("shared/src/lib.rs", "pub const VERSION: u32 = 2;");
    serving.line_with("Changed shared/src/lib.rs");
    serving.line_with("Swapped depending");
    assert_eq!(ann.hear().await, "version 2 meets 1");
}

#[tokio::test]
async fn settings_that_are_wrong_or_wait_for_the_next_start_are_told() {
    let (package, serving) = dev("settings");
    package.write("jamsocket.toml", "[service\n");
    let said = serving.lines_to("Running what was built before goes on").join("\n");
    assert!(said.contains("error: jamsocket.toml:1"), "{said}");
    package.write("jamsocket.toml", "[limits]\nmax_clients = 7\n");
    let said = serving.lines_to("Unchanged").join("\n");
    assert!(said.contains("they count when `jamsocket dev` is started again"), "{said}");
}

#[tokio::test]
async fn where_the_first_build_fails_a_change_is_the_next_try() {
    let package = Package::service("first", "not rust");
    let mended = || package.write("src/lib.rs", &version(1));
    let serving = Jamsocket::new(package.folder(), "dev --port 0")
        .serve_after("Waiting for a change", mended);
    two(&serving).await;
}

#[tokio::test]
async fn keys_build_and_quit_and_a_line_says_who_is_there() {
    let package = Package::service("keys", &version(1));
    let mut serving = Jamsocket::new(package.folder(), "dev --port 0").at_a_terminal().serve();
    let _clients = two(&serving).await;
    serving.press("r");
    serving.line_with("Unchanged");
    // The line at the bottom is drawn anew with each line above it.
    serving.press("r");
    let said = serving.lines_to("Unchanged").join("\n");
    assert!(said.contains("1 room · 2 clients · building · r rebuild"), "{said}");
    serving.press("q");
    assert_eq!(serving.code().await, 0);
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn without_watching_nothing_is_watched() {
    let watches = |serving: &Serving| {
        let open = fs::read_dir(format!("/proc/{}/fd", serving.id())).unwrap();
        let links = open.flatten().filter_map(|file| fs::read_link(file.path()).ok());
        links.filter(|link| link.to_string_lossy().contains("inotify")).count()
    };
    let package = Package::service("unwatched", &version(1));
    let watching = Jamsocket::new(package.folder(), "dev --port 0").serve();
    assert_eq!(watches(&watching), 1);
    let serving = Jamsocket::new(package.folder(), "dev --port 0 --no-watch").serve();
    assert_eq!(watches(&serving), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn where_the_system_watches_no_more_it_is_said_what_to_raise() {
    let package = Package::service("unwatchable", &version(1));
    for (limit, value, told) in [
        ("max_inotify_instances", 0, "fs.inotify.max_user_instances="),
        ("max_inotify_watches", 1, "fs.inotify.max_user_watches="),
    ] {
        let output =
            Jamsocket::new(package.folder(), "dev --port 0").with_user_limit(limit, value).run();
        assert_eq!(output.code, 1);
        for text in [told, "`--no-watch`"] {
            assert!(output.stderr.contains(text), "{}", output.stderr);
        }
    }
}

use jamsocket_tests::{
    Client, Jamsocket, Metrics, Package, RawClient, guest, http, manifest, readme_block,
    workspace_root,
};
use std::{fs, path::Path};

/// The README's counter.
fn counter() -> Package {
    Package::service("my-counter", &readme_block("rust", "SharedCounterServer(i32)"))
}

fn module(example: &str) -> String {
    guest(example).to_str().unwrap().to_owned()
}

fn empty() -> Package {
    Package::with_files(&[])
}

/// Runs a command that fails, and returns its code and what it says.
#[track_caller]
fn failing(folder: &Path, arguments: &str) -> (i32, String) {
    let output = Jamsocket::new(folder, arguments).run();
    assert_eq!(output.stdout, "", "a failure says nothing to scripts");
    assert!(!output.stderr.contains('\u{1b}'), "there is no terminal: {}", output.stderr);
    (output.code, output.stderr)
}

#[track_caller]
fn assert_says(said: &str, lines: &[&str]) {
    for line in lines {
        assert!(said.contains(line), "`{line}` is not in:\n{said}");
    }
    let errors = said.lines().filter(|line| line.starts_with("error: ")).count();
    assert_eq!(errors, 1, "there is one error:\n{said}");
}

async fn counts(addr: std::net::SocketAddr, path: &str) {
    let mut ann = Client::join(addr, path).await;
    let mut bob = Client::join(addr, path).await;
    ann.say("increment").await;
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.hear().await, "new value: 1");
    }
}

#[tokio::test]
async fn dev_builds_and_serves_the_counter_of_the_readme() {
    let package = counter();
    let serving = Jamsocket::new(package.folder(), "dev --port 0").serve();
    assert_eq!(http(serving.addr, "GET /status").await.body, "ok");
    assert_eq!(http(serving.addr, "GET /_/").await.status, 200);
    counts(serving.addr, "/ws/1").await;
    serving.signal("TERM");
    assert_eq!(serving.code().await, 0);
}

#[tokio::test]
async fn dev_takes_a_path_and_the_settings_beside_it() {
    let package = counter();
    package.write("jamsocket.toml", "static_files = \"web\"\n[service]\nroom_strategy = \"api\"\n");
    package.write("web/index.html", "the page");
    let path = format!("dev --port 0 {}", package.folder().display());
    let serving = Jamsocket::new(Path::new("/"), &path).serve();
    assert_eq!(http(serving.addr, "GET /").await.body, "the page");
    assert_eq!(Client::try_join(serving.addr, "/ws/1").await.unwrap_err().status, 404);
    assert_eq!(http(serving.addr, "POST /ws/1").await.status, 200);
    counts(serving.addr, "/ws/1").await;
}

#[test]
fn build_prints_the_path_of_the_module() {
    let package = counter();
    let output = Jamsocket::new(package.folder(), "build").run();
    assert_eq!(output.code, 0, "{}", output.stderr);
    let module = Path::new(output.stdout.trim_end());
    assert_eq!(&fs::read(module).unwrap()[..4], b"\0asm");
    assert!(output.stderr.contains("my-counter"), "{}", output.stderr);
}

#[tokio::test]
async fn serve_takes_several_modules_by_name() {
    let arguments = format!("serve count={} echo={} --port 0", module("counter"), module("echo"));
    let serving = Jamsocket::new(empty().folder(), &arguments).serve();
    counts(serving.addr, "/count/ws/1").await;
    let mut ann = Client::join(serving.addr, "/echo/ws/1").await;
    ann.say("hello").await;
    assert_eq!(ann.hear().await, "hello");
}

#[tokio::test]
async fn serve_takes_the_services_of_jamsocket_toml() {
    let toml = format!(
        "[services.count]\nmodule = {:?}\nroom_strategy = \"short\"\n[services.echo]\nmodule = {:?}\n",
        module("counter"),
        module("echo")
    );
    let package = Package::with_files(&[("jamsocket.toml", &toml)]);
    // The modules are elsewhere.
    let serving = Jamsocket::new(package.folder(), "serve --port 0 --trust-config").serve();
    let room = http(serving.addr, "POST /count/new_room").await.body;
    counts(serving.addr, &format!("/count/ws/{room}")).await;
    let mut ann = Client::join(serving.addr, "/echo/ws/any").await;
    ann.say("hello").await;
    assert_eq!(ann.hear().await, "hello");
}

#[tokio::test]
async fn limits_are_set_by_a_flag_or_by_jamsocket_toml() {
    for (toml, flag) in [
        ("", "--message-bytes 100"),
        ("[limits]\nmessage_bytes = 100\n", ""),
        ("[limits]\nmessage_bytes = \"7\"\n", "--message-bytes 100"),
    ] {
        let package = Package::with_files(&[("jamsocket.toml", toml)]);
        let arguments = format!("serve {} --port 0 {flag}", module("echo"));
        let serving = Jamsocket::new(package.folder(), &arguments).serve();
        let mut ann = Client::join(serving.addr, "/ws/1").await;
        ann.say(&"x".repeat(100)).await;
        assert_eq!(ann.hear().await, "x".repeat(100));
        ann.say(&"x".repeat(101)).await;
        assert_eq!(ann.hear_close().await.0, 1009, "{toml}{flag}");
    }
}

#[tokio::test]
async fn the_admin_address_is_a_flag_or_in_jamsocket_toml_and_is_said() {
    for (toml, flag) in [
        ("", "--admin 0"),
        ("admin = \"0\"\n", ""),
        ("admin = \"no.such.host.invalid:1\"\n", "--admin 127.0.0.1:0"),
    ] {
        let package = Package::with_files(&[("jamsocket.toml", toml)]);
        let arguments = format!("serve {} --port 0 {flag}", module("echo"));
        let serving = Jamsocket::new(package.folder(), &arguments).serve();
        let line = serving.line_with("metrics on http://127.0.0.1:");
        let admin = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
        let admin = admin.parse().unwrap();
        assert_eq!(http(serving.addr, "GET /metrics").await.status, 404);
        let mut ann = Client::join(serving.addr, "/ws/1").await;
        ann.say("hello").await;
        assert_eq!(ann.hear().await, "hello");
        // A module of Rust's starts with more than a page.
        let metrics = Metrics::until(admin, "jamsocket_received_messages_total", 1.0).await;
        assert!(metrics.value("jamsocket_guest_memory_bytes") > 65_536.0);
    }
}

#[test]
fn an_admin_address_in_use_is_named_before_anything_is_built() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let line = format!("cannot listen on 127.0.0.1:{port}, the admin address");
    for arguments in [format!("serve {}", module("echo")), "dev".into()] {
        let toml = format!("admin = \"{port}\"\n");
        let package = Package::with_files(&[("jamsocket.toml", &toml)]);
        let (code, said) = failing(package.folder(), &format!("{arguments} --port 0"));
        assert_eq!(code, 1);
        assert_says(&said, &[&line, "--admin"]);
    }
}

#[tokio::test]
async fn a_room_that_the_memory_of_all_does_not_suffice_for_is_refused() {
    // What a module of Rust's starts with is more than a page, and less than 4 MiB.
    let arguments =
        |total| format!("serve {} --port 0 --total-memory-bytes {total}", module("echo"));
    let serving = Jamsocket::new(empty().folder(), &arguments("64KiB")).serve();
    let refused = Client::try_join(serving.addr, "/ws/1").await.unwrap_err();
    assert_eq!((refused.status, refused.retry_after.as_deref()), (503, Some("1")), "{refused:?}");
    assert!(refused.text.contains("64KiB") && refused.text.contains("total_memory_bytes"));
    let serving = Jamsocket::new(empty().folder(), &arguments("4MiB")).serve();
    let _ann = Client::join(serving.addr, "/ws/1").await;
}

#[tokio::test]
async fn what_a_guest_prints_is_in_the_log_with_its_room() {
    let source = r#"
        use jamsocket_wasm::prelude::*;
        #[jamsocket_wasm]
        struct Talks;
        impl SimpleJamsocketService for Talks {
            fn new(_: &str, _: &impl JamsocketContext) -> Self { Talks }
            fn message(&mut self, _: ClientId, message: &str, _: &impl JamsocketContext) {
                println!("heard {message}");
                panic!("and panics");
            }
        }"#;
    let package = Package::service("talks", source);
    let serving = Jamsocket::new(package.folder(), "dev --port 0").serve();
    let mut ann = Client::join(serving.addr, "/ws/some%20room").await;
    ann.say("hello").await;
    assert_eq!(ann.hear_close().await, (1011, "the room has failed".into()));
    let heard = serving.line_with("heard hello");
    assert!(heard.contains("some room"), "{heard}");
    let panic = serving.line_with("and panics");
    assert!(panic.contains("some room"), "{panic}");
    let failed = serving.line_with("message(1) failed");
    assert!(failed.contains("some room") && failed.contains("trap"), "{failed}");
}

#[tokio::test]
async fn a_stop_that_takes_too_long_is_said() {
    let command = format!("serve {} --port 0 --stop-time 200ms", module("echo"));
    let serving = Jamsocket::new(empty().folder(), &command).serve();
    // It does not answer the Close that it gets.
    let _silent = RawClient::join(serving.addr, "/ws/1").await;
    let said = serving.stop().await;
    assert!(said.contains("some rooms or clients did not end within 200ms"), "{said}");
}

#[tokio::test]
async fn a_stop_in_time_says_nothing() {
    let command = format!("serve {} --port 0", module("echo"));
    let serving = Jamsocket::new(empty().folder(), &command).serve();
    Client::join(serving.addr, "/ws/1").await.leave().await;
    assert_eq!(serving.stop().await, "");
}

#[tokio::test]
async fn the_log_shows_ids_escaped_and_nothing_that_is_confided_to_the_server() {
    let command = format!("serve {} --port 0 -vv", module("echo"));
    let serving = Jamsocket::new(empty().folder(), &command).serve();
    let request = RawClient::handshake("/ws/%E2%80%AEroom?token=secret-query").replacen(
        "\r\n",
        "\r\nCookie: secret-cookie\r\nAuthorization: Bearer secret-token\r\n\
         Sec-WebSocket-Protocol: secret-protocol\r\n",
        1,
    );
    let mut client = RawClient::connect(serving.addr).await;
    client.write(request.as_bytes()).await;
    assert_eq!(client.read_status().await, 101);
    client.send(0x81, b"secret-text").await;
    assert_eq!(client.read().await, (0x81, b"secret-text".to_vec()));
    client.send(0x82, b"secret-bytes").await;
    client.send(0x89, b"secret-ping").await;
    client.send(0x81, b"secret-mistake \xff").await;
    while client.read().await.0 != 0x88 {}
    let mut refused = RawClient::connect(serving.addr).await;
    refused.write(b"GET /ws/secret-id%1B HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(refused.read_status().await, 400);
    let said = serving.stop().await;
    assert!(said.contains(r"\u{202e}room"), "{said}");
    assert!(!said.contains("secret") && !said.contains(['\u{202e}', '\u{1b}']), "{said}");
}

#[tokio::test]
async fn an_interrupt_closes_everyone_and_ends_well() {
    let serving =
        Jamsocket::new(empty().folder(), &format!("serve {} --port 0", module("echo"))).serve();
    let mut ann = Client::join(serving.addr, "/ws/1").await;
    serving.signal("INT");
    assert_eq!(ann.hear_close().await.0, 1001);
    assert_eq!(serving.code().await, 0);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (code, said) =
        failing(empty().folder(), &format!("serve {} --port {port}", module("echo")));
    assert_eq!(code, 1);
    assert_says(&said, &[&format!("cannot listen on 127.0.0.1:{port}"), "--port"]);
}

#[test]
fn what_is_no_module_is_refused() {
    let package = Package::with_files(&[
        ("broken.wasm", "this is no module"),
        ("empty.wasm", ""),
        ("bare.wat", "(module)"),
    ]);
    for file in ["broken.wasm", "empty.wasm", "missing.wasm"] {
        let (code, said) = failing(package.folder(), &format!("serve {file}"));
        assert_eq!(code, 1);
        assert_says(&said, &[file]);
    }
    let (code, said) = failing(package.folder(), "serve bare.wat");
    assert_eq!(code, 1);
    assert_says(&said, &["bare.wat", "memory", "jam_malloc", "jam_free", "initialize", "binary"]);
}

#[test]
fn mistakes_in_jamsocket_toml_are_shown_at_their_line() {
    for (toml, place, lines) in [
        ("\nstatic = \"web\"\n", "jamsocket.toml:2", &["static", "static_files"][..]),
        (
            "[service]\nroom_strategy = \"sometimes\"\n",
            "jamsocket.toml:2",
            &["`sometimes`", "implicit"],
        ),
        ("[service]\n\nshutdown_policy = \"5 min\"\n", "jamsocket.toml:3", &["`5 min`", "300sec"]),
        ("static_files = 1\n", "jamsocket.toml:1", &["string"]),
        ("static_files = \"web\"\n", "jamsocket.toml:1", &["there is no folder `web`"]),
        ("[limits]\nmassage_bytes = 1\n", "jamsocket.toml:2", &["massage", "`message_bytes`"]),
        ("[limits]\nmessage_bytes = \"much\"\n", "jamsocket.toml:2", &["`much`", "`64KiB`"]),
        ("[service\n", "jamsocket.toml:1", &["[service"]),
    ] {
        let package = counter();
        package.write("jamsocket.toml", toml);
        let (code, said) = failing(package.folder(), "dev --port 0");
        assert_eq!(code, 1);
        assert_says(&said, &[place]);
        assert_says(&said, lines);
    }
}

#[test]
fn a_folder_that_is_no_package_is_told_so() {
    let (code, said) = failing(empty().folder(), "dev --port 0");
    assert_eq!(code, 1);
    assert_says(&said, &["there is no Cargo.toml", "help: "]);
    let (code, said) = failing(empty().folder(), "build no/such/folder");
    assert_eq!(code, 1);
    assert_says(&said, &["`no/such/folder` is not a folder"]);
}

#[test]
fn a_package_without_a_cdylib_is_told_what_to_add() {
    let package = Package::with_files(&[
        ("Cargo.toml", &manifest("plain", false)),
        ("src/lib.rs", &readme_block("rust", "SharedCounterServer(i32)")),
    ]);
    let (code, said) = failing(package.folder(), "dev --port 0");
    assert_eq!(code, 1);
    assert_says(&said, &["`plain` has no cdylib", "[lib]", "crate-type = [\"cdylib\", \"rlib\"]"]);
}

#[test]
fn several_packages_with_a_cdylib_are_listed() {
    let package = Package::with_files(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"one\", \"two\"]\nresolver = \"3\"\n"),
        ("one/Cargo.toml", &manifest("one", true)),
        ("one/src/lib.rs", ""),
        ("two/Cargo.toml", &manifest("two", true)),
        ("two/src/lib.rs", ""),
    ]);
    let (code, said) = failing(package.folder(), "dev --port 0");
    assert_eq!(code, 1);
    assert_says(&said, &["several packages with a cdylib", "one", "two", "[service]"]);
    package.write("jamsocket.toml", "[service]\npackage = \"three\"\n");
    let (code, said) = failing(package.folder(), "dev --port 0");
    assert_eq!(code, 1);
    assert_says(&said, &["jamsocket.toml:2", "no package `three`", "one", "two"]);
}

#[test]
fn a_build_that_fails_shows_cargos_own_words_once() {
    let package = Package::service("broken", "fn main() { let x: u32 = \"text\"; }\n");
    for command in ["build", "dev --no-watch --port 0"] {
        let (code, said) = failing(package.folder(), command);
        assert_eq!(code, 1);
        assert_eq!(said.matches("error[E0308]: mismatched types").count(), 1, "{said}");
        assert_says(&said.replace("error: could not compile", ""), &["could not build `broken`"]);
    }
}

#[test]
fn a_missing_target_is_named_with_the_command_that_installs_it() {
    let package = counter();
    package.write("bare/lib/empty", "");
    // A compiler without the target: it is asked where the target would be.
    let rustc = format!("#!/bin/sh\necho {}/bare/lib/none\n", package.folder().display());
    let bin = script(&package, "bin/rustc", &rustc);
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let output = Jamsocket::new(package.folder(), "dev --port 0").env("PATH", path).run();
    assert_eq!(output.code, 1);
    let lines = ["the target wasm32-wasip1 is not installed", "rustup target add wasm32-wasip1"];
    assert_says(&output.stderr, &lines);
}

#[test]
fn a_compiler_that_is_named_is_the_one_that_counts() {
    let package = counter();
    let output = Jamsocket::new(package.folder(), "dev --port 0")
        .env("JAMSOCKET_RUSTC", "/no/such/rustc")
        .run();
    assert_eq!(output.code, 1);
    assert_says(&output.stderr, &["/no/such/rustc", "JAMSOCKET_RUSTC"]);
}

#[tokio::test]
async fn a_browser_package_is_built_and_served() {
    let browser = "[package]\nname = \"page\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
        [lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\nwasm-bindgen = \"0.2\"\n";
    let package = Package::with_files(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"room\", \"page\"]\nresolver = \"3\"\n"),
        ("room/Cargo.toml", &manifest("room", true)),
        ("room/src/lib.rs", &readme_block("rust", "SharedCounterServer(i32)")),
        ("page/Cargo.toml", browser),
        ("page/src/lib.rs", "#[wasm_bindgen::prelude::wasm_bindgen]\npub fn f() {}\n"),
        ("jamsocket.toml", "[service]\npackage = \"room\"\n[client]\npackage = \"page\"\n"),
    ]);
    // Without the program of the very version, it says which is missing.
    let old = script(&package, "old/wasm-bindgen", "#!/bin/sh\necho wasm-bindgen 0.2.1\n");
    let with = |bin: &Path| format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let output =
        Jamsocket::new(package.folder(), "dev --yes --port 0").env("PATH", with(&old)).run();
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert_says(&output.stderr, &["0.2.1 is installed", "cargo install wasm-bindgen-cli"]);

    // One of that version, which copies what it is given.
    let version = output.stderr.split("wasm-bindgen-cli --version ").nth(1).unwrap();
    let version = version.split_whitespace().next().unwrap().trim_end_matches('`');
    let fake = format!(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo wasm-bindgen {version}; exit; fi\n\
         while [ $# -gt 0 ]; do case $1 in\n  --out-dir) out=$2; shift;;\n  *.wasm) wasm=$1;;\n\
         esac; shift; done\nmkdir -p \"$out\" && cp \"$wasm\" \"$out/page_bg.wasm\" && echo made > \"$out/page.js\"\n"
    );
    let new = script(&package, "new/wasm-bindgen", &fake);
    let serving =
        Jamsocket::new(package.folder(), "dev --yes --port 0").env("PATH", with(&new)).serve();
    assert_eq!(http(serving.addr, "GET /client/page.js").await.body, "made\n");
    counts(serving.addr, "/ws/1").await;
}

#[test]
fn a_wrong_command_line_is_code_2() {
    for arguments in [
        "",
        "walk",
        "new",
        "new 1room",
        "new room --template game",
        "serve --rooms sometimes x.wasm",
        "serve --port 65536 x.wasm",
        "serve",
        "serve --run-time 5 x.wasm",
    ] {
        let output = Jamsocket::new(empty().folder(), arguments).run();
        assert_eq!(output.code, 2, "{arguments}: {}", output.stderr);
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    for arguments in ["--help", "new --help", "dev --help", "build --help", "serve --help"] {
        let output = Jamsocket::new(empty().folder(), arguments).run();
        assert_eq!(output.code, 0);
        assert!(output.stdout.contains("Example"), "{arguments}: {}", output.stdout);
    }
    let version = Jamsocket::new(empty().folder(), "--version").run().stdout;
    assert!(version.starts_with("jamsocket 0.3.0"), "{version}");
}

#[test]
fn the_readme_says_how_the_command_is_installed() {
    let block = readme_block("console", "cargo install");
    let makefile = fs::read_to_string(workspace_root().join("Makefile")).unwrap();
    // What `make test` installs and runs is what the README says, in another profile and place.
    assert!(block.contains("cargo install --locked --path jamsocket-cli"), "{block}");
    assert!(makefile.contains("cargo install --locked --debug --path jamsocket-cli"));
}

/// Writes a program, and returns the folder that it is in.
fn script(package: &Package, path: &str, content: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;
    package.write(path, content);
    let path = package.folder().join(path);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.parent().unwrap().to_owned()
}

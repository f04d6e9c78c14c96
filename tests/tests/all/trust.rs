use jamsocket_tests::{Jamsocket, Output, Package, bus_programs, guest, http};
use std::{fs, path::Path};

const ASKS: &str = "jamsocket.toml asks for what a file does not get by itself:\n";

/// A folder with this `jamsocket.toml` and a folder `static`.
fn folder(config: &str) -> Package {
    Package::with_files(&[("jamsocket.toml", config), ("static/index.html", "the page")])
}

fn serve(package: &Package, flags: &str) -> Jamsocket {
    let arguments = format!("serve {} --port 0 {flags}", guest("echo").display());
    Jamsocket::new(package.folder(), &arguments)
}

#[track_caller]
fn assert_refused(output: &Output, named: &[&str]) {
    assert_eq!(output.code, 1, "{}", output.stderr);
    let asked: String = named.iter().map(|risk| format!("  - {risk}\n")).collect();
    let help = "  help: read the file, and grant that with --trust-config\n";
    assert_eq!(output.stderr, format!("error: {ASKS}{asked}{help}"));
}

/// Settings that reach beyond the folder and the machine, and what is said of each.
const RISKS: [(&str, &str); 6] = [
    ("static_files = \"/\"", "`static_files` is `/`, outside of the file's folder"),
    (
        "static_files = \"static/../..\"",
        "`static_files` is `static/../..`, outside of the file's folder",
    ),
    ("admin = \"0.0.0.0:0\"", "`admin` is `0.0.0.0:0`, which other machines may reach"),
    (
        "[bus]\nnet = [\"http://169.254.169.254\"]",
        "`bus.net` grants `http://169.254.169.254`, which is not a public address",
    ),
    (
        "[service]\nbus.net = [\"http://localhost:5432\"]",
        "`service.bus.net` grants `http://localhost:5432`, which is not a public address",
    ),
    ("[programs]\nx = \"/bin/true\"", "`programs.x` is `/bin/true`, outside of the file's folder"),
];

#[test]
fn a_file_does_not_get_by_itself_what_reaches_beyond_its_folder_and_this_machine() {
    for (config, risk) in RISKS {
        assert_refused(&serve(&folder(config), "").run(), &[risk]);
    }
    let all = "static_files = \"/etc\"\nadmin = \"[::]:0\"\n[services.x]\nmodule = \"/x.wasm\"\n";
    let output = Jamsocket::new(folder(all).folder(), "serve --port 0").run();
    let named = [
        "`static_files` is `/etc`, outside of the file's folder",
        "`services.x.module` is `/x.wasm`, outside of the file's folder",
        "`admin` is `[::]:0`, which other machines may reach",
    ];
    assert_refused(&output, &named);
}

#[test]
fn a_link_out_of_the_folder_leads_out_of_it() {
    let package = folder("static_files = \"link\"");
    std::os::unix::fs::symlink("/etc", package.folder().join("link")).unwrap();
    let output = serve(&package, "").run();
    assert_refused(&output, &["`static_files` is `link`, outside of the file's folder"]);
}

#[tokio::test]
async fn a_flag_grants_what_the_file_asks_for() {
    let package = folder("static_files = \"../\"\nadmin = \"0.0.0.0:0\"\n");
    let inner = package.folder().join("static");
    fs::copy(package.folder().join("jamsocket.toml"), inner.join("jamsocket.toml")).unwrap();
    package.write("secret.txt", "the secret");
    let arguments = format!("serve {} --port 0 --trust-config", guest("echo").display());
    let serving = Jamsocket::new(&inner, &arguments).serve();
    assert_eq!(http(serving.addr, "GET /secret.txt").await.body, "the secret");
    serving.line_with("metrics on http://0.0.0.0:");
}

#[tokio::test]
async fn what_a_flag_or_a_module_of_the_command_line_takes_the_place_of_is_not_asked_for() {
    let config = "admin = \"0.0.0.0:0\"\n[services.x]\nmodule = \"/x.wasm\"\n";
    let serving = serve(&folder(config), "--admin 0").serve();
    serving.line_with("metrics on http://127.0.0.1:");
    // What stays in the folder is no matter.
    let package = folder("static_files = \"static\"\nadmin = \"0\"");
    let serving = serve(&package, "").serve();
    assert_eq!(http(serving.addr, "GET /").await.body, "the page");
}

#[test]
fn a_program_that_is_run_gets_no_private_addresses_from_a_file_either() {
    let package = folder("[bus]\nnet = [\"http://10.0.0.1\"]\n");
    let program = bus_programs("ours").join("sleep.wasm");
    let run = |flags: &str| {
        let arguments = format!("run {flags} {} 1", program.display());
        Jamsocket::new(package.folder(), &arguments).run()
    };
    assert_refused(
        &run(""),
        &["`bus.net` grants `http://10.0.0.1`, which is not a public address"],
    );
    assert_eq!(run("--trust-config").code, 0);
}

#[test]
fn dev_asks_before_it_builds_anything() {
    let package = Package::service("mine", "not rust");
    package.write("jamsocket.toml", "static_files = \"/\"\n");
    let output = Jamsocket::new(package.folder(), "dev --port 0 --yes").run();
    assert_refused(&output, &["`static_files` is `/`, outside of the file's folder"]);
    // What is served is not for `build`.
    let output = Jamsocket::new(package.folder(), "build").run();
    assert!(output.stderr.contains("could not build"), "{}", output.stderr);
}

#[tokio::test]
async fn the_operator_is_asked_once_on_a_terminal() {
    for (answer, starts) in [("y\n", true), ("n\n", false), ("\n", false)] {
        let package = folder("static_files = \"/etc\"\n");
        let mut serving = serve(&package, "").at_a_terminal().begin();
        serving.line_with("`static_files` is `/etc`, outside of the file's folder");
        serving.press(answer);
        if starts {
            serving.line_with("/etc on http");
            serving.signal("TERM");
        } else {
            serving.line_with("--trust-config");
            assert_eq!(serving.code().await, 1, "{answer:?}");
        }
    }
}

#[tokio::test]
async fn dev_takes_nothing_more_from_a_file_that_changes() {
    let source = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/echo/src/lib.rs"),
    );
    let package = Package::service("changing", &source.unwrap());
    package.write("jamsocket.toml", "[service]\n");
    let serving = Jamsocket::new(package.folder(), "dev --port 0").serve();
    package.write("jamsocket.toml", "[service]\nbus.net = [\"http://10.0.0.1\"]\n");
    serving.line_with("`service.bus.net` grants `http://10.0.0.1`, which is not a public address");
    serving.line_with("what was built before goes on");
    package.write("jamsocket.toml", "[service]\n");
    serving.line_with("Unchanged");
}

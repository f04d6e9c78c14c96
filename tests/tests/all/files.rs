use jamsocket_tests::{Certificate, Jamsocket, Package, guest};
use std::{path::Path, process::Command};

const NO_FILE: &str = "  caused by: it is not a regular file\n";

/// Puts a pipe without a writer in the place of a file.
fn pipe(package: &Package, name: &str) {
    let made = Command::new("mkfifo").arg(package.folder().join(name)).status().unwrap();
    assert!(made.success());
}

/// Puts a file that never ends in the place of a file.
fn endless(package: &Package, name: &str) {
    std::os::unix::fs::symlink("/dev/zero", package.folder().join(name)).unwrap();
}

/// Runs a command that has little memory, and fails.
#[track_caller]
fn fails(folder: &Path, arguments: &str) -> String {
    let output = Jamsocket::new(folder, arguments).within("ulimit -v 1048576").run();
    assert_eq!(output.code, 1, "{}", output.stderr);
    output.stderr
}

const MAKES: [fn(&Package, &str); 2] = [pipe, endless];

#[test]
fn settings_are_read_from_a_regular_file() {
    for make in MAKES {
        let package = Package::with_files(&[]);
        make(&package, "jamsocket.toml");
        for command in ["serve x.wasm", "dev", "build", "check x.wasm", "run x.wasm"] {
            let said = fails(package.folder(), command);
            assert_eq!(said, format!("error: cannot read jamsocket.toml\n{NO_FILE}"), "{command}");
        }
    }
}

#[test]
fn settings_have_a_mebibyte() {
    let package = Package::with_files(&[]);
    let config = |bytes: usize| package.write("jamsocket.toml", &"#\n".repeat(bytes / 2));
    let check = || Jamsocket::new(package.folder(), &format!("check {}", guest("echo").display()));
    config(1 << 20);
    assert_eq!(check().run().code, 0);
    config((1 << 20) + 2);
    let said = check().run().stderr;
    assert_eq!(said, "error: cannot read jamsocket.toml\n  caused by: it is larger than 1MiB\n");
}

#[test]
fn modules_and_programs_are_read_from_a_regular_file() {
    for make in MAKES {
        let package = Package::with_files(&[]);
        make(&package, "x.wasm");
        let echo = guest("echo");
        let program = format!("serve {} --program x=x.wasm --port 0", echo.display());
        for command in ["serve x.wasm --port 0", "check x.wasm", "run x.wasm", &program] {
            let said = fails(package.folder(), command);
            let expected = format!("error: cannot read the module `x.wasm`\n{NO_FILE}");
            assert!(said.ends_with(&expected), "{command}: {said}");
        }
    }
}

#[test]
fn a_certificate_and_its_key_are_read_from_regular_files() {
    for make in MAKES {
        for name in ["cert.pem", "key.pem"] {
            let package = Certificate::new().files();
            std::fs::remove_file(package.folder().join(name)).unwrap();
            make(&package, name);
            let echo = guest("echo");
            let arguments =
                format!("serve {} --port 0 --tls-cert cert.pem --tls-key key.pem", echo.display());
            let said = fails(package.folder(), &arguments);
            assert!(said.contains(&format!("error: cannot read `{name}`\n{NO_FILE}")), "{said}");
        }
    }
}

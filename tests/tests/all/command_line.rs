use jamsocket_tests::{Jamsocket, Output, Package, guest, workspace_root};
use serde_json::Value;
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

fn run(folder: &Path, arguments: &str) -> Output {
    Jamsocket::new(folder, arguments).run()
}

/// What git says about this checkout, if there is one.
fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").arg("-C").arg(workspace_root()).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    output.status.success().then(|| text.trim_end().to_owned())
}

#[test]
fn the_version_is_told_with_the_commit_that_the_command_is_built_from() {
    let commit = git(&["show", "--no-patch", "--abbrev=7", "--format=%h %cs", "HEAD"]);
    let expected = commit.map_or_else(String::new, |commit| format!(" ({commit})"));
    for flag in ["--version", "-V"] {
        let output = run(Path::new("/"), flag);
        assert_eq!(output.code, 0, "{}", output.stderr);
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(output.stdout, format!("jamsocket {version}{expected}\n"));
    }
}

#[test]
fn every_command_that_the_help_lists_has_one_example() {
    let help = run(Path::new("/"), "--help").stdout;
    let commands = help.split("\nCommands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = commands.lines().filter_map(|line| line.strip_prefix("  "));
    let names =
        names.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next());
    let names: Vec<_> = names.filter(|name| *name != "help").collect();
    for expected in ["dev", "build", "serve", "check", "run", "completions"] {
        assert!(names.contains(&expected), "{help}");
    }
    for name in names {
        let output = run(Path::new("/"), &format!("{name} --help"));
        assert_eq!(output.code, 0, "{}", output.stderr);
        assert_eq!(output.stdout.matches("\nExample").count(), 1, "{}", output.stdout);
        let example = output.stdout.split("\nExample").nth(1).unwrap();
        assert!(example.contains(&format!("jamsocket {name} ")), "{example}");
    }
}

#[test]
fn each_shell_gets_a_script_that_knows_the_commands() {
    for shell in SHELLS {
        let output = run(Path::new("/"), &format!("completions {shell}"));
        assert_eq!((output.code, output.stderr.as_str()), (0, ""));
        for word in
            ["jamsocket", "dev", "build", "serve", "check", "run", "completions", "max-rooms"]
        {
            assert!(output.stdout.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(run(Path::new("/"), "completions").code, 2);
    let unknown = run(Path::new("/"), "completions abacus");
    assert_eq!(unknown.code, 2);
    for shell in SHELLS {
        assert!(unknown.stderr.contains(shell), "{}", unknown.stderr);
    }
}

/// Has bash run a script, and returns what it prints; none where there is no bash.
fn bash(arguments: &[&str], script: &str) -> Option<String> {
    let bash = Command::new("bash")
        .args(["--norc", "--noprofile"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut bash = bash.ok()?;
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = bash.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn bash_understands_its_script_and_completes_by_it() {
    let script = run(Path::new("/"), "completions bash").stdout;
    let Some(said) = bash(&["-n"], &script) else { return };
    assert_eq!(said, "");
    let completed = |words: &str, at: usize| {
        let ask = format!(
            "{script}\nCOMP_WORDS=({words})\nCOMP_CWORD={at}\n\
             _jamsocket jamsocket \"${{COMP_WORDS[{at}]}}\" \"${{COMP_WORDS[{at}-1]}}\"\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
        );
        bash(&[], &ask).unwrap()
    };
    assert_eq!(completed("jamsocket che", 1), "check\n");
    assert_eq!(completed("jamsocket check --js", 2), "--json\n");
    assert_eq!(completed("jamsocket completions z", 2), "zsh\n");
}

#[test]
fn check_shows_the_counter_in_80_columns_and_finds_nothing_wrong() {
    let folder = Package::with_files(&[]);
    let output = run(folder.folder(), &format!("check {}", guest("counter").display()));
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    let lines: Vec<_> = output.stdout.lines().collect();
    assert!(lines[0].starts_with("export or import "), "{}", output.stdout);
    for line in &lines {
        assert!(line.chars().count() <= 80 && !line.contains('\u{1b}'), "{line}");
        assert!(!line.ends_with("fault"), "{line}");
    }
    for row in ["  jam_malloc ", "  JAMSOCKET_API_VERSION ", "  send_message ", "memory  "] {
        assert!(lines.iter().any(|line| line.starts_with(row)), "{row} {}", output.stdout);
    }
    assert_eq!(lines.last(), Some(&"serve   accepts it"));
}

#[test]
fn check_prints_one_json_object_and_nothing_else() {
    let folder = Package::with_files(&[("bare.wat", "(module)")]);
    let module = guest("counter");
    let json = |arguments: String| {
        let output = run(folder.folder(), &format!("check --json {arguments}"));
        assert_eq!(output.stderr, "");
        (output.code, serde_json::from_str::<Value>(&output.stdout).unwrap())
    };
    let (code, object) = json(module.display().to_string());
    assert_eq!((code, &object["accepted"], &object["reason"]), (0, &true.into(), &Value::Null));
    assert_eq!(object["module"], module.to_str().unwrap());
    assert_eq!(object["size_bytes"], std::fs::metadata(&module).unwrap().len());
    assert!(object["memory"]["initial_bytes"].as_u64() >= Some(1 << 16), "{object}");
    assert!(object["interface"].as_array().unwrap().iter().all(|item| item["ok"] == true));

    let (code, object) = json("bare.wat".to_owned());
    assert_eq!((code, &object["accepted"]), (1, &false.into()));
    assert!(object["reason"].as_str().unwrap().contains("jam_malloc"), "{object}");
    let missing = object["interface"].as_array().unwrap().iter().filter(|item| item["ok"] == false);
    assert_eq!(missing.count(), 9);
}

#[test]
fn check_refuses_what_serve_refuses_and_says_why() {
    let package = Package::with_files(&[
        ("broken.wasm", "this is no module"),
        ("empty.wasm", ""),
        ("bare.wat", "(module)"),
        ("narrow/jamsocket.toml", "[limits]\nmemory_bytes = \"64KiB\"\n"),
        ("short/jamsocket.toml", "[limits]\nmodule_bytes = 1000\n"),
    ]);
    let counter = guest("counter");
    let counter = counter.display();
    for (folder, arguments, reason, help) in [
        ("", "broken.wasm".to_owned(), "expected `(`", None),
        ("", "empty.wasm".to_owned(), "it is empty", None),
        ("", "bare.wat".to_owned(), "for the 9 faults above", Some("#[jamsocket_wasm]")),
        ("narrow", format!("{counter}"), "a room may have 65536", None),
        ("", format!("{counter} --memory-bytes 64KiB"), "a room may have 65536", None),
        ("short", format!("{counter}"), "larger than the 1000 bytes", Some("--module-bytes")),
        ("", format!("{counter} --module-bytes 1000"), "the 1000 bytes", Some("module_bytes")),
        ("", format!("{counter} --load-time 0ms"), "takes longer to load", Some("--load-time")),
    ] {
        let folder = package.folder().join(folder);
        let served = run(&folder, &format!("serve --port 0 {arguments}"));
        let checked = run(&folder, &format!("check {arguments}"));
        assert_eq!((served.code, checked.code), (1, 1), "{arguments}: {}", served.stderr);
        assert_eq!(checked.stderr, "", "{arguments}");
        let verdict = checked.stdout.split("serve   refuses it: ").nth(1).unwrap();
        assert!(verdict.contains(reason), "{arguments}: {verdict}");
        if let Some(help) = help {
            assert!(verdict.contains(help) && served.stderr.contains(help), "{verdict}");
        }
    }
    let allowed =
        run(&package.folder().join("narrow"), &format!("check {counter} --memory-bytes 4MiB"));
    assert_eq!(allowed.code, 0, "a flag beats the file: {}", allowed.stdout);
}

#[test]
fn check_of_what_cannot_be_read_is_an_error() {
    let package = Package::with_files(&[("folder/file", "")]);
    for (module, help) in [("missing.wasm", None), ("folder", Some("jamsocket dev folder"))] {
        for flag in ["", "--json "] {
            let output = run(package.folder(), &format!("check {flag}{module}"));
            assert_eq!((output.code, output.stdout.as_str()), (1, ""));
            let error = format!("error: cannot read the module `{module}`\n");
            assert!(output.stderr.starts_with(&error), "{}", output.stderr);
            assert!(output.stderr.contains(help.unwrap_or("caused by: ")), "{}", output.stderr);
        }
    }
    package.write("jamsocket.toml", "[limits]\nmassage_bytes = 1\n");
    let output = run(package.folder(), "check missing.wasm");
    assert_eq!((output.code, output.stdout.as_str()), (1, ""));
    assert!(output.stderr.contains("jamsocket.toml:2"), "{}", output.stderr);
    assert_eq!(run(package.folder(), "check").code, 2);
}

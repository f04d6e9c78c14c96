use super::*;
use jamsocket_server::{RoomIdStrategy::*, ServiceShutdownPolicy::*};
use jamsocket_wasm_host::RoomPattern;
use std::fs;

fn parse(text: &str) -> Config {
    Config::parse(Path::new("app/jamsocket.toml"), text).unwrap()
}

#[track_caller]
fn assert_refused(text: &str, expected: &str) {
    let refused = Config::parse(Path::new("app/jamsocket.toml"), text).unwrap_err();
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn an_empty_file_leaves_everything_to_the_defaults() {
    let path = PathBuf::from("app/jamsocket.toml");
    assert_eq!(parse(""), Config { path, ..Config::default() });
    assert_eq!(parse("[service]\n").service, Some(ServiceConfig::default()));
}

#[test]
fn every_key_is_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("static")).unwrap();
    let path = folder.path().join(CONFIG_FILE);
    let text = r#"
static_files = "static"
admin = "10.0.0.7:9090"
tls_cert = "tls/cert.pem"
tls_key = "/etc/key.pem"
[service]
package = "my-service"
room_strategy = "short8"
shutdown_policy = "immediate"
access_token = "hunter2"
[client]
package = "my-client"
[services.chat]
module = "build/chat.wasm"
shutdown_policy = "never"
[services.draw]
package = "draw"
bus.programs = ["calc"]
bus.rooms = ["chat", "/lobby"]
[bus]
net = ["https://example.com", "*"]
[programs]
calc = "calc.wasm"
[limits]
message_bytes = "64KiB"
max_rooms = 12
run_time = "250ms"
"#;
    fs::write(&path, text).unwrap();
    let config = Config::in_folder(folder.path()).unwrap();
    assert_eq!(config.static_files, Some(folder.path().join("static")));
    assert_eq!(config.admin, Some(("10.0.0.7", 9090).into()));
    let certificate = folder.path().join("tls/cert.pem");
    assert_eq!(config.tls, Some(Tls::from_files(certificate, "/etc/key.pem")));
    let service = config.service.unwrap();
    assert_eq!(service.package.unwrap().name, "my-service");
    let rooms = RoomConfig {
        strategy: Some(Short(8)),
        shutdown_policy: Some(Immediate),
        bus: None,
        access_token: Some("hunter2".parse().unwrap()),
    };
    assert_eq!(service.rooms, rooms);
    assert_eq!(config.client.unwrap().name, "my-client");
    let chat = &config.services["chat"];
    assert_eq!(chat.source, ServiceSource::Module(folder.path().join("build/chat.wasm")));
    let rooms = RoomConfig { shutdown_policy: Some(Never), ..RoomConfig::default() };
    assert_eq!(chat.rooms, rooms);
    let ServiceSource::Package(draw) = &config.services["draw"].source else { panic!() };
    assert_eq!(draw.name, "draw");
    let rooms = ["chat", "/lobby"].map(|pattern| pattern.parse().unwrap()).into();
    let calls_calc = Grants { programs: ["calc".to_owned()].into(), rooms, ..Grants::default() };
    assert_eq!(config.services["draw"].rooms.bus, Some(calls_calc));
    let net = ["https://example.com", "*"].map(|pattern| pattern.parse().unwrap());
    assert_eq!(config.bus.grants, Grants { net: net.into(), ..Grants::default() });
    assert_eq!(config.bus.programs["calc"], folder.path().join("calc.wasm"));
    assert_eq!(config.services.len(), 2);
    let mut limits = AllLimits::default();
    limits.server.message_bytes = 64 << 10;
    (limits.server.max_rooms, limits.guests.max_rooms) = (12, 12);
    limits.guests.run_time = std::time::Duration::from_millis(250);
    assert_eq!(config.limits, limits);
}

#[test]
fn paths_start_at_the_folder_of_the_file() {
    let config = parse("[services.a]\nmodule = \"a.wasm\"\n[services.b]\nmodule = \"/b.wasm\"");
    let module = |name: &str| &config.services[name].source;
    assert_eq!(module("a"), &ServiceSource::Module("app/a.wasm".into()));
    assert_eq!(module("b"), &ServiceSource::Module("/b.wasm".into()));
}

#[test]
fn a_package_remembers_where_it_is_written() {
    let config = parse("[client]\npackage = 'web'\n");
    let client = config.client.unwrap();
    assert_eq!(client.name, "web");
    assert_eq!(client.place.to_string(), "app/jamsocket.toml:2:11");
}

#[test]
fn a_missing_file_is_fine_in_a_folder_and_an_error_when_named() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Config::in_folder(folder.path()).unwrap(), Config::default());
    let named = folder.path().join("other.toml");
    let refused = Config::read(&named).unwrap_err();
    assert_eq!(refused.to_string(), format!("cannot read {}", named.display()));
}

#[test]
fn a_file_that_is_no_text_is_an_error_and_not_a_missing_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(CONFIG_FILE), [0xff, 0xfe]).unwrap();
    assert!(matches!(Config::in_folder(folder.path()), Err(ConfigError::Read { .. })));
}

#[test]
fn an_unknown_key_is_shown_with_the_keys_that_there_are() {
    assert_refused(
        "[service]\npakage = \"counter\"\n",
        "app/jamsocket.toml:2:1: unknown key `pakage`, expected one of `package`, \
         `room_strategy`, `shutdown_policy`, `bus`, `access_token`\n  2 | pakage = \"…\"\n    | ^^^^^^",
    );
}

#[test]
fn an_unknown_table_is_shown_with_the_tables_that_there_are() {
    assert_refused(
        "[servise]\n",
        "app/jamsocket.toml:1:2: unknown key `servise`, expected one of `static_files`, \
         `admin`, `tls_cert`, `tls_key`, `service`, `services`, `client`, `bus`, \
         `programs`, `limits`\n  1 | [servise]\n    |  ^^^^^^^",
    );
}

#[test]
fn an_unknown_key_of_a_named_service_is_shown_at_its_line() {
    assert_refused(
        "[services.chat]\nmodule = 'a.wasm'\npath = 'b'\n",
        "app/jamsocket.toml:3:1: unknown key `path`, expected one of `module`, `package`, \
         `room_strategy`, `shutdown_policy`, `bus`, `access_token`\n  3 | path = '…'\n    | ^^^^",
    );
}

#[test]
fn a_bad_strategy_is_shown_at_its_line_with_what_would_be_right() {
    let right = "bogus".parse::<RoomIdStrategy>().unwrap_err();
    for table in ["[service]", "[services.chat]"] {
        assert_refused(
            &format!("{table}\n\nroom_strategy = \"bogus\"\n"),
            &format!(
                "app/jamsocket.toml:3:17: {right}\n  3 | room_strategy = \"…\"\n    | {}^^^",
                " ".repeat(16)
            ),
        );
    }
}

#[test]
fn a_bad_policy_is_shown_at_its_line_with_what_would_be_right() {
    for table in ["[service]", "[services.chat]"] {
        assert_refused(
            &format!("{table}\nshutdown_policy = \"5min\""),
            "app/jamsocket.toml:2:19: `5min` is no shutdown policy: write `never`, `immediate` \
             or, say, `300sec`\n  2 | shutdown_policy = \"…\"\n    |                   ^^^",
        );
    }
}

#[test]
fn an_empty_token_and_what_names_no_rooms_are_shown_at_their_lines() {
    assert_refused(
        "[service]\naccess_token = \"\"",
        "app/jamsocket.toml:2:16: an access token needs at least one character\n  \
         2 | access_token = \"…\"\n    |                ^^^",
    );
    let right = "*".parse::<RoomPattern>().unwrap_err();
    assert_refused(
        "[bus]\nrooms = [\"game\", \"*\"]",
        &format!(
            "app/jamsocket.toml:2:9: {right}\n  2 | rooms = [\"…\", \"…\"]\n    | {}{}",
            " ".repeat(8),
            "^".repeat(10)
        ),
    );
}

#[test]
fn no_error_shows_a_secret() {
    for text in [
        "[service]\naccess_token = \"hunter2\"\npackage = 3",
        "[service]\nacess_token = \"hunter2\"",
        "[service]\naccess_token = \"hunter2",
        "[service]\naccess_token = hunter2",
        "[service]\naccess_token: \"hunter2\"",
        "[service]\naccess_token = { value = \"hunter2\" }",
        "[service]\naccess_token = [\"hunter2\"]",
        "[service]\naccess_token = \"\"\"\nhunter2\"\"\" x",
        "service = { access_token = \"hunter2\", package = 3 }",
        "service = \"hunter2\"",
        "[bus]\nnet = [\"https://ann:hunter2@example.com\"]",
        "[bus]\nnet = [\"https://example.com/?key=hunter2\"]",
    ] {
        let refused = Config::parse(Path::new("app/jamsocket.toml"), text).unwrap_err();
        for shown in [refused.to_string(), format!("{refused:?}")] {
            assert!(!shown.contains("hunter2"), "{text}: {shown}");
        }
    }
    // A number is no token, and may have been meant as one.
    let text = "[service]\naccess_token = 73317331\n";
    let refused = Config::parse(Path::new("app/jamsocket.toml"), text).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "app/jamsocket.toml:2:16: invalid type: integer, expected a string\n  \
         2 | access_token = …\n    |                ^"
    );
}

#[test]
fn a_file_without_an_end_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(CONFIG_FILE);
    let comment = "#\n";
    for (lines, is_read) in [(MAX_FILE_BYTES / 2, true), (MAX_FILE_BYTES / 2 + 1, false)] {
        fs::write(&path, comment.repeat(lines as usize)).unwrap();
        assert_eq!(Config::read(&path).is_ok(), is_read, "{lines} lines");
    }
    #[cfg(unix)]
    {
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        let refused = Config::in_folder(folder.path()).unwrap_err();
        let cause = std::error::Error::source(&refused).unwrap().to_string();
        assert_eq!(cause, "it is not a regular file");
    }
}

#[test]
fn a_value_of_another_type_is_shown_with_the_type_that_would_be_right() {
    assert_refused(
        "[service]\nshutdown_policy = 300\n",
        "app/jamsocket.toml:2:19: invalid type: integer, expected a string\n  \
         2 | shutdown_policy = …\n    |                   ^",
    );
    assert_refused(
        "service = 3\n",
        "app/jamsocket.toml:1:11: invalid type: integer, expected a table\n  \
         1 | service = …\n    |           ^",
    );
}

#[test]
fn a_client_without_a_package_is_an_error() {
    assert_refused(
        "[client]\n",
        "app/jamsocket.toml:1:1: missing key `package`\n  1 | [client]\n    | ^^^^^^^^",
    );
}

#[test]
fn a_named_service_has_one_source() {
    assert_refused(
        "[services.chat]\n",
        "app/jamsocket.toml:1:1: a service needs one of the keys `module` and `package`\n  \
         1 | [services.chat]\n    | ^^^^^^^^^^^^^^^",
    );
    assert_refused(
        "[services.chat]\nmodule = 'a'\npackage = 'b'\n",
        "app/jamsocket.toml:1:1: a service has one of the keys `module` and `package`, not both\n  \
         1 | [services.chat]\n    | ^^^^^^^^^^^^^^^",
    );
}

#[test]
fn a_named_service_has_a_name_that_can_stand_in_a_path() {
    let rule = "a name is of ASCII letters, digits, `-` and `_`, \
                and not `ws`, `status`, `new_room`, `client` or `_`";
    assert_refused(
        "[services.\"\"]\nmodule = 'a'\n",
        &format!(
            "app/jamsocket.toml:1:11: `` cannot be a service's name: {rule}\n  \
             1 | [services.\"\"]\n    |           ^^"
        ),
    );
    assert_refused(
        "\n[services.ws]\nmodule = 'a'\n",
        &format!(
            "app/jamsocket.toml:2:11: `ws` cannot be a service's name: {rule}\n  \
             2 | [services.ws]\n    |           ^^"
        ),
    );
}

#[test]
fn a_folder_that_is_not_there_is_shown_at_its_line() {
    assert_refused(
        "\nstatic_files = \"statik\"\n",
        "app/jamsocket.toml:2:16: there is no folder `statik`\n  \
         2 | static_files = \"…\"\n    |                ^^^",
    );
}

#[test]
fn half_of_a_certificate_and_its_key_is_shown_at_its_line() {
    let message = "TLS takes both of the keys `tls_cert` and `tls_key`";
    for key in ["tls_cert", "tls_key"] {
        let (column, indent) = (key.len() + 4, " ".repeat(key.len() + 3));
        assert_refused(
            &format!("{key} = 'a'\n"),
            &format!(
                "app/jamsocket.toml:1:{column}: {message}\n  1 | {key} = '…'\n    | {indent}^^^"
            ),
        );
    }
}

#[test]
fn an_unknown_limit_is_shown_with_the_limits_that_there_are() {
    let known: Vec<_> = NamedLimit::all().map(|limit| format!("`{}`", limit.name)).collect();
    assert!(known.contains(&"`message_bytes`".to_owned()));
    assert_refused(
        "[limits]\nmax_rooms = 3\nmassage_bytes = 3\n",
        &format!(
            "app/jamsocket.toml:3:1: unknown key `massage_bytes`, expected one of {}\n  \
             3 | massage_bytes = …\n    | ^^^^^^^^^^^^^",
            known.join(", ")
        ),
    );
}

#[test]
fn a_bad_limit_is_shown_at_its_line_with_what_would_be_right() {
    let number = "is no number such as `1000` or `64KiB`";
    let duration = "is no duration such as `500ms`, `10s` or `5min`";
    for (name, value, expected) in [
        ("message_bytes", "\"64 kB\"", format!("`64 kB` {number}")),
        ("message_bytes", "-1", format!("`-1` {number}")),
        ("max_rooms", "4294967296", format!("`4294967296` {number}")),
        ("run_time", "5", format!("`5` {duration}")),
        ("run_time", "\"5\"", format!("`5` {duration}")),
        ("max_rooms", "1.5", "a limit is an integer or a string".to_owned()),
        ("max_rooms", "true", "a limit is an integer or a string".to_owned()),
    ] {
        let line = format!("{name} = {value}");
        let column = name.len() + 4;
        let shown = if value.starts_with('"') { "\"…\"" } else { "…" };
        let mark = "^".repeat(shown.chars().count());
        let mark = format!("{:column$}{mark}", "", column = column - 1);
        assert_refused(
            &format!("[limits]\n\n{line}\n"),
            &format!(
                "app/jamsocket.toml:3:{column}: {expected}\n  3 | {name} = {shown}\n    | {mark}"
            ),
        );
    }
}

#[test]
fn broken_toml_is_shown_at_its_line() {
    assert_refused(
        "[service]\n\tpackage = 'ü",
        "app/jamsocket.toml:2:14: invalid literal string, expected `'`\n  \
         2 | \tpackage = '…\n    | \t            ^",
    );
}

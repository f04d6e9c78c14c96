use crate::support::{echo, engine, room_of};
use jamsocket::JamsocketService;
use jamsocket_wasm_host::{LoadError, WasmHostFactory};

type Factory = WasmHostFactory<crate::support::Recorder>;

#[test]
fn a_module_of_50_mb_is_refused_unseen() {
    let too_large = vec![b' '; 50_000_000];
    let refused = Factory::from_bytes_in(&engine(), &too_large).unwrap_err();
    let text = "the module is larger than the 16777216 bytes that a module may have";
    assert_eq!(refused.to_string(), text);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.wasm");
    std::fs::File::create(&path).unwrap().set_len(50_000_000).unwrap();
    let refused = Factory::new_in(&engine(), &path).unwrap_err();
    assert!(matches!(refused, LoadError::TooLarge { limit: 16_777_216, .. }), "{refused}");
}

#[test]
fn what_was_compiled_elsewhere_is_never_loaded() {
    let compiled = wasmtime::Engine::default().precompile_module(echo().text().as_bytes()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for name in ["guest.cwasm", "guest.wasm"] {
        let path = folder.path().join(name);
        std::fs::write(&path, &compiled).unwrap();
        let refused = Factory::new_in(&engine(), &path).unwrap_err();
        let LoadError::NotAModule { reason, .. } = refused else { panic!("{refused}") };
        assert_eq!(reason, "it is neither a binary module nor text");
    }
}

#[tokio::test]
async fn whatever_becomes_of_the_file_rooms_are_of_the_module_that_was_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guest.wasm");
    std::fs::write(&path, echo().text()).unwrap();
    let factory = Factory::new_in(&engine(), &path).unwrap();
    let (mut before, done_before) = room_of(&factory).await;
    let replaced = echo().doing("message", "unreachable").text();
    for becomes in [Some(replaced.as_str()), Some(&replaced[..10]), Some(""), None] {
        match becomes {
            Some(text) => std::fs::write(&path, text).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let (mut after, done_after) = room_of(&factory).await;
        for (room, done) in [(&mut before, &done_before), (&mut after, &done_after)] {
            room.message(1.into(), "hi").await.unwrap();
            assert_eq!(done.take(), [r#"to 1: "hi""#]);
        }
    }
}

#[test]
fn the_content_of_a_file_decides_and_not_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.wasm");
    std::fs::write(&text, echo().text()).unwrap();
    Factory::new_in(&engine(), &text).unwrap();

    let binary = folder.path().join("binary.wat");
    std::fs::write(&binary, b"\0asm\x01\0\0\0").unwrap();
    let refused = Factory::new_in(&engine(), &binary).unwrap_err().to_string();
    let heading = format!("`{}` is not a Jamsocket service:", binary.display());
    assert_eq!(refused.lines().next(), Some(heading.as_str()));
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent.wasm");
    for path in [absent.as_path(), folder.path()] {
        let unreadable = Factory::new_in(&engine(), path).unwrap_err();
        let text = format!("cannot read the module `{}`", path.display());
        assert_eq!(unreadable.to_string(), text);
        assert!(std::error::Error::source(&unreadable).is_some());
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.wasm");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let link = folder.path().join("link.wasm");
    std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
    for path in [&pipe, &link] {
        let refused = Factory::new_in(&engine(), path).unwrap_err();
        assert!(matches!(refused, LoadError::Unreadable { .. }), "{refused}");
        let cause = std::error::Error::source(&refused).unwrap().to_string();
        assert_eq!(cause, "it is not a regular file");
    }
}

use jamsocket_tests::{Client, Jamsocket, Package, Serving, guest};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// A server of an example's rooms, which keeps its module in the folder `cache`.
fn serving(folder: &Path, example: &str) -> Serving {
    command(folder, example).serve()
}

fn command(folder: &Path, example: &str) -> Jamsocket {
    let arguments = format!("serve {} --port 0 --code-cache cache", guest(example).display());
    Jamsocket::new(folder, &arguments)
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// What keeps a module: the largest file that was not there `before`.
fn kept(folder: &Path, before: &[PathBuf]) -> PathBuf {
    let new = files_below(&folder.join("cache")).into_iter().filter(|path| !before.contains(path));
    new.max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap()
}

async fn says(serving: &Serving, text: &str) -> String {
    let mut ann = Client::join(serving.addr, "/ws/1").await;
    ann.say(text).await;
    ann.hear().await
}

/// Stops a server that has begun to serve.
async fn start_and_stop(serving: Serving) {
    Client::join(serving.addr, "/ws/1").await.leave().await;
    serving.stop().await;
}

#[tokio::test]
async fn code_that_was_put_in_the_place_of_a_modules_is_not_run() {
    let package = Package::with_files(&[]);
    start_and_stop(serving(package.folder(), "echo")).await;
    let echo = kept(package.folder(), &[]);
    let before = files_below(&package.folder().join("cache"));
    start_and_stop(serving(package.folder(), "counter")).await;
    let counter = kept(package.folder(), &before);
    let whole = fs::read(&counter).unwrap();
    // What another user can do until the operator takes the right to write away.
    fs::copy(&echo, &counter).unwrap();
    let (planted, said) = command(package.folder(), "counter").serve_with_lines();
    assert!(said[0].contains("was not written by this user"), "{said:?}");
    assert_eq!(says(&planted, "increment").await, "new value: 1");
    planted.stop().await;
    // It is mended.
    assert_eq!(fs::read(&counter).unwrap().len(), whole.len());
    let (mended, said) = command(package.folder(), "counter").serve_with_lines();
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(says(&mended, "increment").await, "new value: 1");
}

#[tokio::test]
async fn a_server_leaves_its_key_and_what_it_has_compiled_for_this_user_alone() {
    let package = Package::with_files(&[]);
    let cache = package.folder().join("cache");
    for _ in 0..2 {
        let serving = serving(package.folder(), "echo");
        assert_eq!(says(&serving, "hello").await, "hello");
        serving.stop().await;
        // The example's module, and the host's own.
        assert_eq!(fs::read_dir(&cache).unwrap().count(), 3);
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&cache), 0o700);
    for path in files_below(&cache) {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_folder_that_others_can_write_to_is_to_be_emptied() {
    let package = Package::with_files(&[]);
    let cache = package.folder().join("cache");
    fs::create_dir(&cache).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    let output = command(package.folder(), "echo").run();
    assert_eq!(output.code, 1);
    let told = "others can write to it; empty it and take that right away, or name another folder";
    assert!(output.stderr.contains(told), "{}", output.stderr);
}

#[test]
fn a_folder_that_others_can_replace_is_refused() {
    let package = Package::with_files(&[]);
    fs::set_permissions(package.folder(), fs::Permissions::from_mode(0o777)).unwrap();
    let output = command(package.folder(), "echo").run();
    assert_eq!(output.code, 1);
    let told = format!("others can write to {} and put", package.folder().display());
    assert!(output.stderr.contains(&told), "{}", output.stderr);
}

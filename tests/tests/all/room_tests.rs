use jamsocket_tests::{Jamsocket, Output, Package, readme_block, workspace_root};

/// Runs cargo in the package.
fn cargo(package: &Package, arguments: &str) -> Output {
    Jamsocket::cargo(package.folder(), arguments).run()
}

#[test]
fn the_readmes_test_passes_beside_the_readmes_counter_and_sees_another_count() {
    let counter = readme_block("rust", "SharedCounterServer(i32)");
    let test = readme_block("rust", "TestRoom");
    let package = Package::service("tested-counter", &format!("{counter}\n{test}"));

    let block = readme_block("console", "--features testing");
    let add = block.trim().strip_prefix("$ cargo ").expect("it is a call of cargo");
    let ours = workspace_root().join("jamsocket");
    let add = add.replace("../jamsocket/jamsocket", ours.to_str().unwrap());
    let added = cargo(&package, &add);
    assert_eq!(added.code, 0, "{}", added.stderr);

    let tested = cargo(&package, "test");
    assert_eq!(tested.code, 0, "{}{}", tested.stderr, tested.stdout);
    assert!(tested.stdout.contains("test result: ok. 1 passed"), "{}", tested.stdout);

    let miscounts = counter.replace("self.0 += 1", "self.0 += 2");
    package.write("src/lib.rs", &format!("{miscounts}\n{test}"));
    let tested = cargo(&package, "test");
    let shown = "left: [\"new value: 2\"]\n right: [\"new value: 1\"]";
    assert_ne!(tested.code, 0);
    assert!(tested.stdout.contains(shown), "{}", tested.stdout);
}

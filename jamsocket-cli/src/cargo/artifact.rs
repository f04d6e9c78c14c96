use cargo_metadata::{Message, PackageId};
use std::{
    io::{self, BufRead},
    path::PathBuf,
};

/// Picks the WebAssembly module of `package` out of cargo's messages: the file that ends in
/// `.wasm` of its cdylib. What the dependencies and build scripts made is passed by. What the compiler
/// has to say goes to `diagnostic`, with its colours.
///
/// # Errors
///
/// The stream broke.
pub(super) fn find_module(
    messages: impl BufRead,
    package: &PackageId,
    mut diagnostic: impl FnMut(&str),
) -> io::Result<Option<PathBuf>> {
    let mut module = None;
    for message in Message::parse_stream(messages) {
        let artifact = match message? {
            Message::CompilerArtifact(artifact) => artifact,
            Message::CompilerMessage(said) => {
                diagnostic(said.message.rendered.as_deref().unwrap_or(&said.message.message));
                continue;
            }
            _ => continue,
        };
        if artifact.package_id != *package || !artifact.target.is_cdylib() {
            continue;
        }
        let wasm = artifact.filenames.into_iter().find(|file| file.extension() == Some("wasm"));
        module = wasm.map(PathBuf::from).or(module);
    }
    Ok(module)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const COUNTER: &str = "path+file:///home/ann/counter#0.1.0";

    /// A line as cargo writes it, shortened to what it has to have.
    fn artifact(package: &str, kind: &str, files: &str) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"{package}","manifest_path":"/home/ann/counter/Cargo.toml","target":{{"kind":[{kind}],"crate_types":[{kind}],"name":"counter","src_path":"/home/ann/counter/src/lib.rs","edition":"2024","doc":true,"doctest":true,"test":true}},"profile":{{"opt_level":"3","debuginfo":0,"debug_assertions":false,"overflow_checks":false,"test":false}},"features":[],"filenames":[{files}],"executable":null,"fresh":true}}"#
        )
    }

    fn find(lines: &[String]) -> Option<PathBuf> {
        let id = PackageId { repr: COUNTER.to_owned() };
        find_module(lines.join("\n").as_bytes(), &id, |_| ()).unwrap()
    }

    #[test]
    fn the_module_is_the_wasm_file_of_the_packages_cdylib() {
        let files = r#""/t/release/libcounter.rlib","/t/release/counter.wasm""#;
        let both = r#""cdylib","rlib""#;
        let stream = [
            artifact("registry+https://example.org#dep@1.0.0", r#""cdylib""#, r#""/t/dep.wasm""#),
            artifact(COUNTER, both, files),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        assert_eq!(find(&stream).as_deref(), Some(Path::new("/t/release/counter.wasm")));
    }

    #[test]
    fn what_the_compiler_says_is_passed_on() {
        let said = format!(
            r#"{{"reason":"compiler-message","package_id":"{COUNTER}","manifest_path":"/c/Cargo.toml","target":{{"kind":["cdylib"],"crate_types":["cdylib"],"name":"counter","src_path":"/c/src/lib.rs"}},"message":{{"rendered":"error: no\n","message":"no","code":null,"level":"error","spans":[],"children":[]}}}}"#
        );
        let id = PackageId { repr: COUNTER.to_owned() };
        let mut heard = Vec::new();
        find_module(said.as_bytes(), &id, |text| heard.push(text.to_owned())).unwrap();
        assert_eq!(heard, ["error: no\n"]);
    }

    #[test]
    fn a_build_script_or_an_rlib_is_no_module() {
        let stream = [
            artifact(COUNTER, r#""custom-build""#, r#""/t/build-script-build""#),
            artifact(COUNTER, r#""rlib""#, r#""/t/release/libcounter.rlib""#),
        ];
        assert_eq!(find(&stream), None);
    }

    #[test]
    fn lines_that_are_no_messages_are_passed_by() {
        let stream = [
            "a build script printed this".to_owned(),
            r#"{"reason":"something-new","x":1}"#.to_owned(),
            artifact(COUNTER, r#""cdylib""#, r#""/t/counter.wasm""#),
        ];
        assert_eq!(find(&stream).as_deref(), Some(Path::new("/t/counter.wasm")));
    }
}

use super::{Crates, Template};

/// The files of a new package: their paths in it, and what is in them.
pub(super) fn files(
    name: &str,
    template: Template,
    crates: &Crates,
) -> Vec<(&'static str, String)> {
    let mut files = vec![
        ("Cargo.toml", manifest(name, crates)),
        (".gitignore", "/target\n".to_owned()),
        ("README.md", readme(name, template)),
    ];
    files.extend(template.files().map(|(path, content)| (path, content.to_owned())));
    files
}

/// It is a workspace of its own, or cargo would not build it in the folder of another one.
fn manifest(name: &str, crates: &Crates) -> String {
    let (service, testing) = (crates.source_of("jamsocket-wasm"), crates.source_of("jamsocket"));
    format!(
        "\
[package]
name = \"{name}\"
version = \"0.1.0\"
edition = \"2024\"

# The cdylib is the room's module; the rlib is for tests, and for programs that serve it natively.
[lib]
crate-type = [\"cdylib\", \"rlib\"]

[dependencies]
jamsocket-wasm = {{ {service} }}

[dev-dependencies]
jamsocket = {{ {testing}, features = [\"testing\"] }}

# So that it is built by itself, in whatever folder it is.
[workspace]
"
    )
}

fn readme(name: &str, template: Template) -> String {
    let about = template.about();
    include_str!("../../templates/README.md").replace("{name}", name).replace("{about}", &about)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    fn files_with(crates: &Crates) -> Vec<(&'static str, String)> {
        files("my-room", Template::Counter, crates)
    }

    fn git() -> Crates {
        Crates::Git("https://rooms.example/jamsocket.git".to_owned())
    }

    #[test]
    fn the_manifest_has_the_name_and_the_crates() {
        let [(_, manifest), ..] = &files_with(&git())[..] else { panic!() };
        let manifest: toml::Table = manifest.parse().unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some("my-room"));
        let url = Some("https://rooms.example/jamsocket.git");
        assert_eq!(manifest["dependencies"]["jamsocket-wasm"]["git"].as_str(), url);
        let testing = &manifest["dev-dependencies"]["jamsocket"];
        assert_eq!(testing["git"].as_str(), url);
        assert_eq!(testing["features"][0].as_str(), Some("testing"));
        assert!(manifest["workspace"].as_table().unwrap().is_empty());
    }

    #[test]
    fn a_path_is_what_it_was_whatever_is_in_it() {
        for path in ["/srv/jam", "/a \"b\"/c", "C:\\jam\\socket", "/it's/né", "/a'''b\"\"\"\t"] {
            let [(_, manifest), ..] = &files_with(&Crates::Checkout(path.into()))[..] else {
                panic!()
            };
            let manifest: toml::Table = manifest.parse().unwrap();
            let folder = std::path::Path::new(path).join("jamsocket-wasm");
            let written = manifest["dependencies"]["jamsocket-wasm"]["path"].as_str();
            assert_eq!(written, folder.to_str());
        }
    }

    #[test]
    fn the_readme_is_filled_in() {
        for template in Template::value_variants() {
            let readme = readme("my-room", *template);
            assert!(readme.starts_with("# my-room\n"), "{readme}");
            assert!(readme.contains(&template.about()) && !readme.contains('{'), "{readme}");
        }
    }
}

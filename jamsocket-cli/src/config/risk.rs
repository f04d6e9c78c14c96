use super::file::ConfigFile;
use jamsocket_server::AdminAddress;
use jamsocket_wasm_host::{Grants, UrlPattern};
use std::{
    fmt, fs,
    net::IpAddr,
    path::{Path, PathBuf},
};

/// A setting that reaches beyond the folder of `jamsocket.toml` or beyond this machine's loopback.
///
/// A repository from elsewhere brings its own file. The operator grants what that file asks for here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Risk {
    /// The key, with its table: `services.chat.module`.
    pub(crate) key: String,
    value: String,
    kind: RiskKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum RiskKind {
    /// A path that leads out of the folder.
    OutsidePath,
    /// An admin address that other machines may reach.
    OpenAdmin,
    /// A grant of addresses that are not the public's.
    PrivateAddress,
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, kind } = self;
        match kind {
            RiskKind::OutsidePath => {
                write!(f, "`{key}` is `{value}`, outside of the file's folder")
            }
            RiskKind::OpenAdmin => {
                write!(f, "`{key}` is `{value}`, which other machines may reach")
            }
            RiskKind::PrivateAddress => {
                write!(f, "`{key}` grants `{value}`, which is not a public address")
            }
        }
    }
}

/// The risks of a file in `folder`.
pub(super) fn risks_of(file: &ConfigFile, folder: &Path) -> Vec<Risk> {
    let mut risks = Risks { folder, found: Vec::new() };
    for (key, path) in [
        ("static_files", &file.static_files),
        ("tls_cert", &file.tls_cert),
        ("tls_key", &file.tls_key),
    ] {
        if let Some(path) = path {
            risks.add_path(key.to_owned(), path.get_ref());
        }
    }
    for (name, path) in &file.programs {
        risks.add_path(format!("programs.{name}"), path);
    }
    for (name, service) in &file.services {
        let name = name.get_ref();
        if let Some(module) = service.module() {
            risks.add_path(format!("services.{name}.module"), module);
        }
        risks.add_grants(&format!("services.{name}.bus.net"), service.rooms.bus.as_ref());
    }
    if let Some(address) = &file.admin.0 {
        risks.add_admin(address);
    }
    risks.add_grants("bus.net", Some(&file.bus.grants()));
    let own = file.service.as_ref().and_then(|service| service.rooms().bus);
    risks.add_grants("service.bus.net", own.as_ref());
    risks.found
}

struct Risks<'a> {
    folder: &'a Path,
    found: Vec<Risk>,
}

impl Risks<'_> {
    fn add(&mut self, key: String, value: String, kind: RiskKind) {
        self.found.push(Risk { key, value, kind });
    }

    fn add_path(&mut self, key: String, path: &str) {
        if leads_outside(self.folder, path) {
            self.add(key, path.to_owned(), RiskKind::OutsidePath);
        }
    }

    fn add_admin(&mut self, address: &AdminAddress) {
        if !is_loopback(&address.host) {
            self.add("admin".to_owned(), address.to_string(), RiskKind::OpenAdmin);
        }
    }

    fn add_grants(&mut self, key: &str, grants: Option<&Grants>) {
        let net = grants.map_or(&[] as &[UrlPattern], |grants| &grants.net);
        for pattern in net.iter().filter(|pattern| pattern.is_private()) {
            self.add(key.to_owned(), pattern.to_string(), RiskKind::PrivateAddress);
        }
    }
}

/// Whether a path that starts at a folder leads out of it, links followed. Of a path that is not there, the
/// part that is there counts.
fn leads_outside(folder: &Path, path: &str) -> bool {
    let folder = if folder == Path::new("") { Path::new(".") } else { folder };
    let path = folder.join(path);
    let (Ok(folder), Some(real)) = (fs::canonicalize(folder), real_path(&path)) else {
        return true;
    };
    !real.starts_with(folder)
}

/// A path without links and `..`, or `None` where that cannot be said.
fn real_path(path: &Path) -> Option<PathBuf> {
    if let Ok(real) = fs::canonicalize(path) {
        return Some(real);
    }
    // A link that leads to nothing may lead to something by the time that it is followed.
    if path.is_symlink() {
        return None;
    }
    Some(real_path(path.parent()?)?.join(path.file_name()?))
}

fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, testing::write};

    /// What is said of the risks of a file beside a folder `static`.
    fn risks(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("static")).unwrap();
        write(folder.path(), "jamsocket.toml", text);
        let config = Config::in_folder(folder.path()).unwrap();
        config.risks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_stays_in_the_folder_and_on_the_machine_is_no_risk() {
        let text = r#"
            static_files = "static"
            admin = "9090"
            tls_cert = "tls/cert.pem"
            tls_key = "./static/../key.pem"
            [services.chat]
            module = "static/../chat.wasm"
            bus.net = ["https://example.com", "*"]
            [programs]
            calc = "new/folder/calc.wasm"
        "#;
        assert_eq!(risks(text), [""; 0]);
        for admin in
            ["127.0.0.1:1", "127.8.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "localhost:1"]
        {
            assert_eq!(risks(&format!("admin = \"{admin}\"")), [""; 0], "{admin}");
        }
    }

    #[test]
    fn each_path_that_leads_out_of_the_folder_is_a_risk() {
        let text = r#"
            static_files = "/"
            tls_cert = "../cert.pem"
            tls_key = "static/../../key.pem"
            [services.chat]
            module = "/etc/passwd"
            [programs]
            calc = "missing/../../calc.wasm"
        "#;
        let paths = [
            ("static_files", "/"),
            ("tls_cert", "../cert.pem"),
            ("tls_key", "static/../../key.pem"),
            ("programs.calc", "missing/../../calc.wasm"),
            ("services.chat.module", "/etc/passwd"),
        ];
        let expected =
            paths.map(|(key, path)| format!("`{key}` is `{path}`, outside of the file's folder"));
        assert_eq!(risks(text), expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_counts_as_what_it_leads_to() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("static")).unwrap();
        symlink("static", at("inside")).unwrap();
        symlink("/", at("outside")).unwrap();
        symlink("nothing", at("dangling")).unwrap();
        for (path, expected) in [
            ("inside", false),
            ("inside/new", false),
            ("outside", true),
            ("outside/etc", true),
            ("dangling", true),
            ("dangling/new", true),
        ] {
            assert_eq!(leads_outside(folder.path(), path), expected, "{path}");
        }
    }

    #[test]
    fn an_admin_address_for_others_is_a_risk() {
        for admin in ["0.0.0.0:9090", "[::]:9090", "10.0.0.7:9090", "metrics.internal:9090"] {
            let expected = format!("`admin` is `{admin}`, which other machines may reach");
            assert_eq!(risks(&format!("admin = \"{admin}\"")), [expected]);
        }
    }

    #[test]
    fn a_grant_of_an_address_that_is_not_public_is_a_risk() {
        let text = r#"
            [service]
            bus.net = ["http://localhost:8080"]
            [services.chat]
            module = "x"
            bus.net = ["https://example.com", "http://169.254.169.254"]
            [bus]
            net = ["http://10.0.0.1/v1", "*"]
        "#;
        assert_eq!(
            risks(text),
            [
                "`services.chat.bus.net` grants `http://169.254.169.254`, which is not a public address",
                "`bus.net` grants `http://10.0.0.1/v1`, which is not a public address",
                "`service.bus.net` grants `http://localhost:8080`, which is not a public address",
            ]
        );
    }
}

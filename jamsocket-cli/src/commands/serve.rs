use crate::{
    browser,
    cargo::{BuildEnvironment, Workspace},
    config::{Config, PackageName, Risk, ServiceSource},
    console::Console,
    failure::Failure,
    flags::{ConfigFlag, ServeFlags},
    hosting::{HostedModule, Hosting},
    trust::TrustFlag,
};
use clap::Args;
use jamsocket_server::{AllowedOrigins, NamedService, Playground, StartError};
use std::{
    path::{Path, PathBuf},
    str::FromStr,
};
use thiserror::Error;

/// Serve modules that are built
///
/// MODULE is a .wasm file, or its text form. It is served at /ws/ROOM, and NAME=MODULE at
/// /NAME/ws/ROOM. Without any, the modules of [services.NAME] in jamsocket.toml are served. A flag
/// beats jamsocket.toml.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example, with rooms on ws://127.0.0.1:8080/chat/ws/NAME and ws://127.0.0.1:8080/draw/ws/NAME:
  jamsocket serve chat=chat.wasm draw=draw.wasm --shutdown-policy 60sec")]
pub(crate) struct Serve {
    /// Modules to serve, at most one of them without a name; a path that has a `=` starts with ./
    #[arg(value_name = "[NAME=]MODULE")]
    modules: Vec<ModuleArgument>,
    #[command(flatten)]
    config: ConfigFlag,
    /// Serve a page at /_/ that joins rooms and watches them; whoever reaches the server sees there
    /// what rooms there are and what they log
    #[arg(long, help_heading = "Serving")]
    playground: bool,
    #[command(flatten)]
    trust: TrustFlag,
    #[command(flatten)]
    serving: ServeFlags,
}

impl Serve {
    pub(crate) fn run(&self, console: Console) -> Result<(), Failure> {
        let config = self.config.read(Path::new("."))?;
        self.trust.ask(&config, |risk| self.uses(risk), console)?;
        let client = config.client.as_ref().and_then(|package| client_folder(package, console));
        let playground = self.playground.then(Playground::new);
        let hosting = Hosting { client, playground, ..plan(&self.modules, config)? };
        Ok(hosting.run(&self.serving, AllowedOrigins::SameHost, console)?)
    }

    /// Whether what is a risk in `jamsocket.toml` counts, besides the flags and modules of the command line.
    fn uses(&self, risk: &Risk) -> bool {
        let is_module = risk.key.starts_with("services.") && risk.key.ends_with(".module");
        self.serving.leave(risk) && (self.modules.is_empty() || !is_module)
    }
}

/// What to serve: the modules of the command line, or else those of `jamsocket.toml`.
fn plan(modules: &[ModuleArgument], mut config: Config) -> Result<Hosting, ServeError> {
    let mut hosting = Hosting {
        static_files: config.static_files,
        admin: config.admin,
        tls: config.tls,
        bus: config.bus,
        limits: config.limits,
        ..Hosting::default()
    };
    for ModuleArgument { name, module } in modules {
        let module = module.clone();
        let Some(name) = name else {
            let label = module.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let rooms =
                config.service.as_ref().map(|service| service.rooms.clone()).unwrap_or_default();
            let first = hosting.alone.replace(HostedModule { name: label, module, rooms });
            if let Some(first) = first {
                return Err(ServeError::TwoWithoutName { first: first.module });
            }
            continue;
        };
        if hosting.named.iter().any(|hosted| hosted.name == *name) {
            return Err(ServeError::SameName { name: name.clone() });
        }
        let rooms = config.services.remove(name).map(|service| service.rooms).unwrap_or_default();
        hosting.named.push(HostedModule { name: name.clone(), module, rooms });
    }
    if !modules.is_empty() {
        return Ok(hosting);
    }
    if config.services.is_empty() {
        return Err(ServeError::Nothing);
    }
    for (name, service) in config.services {
        match service.source {
            ServiceSource::Module(module) => {
                hosting.named.push(HostedModule { name, module, rooms: service.rooms });
            }
            ServiceSource::Package(package) => return Err(ServeError::NotBuilt { name, package }),
        }
    }
    Ok(hosting)
}

/// The folder where `build` and `dev` leave the browser package, if they have been here.
fn client_folder(package: &PackageName, console: Console) -> Option<PathBuf> {
    let environment = BuildEnvironment::of_this_process();
    let workspace = Workspace::read(package.place.folder(), &environment);
    let folder =
        workspace.ok().map(|found| browser::folder_of(&package.name, found.target_folder()));
    let built = folder.filter(|folder| folder.is_dir());
    if built.is_none() {
        console.warn(format_args!(
            "{}: the client `{}` is not built and not served; `jamsocket build` builds it",
            package.place, package.name
        ));
    }
    built
}

/// `MODULE`, or `NAME=MODULE`.
#[derive(Debug, Clone, PartialEq)]
struct ModuleArgument {
    name: Option<String>,
    module: PathBuf,
}

impl FromStr for ModuleArgument {
    type Err = StartError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, module)) if !name.contains(['/', '\\']) => {
                NamedService::check_name(name)?;
                Ok(Self { name: Some(name.to_owned()), module: module.into() })
            }
            _ => Ok(Self { name: None, module: text.into() }),
        }
    }
}

/// Why it is not clear what to serve.
#[derive(Debug, Error)]
pub(crate) enum ServeError {
    /// Nothing names a module.
    #[error("no module is named, neither here nor in jamsocket.toml")]
    Nothing,
    /// Two modules want to be at `/ws/{room}`.
    #[error("two modules have no name, and `{}` is one of them", first.display())]
    TwoWithoutName { first: PathBuf },
    /// Two modules have one name.
    #[error("two modules are named `{name}`")]
    SameName { name: String },
    /// A service of `jamsocket.toml` is a package.
    #[error("{}: the service `{name}` is the package `{}`, and `serve` builds nothing",
        package.place, package.name)]
    NotBuilt { name: String, package: PackageName },
}

impl ServeError {
    /// Whether the command line alone is at fault.
    pub(crate) fn is_usage(&self) -> bool {
        !matches!(self, ServeError::NotBuilt { .. })
    }

    /// What to do about it.
    pub(crate) fn help(&self) -> String {
        match self {
            ServeError::Nothing => {
                "`jamsocket serve MODULE`; to build a package and serve it: `jamsocket dev`".into()
            }
            ServeError::TwoWithoutName { .. } => {
                "one may be without: write the others as NAME=MODULE".into()
            }
            ServeError::SameName { .. } => "give each NAME=MODULE a name of its own".into(),
            ServeError::NotBuilt { name, .. } => {
                format!(
                    "`jamsocket dev` builds it; or name a module: `jamsocket serve {name}=MODULE`"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::RoomConfig, testing::write};
    use jamsocket_server::RoomIdStrategy::Uuid;

    fn config(text: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "jamsocket.toml", text);
        Config::in_folder(folder.path()).unwrap()
    }

    fn planned(modules: &[&str], config: Config) -> Result<Hosting, ServeError> {
        let modules: Vec<_> = modules.iter().map(|text| text.parse().unwrap()).collect();
        plan(&modules, config)
    }

    fn names(hosting: &Hosting) -> Vec<&str> {
        hosting.named.iter().map(|hosted| hosted.name.as_str()).collect()
    }

    const UUID: RoomConfig =
        RoomConfig { strategy: Some(Uuid), shutdown_policy: None, bus: None, access_token: None };

    #[test]
    fn a_name_ends_at_the_first_equals_sign_and_a_path_with_one_says_so() {
        let argument = |text: &str| text.parse::<ModuleArgument>().unwrap();
        let named = |name: &str, module: &str| ModuleArgument {
            name: Some(name.to_owned()),
            module: module.into(),
        };
        let alone = |module: &str| ModuleArgument { name: None, module: module.into() };
        assert_eq!(argument("a.wasm"), alone("a.wasm"));
        assert_eq!(argument("chat=b=c.wasm"), named("chat", "b=c.wasm"));
        assert_eq!(argument("./a=b.wasm"), alone("./a=b.wasm"));
        assert!("=a.wasm".parse::<ModuleArgument>().is_err());
    }

    #[test]
    fn modules_of_the_command_line_have_the_settings_of_their_tables() {
        let text = "[service]\nroom_strategy = 'uuid'\n[services.chat]\nmodule = 'x'\n\
                    room_strategy = 'uuid'\n[services.other]\nmodule = 'y'\n";
        let hosting = planned(&["c.wasm", "chat=chat.wasm", "draw=d"], config(text)).unwrap();
        let alone = hosting.alone.as_ref().unwrap();
        assert_eq!((alone.name.as_str(), &alone.rooms), ("c", &UUID));
        assert_eq!(names(&hosting), ["chat", "draw"]);
        let [chat, draw] = &hosting.named[..] else { panic!() };
        assert_eq!((chat.module.as_path(), &chat.rooms), (Path::new("chat.wasm"), &UUID));
        assert_eq!(draw.rooms, RoomConfig::default());
    }

    #[test]
    fn the_limits_of_the_file_count() {
        let hosting = planned(&["c.wasm"], config("[limits]\nmax_clients = 5\n")).unwrap();
        assert_eq!(hosting.limits.server.max_clients, 5);
    }

    #[test]
    fn without_modules_on_the_command_line_those_of_the_file_are_served() {
        let text = "[services.a]\nmodule = 'a.wasm'\n[services.b]\nmodule = 'b.wasm'\n";
        let hosting = planned(&[], config(text)).unwrap();
        assert_eq!(names(&hosting), ["a", "b"]);
        assert!(hosting.alone.is_none());
    }

    #[test]
    fn nothing_to_serve_is_wrong_usage() {
        let refused = planned(&[], config("[service]\n")).unwrap_err();
        assert!(refused.is_usage());
        let expected = "no module is named, neither here nor in jamsocket.toml";
        assert_eq!(refused.to_string(), expected);
    }

    #[test]
    fn one_module_at_most_is_without_a_name() {
        let refused = planned(&["a.wasm", "b.wasm"], Config::default()).unwrap_err();
        assert!(refused.is_usage());
        let expected = "two modules have no name, and `a.wasm` is one of them";
        assert_eq!(refused.to_string(), expected);
    }

    #[test]
    fn a_name_is_given_once() {
        let refused = planned(&["a=1", "b=2", "a=3"], Config::default()).unwrap_err();
        assert!(refused.is_usage());
        assert_eq!(refused.to_string(), "two modules are named `a`");
    }

    #[test]
    fn a_package_in_the_file_is_for_dev_unless_a_module_is_named_for_it() {
        let text = "[services.chat]\npackage = 'chat'\nroom_strategy = 'uuid'\n";
        let refused = planned(&[], config(text)).unwrap_err();
        assert!(!refused.is_usage());
        let expected = "jamsocket.toml:2:11: the service `chat` is the package `chat`, and `serve` builds nothing";
        assert!(refused.to_string().ends_with(expected), "{refused}");
        let hosting = planned(&["chat=c.wasm"], config(text)).unwrap();
        assert_eq!(hosting.named[0].rooms, UUID);
    }
}

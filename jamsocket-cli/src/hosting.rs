use crate::{
    config::{BusConfig, Config, RoomConfig},
    console::Console,
    flags::{BusFlags, ServeFlags},
    limits::AllLimits,
};
use jamsocket_server::{
    AdminAddress, AllowedOrigins, NamedService, Playground, RoomIdStrategy, ServedRooms,
    ServerHandle, ServiceActorContext, StartError, Swapper, Tls, TlsError,
};
use jamsocket_wasm_host::{Bus, EngineError, GuestLimits, LoadError, WasmEngine, WasmHostFactory};
use std::{
    collections::BTreeSet,
    io,
    net::{Ipv6Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};
use thiserror::Error;

/// What a server is to serve.
#[derive(Debug, Default)]
pub(crate) struct Hosting {
    /// The service at `/ws/{room}`.
    pub(crate) alone: Option<HostedModule>,
    /// The services at `/{name}/ws/{room}`.
    pub(crate) named: Vec<HostedModule>,
    /// The folder under `/`.
    pub(crate) static_files: Option<PathBuf>,
    /// The folder under `/client`.
    pub(crate) client: Option<PathBuf>,
    /// Where the operator is told about the server, where no flag says otherwise.
    pub(crate) admin: Option<AdminAddress>,
    /// What TLS is spoken with, where no flag says otherwise.
    pub(crate) tls: Option<Tls>,
    /// What guests may reach, beside what flags say.
    pub(crate) bus: BusConfig,
    /// What may be used, where no flag says otherwise.
    pub(crate) limits: AllLimits,
    /// The page at `/_/`, where there is to be one.
    pub(crate) playground: Option<Playground>,
}

/// A module, and what `jamsocket.toml` says about its rooms.
#[derive(Debug, PartialEq)]
pub(crate) struct HostedModule {
    pub(crate) name: String,
    pub(crate) module: PathBuf,
    pub(crate) rooms: RoomConfig,
}

/// What the rooms of a module come from.
pub(crate) type Factory = WasmHostFactory<ServiceActorContext>;

impl HostedModule {
    /// Loads the module as its file is now.
    ///
    /// # Errors
    ///
    /// It is not there, or no service.
    pub(crate) fn load(&self, reach: &Reach, config: &BusConfig) -> Result<Factory, LoadError> {
        let grants = self.rooms.bus.as_ref().unwrap_or(&config.grants).clone();
        let factory = WasmHostFactory::new_in(reach.bus.engine(), &self.module)?;
        Ok(factory.with_bus(&reach.bus, reach.flags.over(grants)))
    }
}

/// What modules are loaded for: the engine, the bus, and what flags say of that.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    bus: Bus,
    flags: BusFlags,
}

impl Reach {
    /// The most bytes that a module may have.
    pub(crate) fn module_bytes(&self) -> u64 {
        self.bus.engine().limits().module_bytes as u64
    }
}

/// A server that runs, and what gives its rooms other code.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) server: ServerHandle,
    pub(crate) reach: Reach,
    /// One for each module, in the order of [`Hosting::modules`].
    pub(crate) swappers: Vec<Swapper<Factory>>,
}

impl Hosting {
    /// Serves until SIGINT or SIGTERM, and says where. Pages of `origins` are let in, unless a flag
    /// says which.
    ///
    /// # Errors
    ///
    /// See [`HostingError`].
    pub(crate) fn run(
        &self,
        flags: &ServeFlags,
        origins: AllowedOrigins,
        console: Console,
    ) -> Result<(), HostingError> {
        let served = self.start(flags, origins, console)?;
        served.server.run().map_err(HostingError::Ended)
    }

    /// Starts a server, and says where it serves what.
    ///
    /// # Errors
    ///
    /// See [`HostingError`].
    pub(crate) fn start(
        &self,
        flags: &ServeFlags,
        origins: AllowedOrigins,
        console: Console,
    ) -> Result<Served, HostingError> {
        let limits = flags.limits(&self.limits);
        let engine = flags.engine(limits.guests)?;
        let mut server = flags
            .server(origins)
            .with_limits(limits.server)
            .with_static_path(self.static_files.as_deref().map(text_of))
            .with_client_path(self.client.as_deref().map(text_of));
        server.admin = flags.admin(self.admin.as_ref()).cloned();
        server.tls = flags.tls(self.tls.as_ref());
        server.playground = self.playground.clone();
        let programs = flags.bus.programs(&engine, &self.bus)?;
        let of_programs = flags.bus.over(self.bus.grants.clone());
        for pattern in self.rooms_of_nobody(&flags.bus) {
            console.warn(format_args!(
                "`{pattern}` may be called, and is of no service that is served: rooms are named \
                 SERVICE/ROOM"
            ));
        }
        let rooms = ServedRooms::new();
        let bus = Bus::new(&engine, programs, of_programs).with_rooms(Arc::new(rooms.clone()));
        server = server.with_served_rooms(rooms);
        let reach = Reach { bus, flags: flags.bus.clone() };
        let mut swappers = Vec::new();
        for (name, hosted) in self.modules() {
            let (strategy, policy) = flags.rooms(&hosted.rooms);
            let (service, swapper) = NamedService::swappable(name, hosted.load(&reach, &self.bus)?);
            let mut service = service.with_room_id_strategy(strategy).with_shutdown_policy(policy);
            if let Some(token) = &hosted.rooms.access_token {
                service = service.with_access_token(token.clone());
            }
            server = server.with_service(service);
            swappers.push(swapper);
        }
        let server = server.start_services()?;
        for line in self.lines(server.addr(), flags) {
            console.status("Serving", line);
        }
        for address in server.admin_addrs() {
            console.status("Serving", admin_line(*address));
        }
        Ok(Served { server, reach, swappers })
    }

    /// What is granted of rooms whose service is not there.
    fn rooms_of_nobody(&self, flags: &BusFlags) -> BTreeSet<String> {
        let services: Vec<_> = self.modules().map(|(name, _)| name).collect();
        let of_services = self.modules().filter_map(|(_, hosted)| hosted.rooms.bus.as_ref());
        let in_file = of_services.chain([&self.bus.grants]).flat_map(|grants| &grants.rooms);
        let granted = in_file.chain(flags.rooms());
        let of_nobody = granted.filter(|pattern| !services.contains(&pattern.service()));
        of_nobody.map(ToString::to_string).collect()
    }

    /// All modules, each with the name that it is served under: the one that is served alone has none.
    pub(crate) fn modules(&self) -> impl Iterator<Item = (&str, &HostedModule)> {
        let named = self.named.iter().map(|hosted| (hosted.name.as_str(), hosted));
        self.alone.iter().map(|hosted| ("", hosted)).chain(named)
    }

    /// Whether all but the modules is as in `other`.
    pub(crate) fn has_the_settings_of(&self, other: &Self) -> bool {
        let rooms = |hosting: &Self| -> Vec<_> {
            hosting
                .modules()
                .map(|(name, hosted)| (name.to_owned(), hosted.rooms.clone()))
                .collect()
        };
        let Self { static_files, client, admin, tls, bus, limits, .. } = self;
        rooms(self) == rooms(other)
            && (static_files, client) == (&other.static_files, &other.client)
            && (admin, tls, bus, limits) == (&other.admin, &other.tls, &other.bus, &other.limits)
    }

    /// Where a server at `address` is reached from this machine.
    pub(crate) fn url(&self, address: SocketAddr, flags: &ServeFlags) -> String {
        let s = if flags.tls(self.tls.as_ref()).is_some() { "s" } else { "" };
        let host = match address {
            address if !address.ip().is_unspecified() => address,
            SocketAddr::V4(address) => SocketAddr::from(([127, 0, 0, 1], address.port())),
            SocketAddr::V6(address) => SocketAddr::from((Ipv6Addr::LOCALHOST, address.port())),
        };
        format!("http{s}://{host}")
    }

    /// A line for each thing that is served at `address`.
    fn lines(&self, address: SocketAddr, flags: &ServeFlags) -> Vec<String> {
        let s = if flags.tls(self.tls.as_ref()).is_some() { "s" } else { "" };
        let service = |hosted: &HostedModule, prefix: String| {
            let (strategy, _) = flags.rooms(&hosted.rooms);
            let room = format!("ws{s}://{address}{prefix}/ws/NAME");
            let how = match strategy {
                RoomIdStrategy::Implicit => format!("a room is {room}"),
                RoomIdStrategy::Explicit => format!("POST {prefix}/ws/NAME makes the room {room}"),
                _ => format!("POST {prefix}/new_room gives the NAME of a room {room}"),
            };
            format!("{} on http{s}://{address} - {how}", hosted.name)
        };
        let alone = self.alone.iter().map(|hosted| service(hosted, String::new()));
        let named = self.named.iter().map(|hosted| service(hosted, format!("/{}", hosted.name)));
        let folder =
            |folder: &PathBuf, path| format!("{} on http{s}://{address}{path}", folder.display());
        let pages = self.static_files.iter().map(|files| folder(files, "/"));
        let client = self.client.iter().map(|files| folder(files, "/client/"));
        let playground = || format!("playground on http{s}://{address}/_/");
        let playground = self.playground.iter().map(|_| playground());
        alone.chain(named).chain(pages).chain(client).chain(playground).collect()
    }
}

fn admin_line(address: SocketAddr) -> String {
    format!("metrics on http://{address}/metrics - the rooms are at /rooms")
}

/// Whether the address of these flags can be listened on, and the admin address and the certificate
/// be used that the flags or `jamsocket.toml` have.
///
/// # Errors
///
/// [`StartError`], as when a server is started.
pub(crate) fn probe(flags: &ServeFlags, config: &Config) -> Result<(), HostingError> {
    if let Some(tls) = flags.tls(config.tls.as_ref()) {
        tls.check().map_err(StartError::from)?;
    }
    let (host, port) = flags.address();
    let _first = TcpListener::bind((host, port))
        .map_err(|source| StartError::Bind { address: format!("{host}:{port}"), source })?;
    if let Some(address) = flags.admin(config.admin.as_ref()) {
        TcpListener::bind((address.host.as_str(), address.port))
            .map_err(|source| StartError::BindAdmin { address: address.clone(), source })?;
    }
    Ok(())
}

/// Whether modules that were built are services.
///
/// # Errors
///
/// What is wrong with the first that is none.
pub(crate) fn check(modules: &[PathBuf]) -> Result<(), HostingError> {
    let engine = WasmEngine::with_limits(GuestLimits { max_rooms: 1, ..GuestLimits::default() })?;
    for module in modules {
        WasmHostFactory::<ServiceActorContext>::new_in(&engine, module)?;
    }
    Ok(())
}

/// A path as the server takes it. One that is no text leads nowhere, and the server says so.
fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Why nothing is served, or no longer.
#[derive(Debug, Error)]
pub(crate) enum HostingError {
    /// Modules cannot be run within these limits.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A module is not there or not one.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The server does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The server ended by itself.
    #[error("the server has ended")]
    Ended(#[source] io::Error),
}

impl HostingError {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            HostingError::Load(error) => load_help(error),
            HostingError::Start(StartError::Bind { source, .. }) => {
                bind_help(source.kind(), "--port", "--host")
            }
            HostingError::Start(StartError::BindAdmin { source, .. }) => {
                bind_help(source.kind(), "--admin", "--admin")
            }
            HostingError::Start(StartError::Tls(TlsError::Unreadable { .. })) => Some(
                "--tls-cert and --tls-key, or tls_cert and tls_key in jamsocket.toml, name two \
                 files that this user may read"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// What to do about a module that is not loaded.
pub(crate) fn load_help(error: &LoadError) -> Option<String> {
    match error {
        LoadError::Unreadable { path, .. } if path.is_dir() => {
            let path = path.display();
            Some(format!("that is a folder: `jamsocket dev {path}` builds and serves a package"))
        }
        LoadError::TooLarge { .. } => {
            Some("--module-bytes, or module_bytes in [limits], allows more".to_owned())
        }
        LoadError::TooSlow { .. } => {
            Some("--load-time, or load_time in [limits], allows more".to_owned())
        }
        _ => None,
    }
}

/// What to do about an address that cannot be listened on, whose port and host these flags set.
fn bind_help(kind: io::ErrorKind, port: &str, host: &str) -> Option<String> {
    match kind {
        io::ErrorKind::AddrInUse => Some(format!(
            "another program has this port: choose one with {port}, or a free one with {port} 0"
        )),
        io::ErrorKind::PermissionDenied => {
            Some(format!("ports below 1024 take a right: choose a higher one with {port}"))
        }
        io::ErrorKind::AddrNotAvailable => Some(format!("{host} takes an address of this machine")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use jamsocket_wasm_host::Grants;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        flags: ServeFlags,
    }

    fn lines(hosting: &Hosting, line: &[&str]) -> Vec<String> {
        let words = std::iter::once(&"jamsocket").chain(line);
        let flags = Command::try_parse_from(words).unwrap().flags;
        hosting.lines(SocketAddr::from(([127, 0, 0, 1], 8080)), &flags)
    }

    fn hosted(name: &str) -> HostedModule {
        HostedModule {
            name: name.to_owned(),
            module: PathBuf::from("x.wasm"),
            rooms: RoomConfig::default(),
        }
    }

    #[test]
    fn what_is_served_is_said_with_its_address() {
        let hosting = Hosting {
            alone: Some(hosted("counter")),
            named: vec![hosted("chat")],
            static_files: Some("static".into()),
            client: Some("out".into()),
            playground: Some(Playground::new()),
            ..Hosting::default()
        };
        let expected = [
            "counter on http://127.0.0.1:8080 - a room is ws://127.0.0.1:8080/ws/NAME",
            "chat on http://127.0.0.1:8080 - a room is ws://127.0.0.1:8080/chat/ws/NAME",
            "static on http://127.0.0.1:8080/",
            "out on http://127.0.0.1:8080/client/",
            "playground on http://127.0.0.1:8080/_/",
        ];
        assert_eq!(lines(&hosting, &[]), expected);
    }

    #[test]
    fn with_a_certificate_the_addresses_are_those_of_tls() {
        let hosting = Hosting {
            alone: Some(hosted("counter")),
            static_files: Some("static".into()),
            playground: Some(Playground::new()),
            ..Hosting::default()
        };
        let expected = [
            "counter on https://127.0.0.1:8080 - a room is wss://127.0.0.1:8080/ws/NAME",
            "static on https://127.0.0.1:8080/",
            "playground on https://127.0.0.1:8080/_/",
        ];
        assert_eq!(lines(&hosting, &["--tls-cert", "a", "--tls-key", "b"]), expected);
        let hosting = Hosting { tls: Some(Tls::from_files("a", "b")), ..hosting };
        assert_eq!(lines(&hosting, &[]), expected);
    }

    #[test]
    fn what_is_granted_of_services_that_are_not_there_is_told() {
        let bus = |patterns: &[&str]| {
            let rooms = patterns.iter().map(|pattern| pattern.parse().unwrap()).collect();
            Grants { rooms, ..Grants::default() }
        };
        let mut chat = hosted("chat");
        chat.rooms.bus = Some(bus(&["game", "games", "/1"]));
        let hosting = Hosting {
            named: vec![chat, hosted("game")],
            bus: BusConfig { grants: bus(&["chat/1", "Game/1"]), ..BusConfig::default() },
            ..Hosting::default()
        };
        let of_nobody = hosting.rooms_of_nobody(&BusFlags::default());
        assert_eq!(of_nobody.into_iter().collect::<Vec<_>>(), ["/1", "Game/1", "games"]);
        let hosting = Hosting { alone: Some(hosted("counter")), ..hosting };
        let of_nobody = hosting.rooms_of_nobody(&BusFlags::default());
        assert_eq!(of_nobody.into_iter().collect::<Vec<_>>(), ["Game/1", "games"]);
    }

    #[test]
    fn rooms_that_are_made_first_are_said_to_be() {
        let hosting = Hosting { alone: Some(hosted("counter")), ..Hosting::default() };
        let api = "counter on http://127.0.0.1:8080 - POST /ws/NAME makes the room \
                   ws://127.0.0.1:8080/ws/NAME";
        assert_eq!(lines(&hosting, &["-r", "api"]), [api]);
        let hosting = Hosting { named: vec![hosted("chat")], ..Hosting::default() };
        let short = "chat on http://127.0.0.1:8080 - POST /chat/new_room gives the NAME of a \
                     room ws://127.0.0.1:8080/chat/ws/NAME";
        assert_eq!(lines(&hosting, &["-r", "short"]), [short]);
    }
}

//! The flags that several commands share.

use crate::{
    cargo::Consent,
    code_cache::CodeCacheFlag,
    config::{BusConfig, CONFIG_FILE, Config, ConfigError, NamedProgram, Risk, RoomConfig},
    limits::{AllLimits, LimitFlags},
    trust::Trust,
};
use clap::Args;
use jamsocket_server::{
    AdminAddress, AllowedHosts, AllowedOrigins, RoomIdStrategy, Server, ServiceShutdownPolicy, Tls,
};
use jamsocket_wasm_host::{
    EngineError, Grants, GuestLimits, LoadError, Program, RoomPattern, UrlPattern, WasmEngine,
};
use std::{
    collections::HashMap,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

/// Stands for every origin, or every name.
const ANY: &str = "any";

const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_PORT: u16 = 8080;
const DEFAULT_HEARTBEAT_INTERVAL: u64 = 30;
const DEFAULT_HEARTBEAT_TIMEOUT: u64 = 120;
const DEFAULT_ROOMS: RoomIdStrategy = RoomIdStrategy::Implicit;
const DEFAULT_SHUTDOWN_POLICY: ServiceShutdownPolicy = ServiceShutdownPolicy::AfterSeconds(300);

/// How a server is reached and how its rooms live.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Serving")]
pub(crate) struct ServeFlags {
    /// Port to listen on; 0 takes a free one
    #[arg(short, long, value_name = "PORT", default_value_t = DEFAULT_PORT)]
    port: u16,

    /// Address to listen on; 0.0.0.0 is every address of this machine
    #[arg(long, value_name = "ADDRESS", default_value = DEFAULT_HOST)]
    host: String,

    /// Certificate to speak TLS with, and those that lead to its authority, in PEM form; it is read
    /// again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Private key of that certificate, in PEM form
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    // A default of clap's own would hide whether the flag was given: jamsocket.toml comes between.
    #[arg(short, long, value_name = "STRATEGY", help = format!(
        "How rooms come to be: `implicit` by joining, `api` by POST /ws/NAME, `uuid`, `short` or \
         `short3` to `short12` by POST /new_room, which makes up the name \
         [default: {DEFAULT_ROOMS}]"
    ))]
    rooms: Option<RoomIdStrategy>,

    #[arg(short, long, value_name = "POLICY", help = format!(
        "When an empty room ends: `never`, `immediate`, or after so many seconds \
         [default: {DEFAULT_SHUTDOWN_POLICY}]"
    ))]
    shutdown_policy: Option<ServiceShutdownPolicy>,

    /// Seconds between pings to a client; 0 sends none
    #[arg(short = 'i', long, value_name = "SECONDS", default_value_t = DEFAULT_HEARTBEAT_INTERVAL)]
    heartbeat_interval: u64,

    /// Seconds that a client may be silent before it counts as gone; 0 waits for ever
    #[arg(short = 't', long, value_name = "SECONDS", default_value_t = DEFAULT_HEARTBEAT_TIMEOUT)]
    heartbeat_timeout: u64,

    /// Pages that a browser may open rooms from, such as https://example.com, or `any`
    /// [default: those of the same host and port, with `dev` also those of this machine]
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,

    /// Names that the server answers to, without a port, or `any` [default: on a loopback address
    /// those of this machine, on any other any]
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,

    /// Worker threads that rooms live on [default: one a core]
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,

    /// Where GET /metrics and GET /rooms are: a port of 127.0.0.1, or host and port; 0 takes a free
    /// port [default: nowhere]
    #[arg(long, value_name = "[HOST:]PORT")]
    admin: Option<AdminAddress>,

    #[command(flatten)]
    code_cache: CodeCacheFlag,

    #[command(flatten)]
    pub(crate) bus: BusFlags,

    #[command(flatten)]
    limits: LimitFlags,
}

/// What guests may reach.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Bus")]
pub(crate) struct BusFlags {
    /// URLs that guests may request and open WebSockets to: `https://example.com/path`,
    /// `https://*.example.com`, or `*` for all that are public [default: none]
    #[arg(long, value_name = "URL")]
    allow_net: Vec<UrlPattern>,

    /// Rooms that guests may call: `game` for all of that service, `game/1` for one of them, `/` for all of
    /// the service at /ws [default: none]
    #[arg(long, value_name = "SERVICE[/ROOM]")]
    allow_room: Vec<RoomPattern>,

    /// A program that guests may call and run by this name [default: none]
    #[arg(long = "program", value_name = "NAME=PATH")]
    programs: Vec<NamedProgram>,
}

impl BusFlags {
    /// The rooms that the flags grant.
    pub(crate) fn rooms(&self) -> &[RoomPattern] {
        &self.allow_room
    }

    /// What the flags grant, beside this.
    pub(crate) fn over(&self, mut grants: Grants) -> Grants {
        grants.net.extend_from_slice(&self.allow_net);
        grants.rooms.extend_from_slice(&self.allow_room);
        grants.programs.extend(self.programs.iter().map(|program| program.name.clone()));
        grants
    }

    /// The programs of the flags and of `jamsocket.toml`, loaded.
    ///
    /// # Errors
    ///
    /// What is wrong with the first that cannot be.
    pub(crate) fn programs(
        &self,
        engine: &WasmEngine,
        config: &BusConfig,
    ) -> Result<HashMap<String, Program>, LoadError> {
        let given = self.programs.iter().map(|program| (&program.name, &program.path));
        let all: HashMap<_, _> = config.programs.iter().chain(given).collect();
        let load =
            |(name, path): (&String, &PathBuf)| Ok((name.clone(), Program::load(engine, path)?));
        all.into_iter().map(load).collect()
    }
}

impl ServeFlags {
    /// How a service's rooms come to be and end: what a flag says, or else its table in
    /// `jamsocket.toml`, or else the default.
    pub(crate) fn rooms(&self, config: &RoomConfig) -> (RoomIdStrategy, ServiceShutdownPolicy) {
        let strategy = self.rooms.or(config.strategy).unwrap_or(DEFAULT_ROOMS);
        let policy =
            self.shutdown_policy.or(config.shutdown_policy).unwrap_or(DEFAULT_SHUTDOWN_POLICY);
        (strategy, policy)
    }

    /// What may be used: what a flag says, or else `[limits]` in `jamsocket.toml`, or else the
    /// default.
    pub(crate) fn limits(&self, config: &AllLimits) -> AllLimits {
        self.limits.over(config.clone())
    }

    /// Where the operator is told about the server: where a flag says, or else `jamsocket.toml`.
    pub(crate) fn admin<'a>(
        &'a self,
        config: Option<&'a AdminAddress>,
    ) -> Option<&'a AdminAddress> {
        self.admin.as_ref().or(config)
    }

    /// The certificate to speak TLS with, if any: that of the flags, or else the one of
    /// `jamsocket.toml`.
    pub(crate) fn tls(&self, config: Option<&Tls>) -> Option<Tls> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::from_files(certificate, key)),
            _ => config.cloned(),
        }
    }

    /// Whether no flag takes the place of what is a risk in `jamsocket.toml`.
    pub(crate) fn leave(&self, risk: &Risk) -> bool {
        match &*risk.key {
            "admin" => self.admin.is_none(),
            "tls_cert" | "tls_key" => self.tls_cert.is_none(),
            _ => true,
        }
    }

    /// An engine for the modules.
    ///
    /// # Errors
    ///
    /// See [`EngineError`].
    pub(crate) fn engine(&self, limits: GuestLimits) -> Result<WasmEngine, EngineError> {
        self.code_cache.engine(limits)
    }

    /// What to listen on.
    pub(crate) fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// A server with what these flags say, but for its services, limits, admin address and
    /// certificate. Pages of `origins` are let in where no flag says which.
    pub(crate) fn server(&self, origins: AllowedOrigins) -> Server {
        let origins = match &self.allow_origin[..] {
            [] => origins,
            given if given.iter().any(|origin| origin == ANY) => AllowedOrigins::Any,
            given => AllowedOrigins::Only(given.to_vec()),
        };
        let hosts = match &self.allow_host[..] {
            [] => AllowedHosts::Automatic,
            given if given.iter().any(|host| host == ANY) => AllowedHosts::Any,
            given => AllowedHosts::Only(given.to_vec()),
        };
        let mut server = Server::new()
            .with_allowed_origins(origins)
            .with_allowed_hosts(hosts)
            .with_host(&self.host)
            .with_port(self.port.into())
            .with_heartbeat_interval(self.heartbeat_interval)
            .with_heartbeat_timeout(self.heartbeat_timeout);
        server.workers = self.workers.map(NonZeroUsize::get);
        server
    }
}

/// Which `jamsocket.toml` counts.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigFlag {
    #[arg(long, value_name = "FILE", help = format!("The settings, if not in {CONFIG_FILE}"))]
    config: Option<PathBuf>,
}

impl ConfigFlag {
    /// The file that the flag names, or else the one in `folder`, which may be missing.
    pub(crate) fn read(&self, folder: &Path) -> Result<Config, ConfigError> {
        match &self.config {
            Some(named) => Config::read(named),
            None => Config::in_folder(folder),
        }
    }
}

/// What is built, and whether what it takes may be installed.
#[derive(Debug, Clone, Args)]
pub(crate) struct ProjectFlags {
    /// Folder of the package, or of a workspace with it
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) path: PathBuf,

    /// Install a missing target with rustup without asking
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    config: ConfigFlag,

    /// What may be taken from `jamsocket.toml`.
    #[arg(skip)]
    trust: Trust,
}

impl ProjectFlags {
    /// What the package's `jamsocket.toml` says, as far as it is trusted.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        self.trust.check(self.config.read(&self.path)?)
    }

    /// The same flags, for which the file is trusted so far.
    pub(crate) fn trusting(&self, trust: Trust) -> Self {
        Self { trust, ..self.clone() }
    }

    /// The file that has the settings, where a flag names it.
    pub(crate) fn config_file(&self) -> Option<&Path> {
        self.config.config.as_deref()
    }

    pub(crate) fn consent(&self) -> Consent {
        if self.yes { Consent::Given } else { Consent::Ask }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RoomIdStrategy::{Explicit, Implicit, Uuid};
    use ServiceShutdownPolicy::{AfterSeconds, Immediate, Never};
    use clap::Parser;
    use std::time::Duration;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        flags: ServeFlags,
    }

    fn flags(line: &str) -> ServeFlags {
        let words = std::iter::once("jamsocket").chain(line.split_whitespace());
        Command::try_parse_from(words).unwrap().flags
    }

    const NOTHING: RoomConfig =
        RoomConfig { strategy: None, shutdown_policy: None, bus: None, access_token: None };
    const BOTH: RoomConfig =
        RoomConfig { strategy: Some(Uuid), shutdown_policy: Some(Immediate), ..NOTHING };

    #[test]
    fn without_flag_and_file_the_defaults_count() {
        assert_eq!(flags("").rooms(&NOTHING), (Implicit, AfterSeconds(300)));
    }

    #[test]
    fn the_file_beats_the_default() {
        assert_eq!(flags("").rooms(&BOTH), (Uuid, Immediate));
    }

    #[test]
    fn a_flag_beats_the_file_even_with_the_default_value() {
        assert_eq!(flags("-r implicit").rooms(&BOTH), (Implicit, Immediate));
        assert_eq!(flags("-s 300sec").rooms(&BOTH), (Uuid, AfterSeconds(300)));
        let both = flags("--rooms api --shutdown-policy never");
        assert_eq!(both.rooms(&BOTH), (Explicit, Never));
    }

    #[test]
    fn a_limits_flag_beats_the_file_and_the_file_the_default() {
        let mut file = AllLimits::default();
        (file.server.message_bytes, file.guests.memory_bytes) = (7, 8);
        let limits = flags("--message-bytes 9").limits(&file);
        assert_eq!((limits.server.message_bytes, limits.guests.memory_bytes), (9, 8));
        assert_eq!(limits.server.max_clients, AllLimits::default().server.max_clients);
    }

    #[test]
    fn an_admin_address_is_a_flag_or_in_the_file_or_nowhere() {
        let file = AdminAddress::from(("0.0.0.0", 1));
        assert_eq!(flags("").admin(None), None);
        assert_eq!(flags("").admin(Some(&file)), Some(&file));
        let flag = flags("--admin 9090");
        assert_eq!(flag.admin(Some(&file)), Some(&AdminAddress::from(("127.0.0.1", 9090))));
        let flag = flags("--admin [::1]:0");
        assert_eq!(flag.admin(None), Some(&AdminAddress::from(("::1", 0))));
    }

    #[test]
    fn a_certificate_comes_with_its_key_and_beats_that_of_the_file() {
        let file = Tls::from_files("cert", "key");
        assert_eq!(flags("").tls(None), None);
        assert_eq!(flags("").tls(Some(&file)), Some(file.clone()));
        let both = flags("--tls-cert a.pem --tls-key b.pem");
        assert_eq!(both.tls(Some(&file)), Some(Tls::from_files("a.pem", "b.pem")));
        for (half, missing) in
            [("--tls-cert a.pem", "--tls-key <FILE>"), ("--tls-key b.pem", "--tls-cert <FILE>")]
        {
            let words = std::iter::once("jamsocket").chain(half.split(' '));
            let refused = Command::try_parse_from(words).map(|line| line.flags).unwrap_err();
            assert!(refused.to_string().contains(missing), "{refused}");
        }
    }

    #[test]
    fn the_server_has_the_defaults_of_the_command_line() {
        let server = flags("").server(AllowedOrigins::SameHost);
        assert_eq!((server.host.as_str(), server.port), ("127.0.0.1", 8080));
        assert_eq!(server.heartbeat_interval, Duration::from_secs(30));
        assert_eq!(server.heartbeat_timeout, Duration::from_secs(120));
        assert_eq!(server.workers, None);
    }

    #[test]
    fn the_server_has_what_the_flags_say() {
        let server =
            flags("-p 0 --host 0.0.0.0 -i 5 -t 6 --workers 2").server(AllowedOrigins::SameHost);
        assert_eq!((server.host.as_str(), server.port), ("0.0.0.0", 0));
        assert_eq!(server.heartbeat_interval, Duration::from_secs(5));
        assert_eq!(server.heartbeat_timeout, Duration::from_secs(6));
        assert_eq!(server.workers, Some(2));
    }

    #[test]
    fn values_that_mean_nothing_are_refused() {
        for line in [
            "-p 65536",
            "-p -1",
            "-r bogus",
            "-s 5min",
            "-i x",
            "-t -1",
            "--workers 0",
            "--admin localhost",
        ] {
            let words = std::iter::once("jamsocket").chain(line.split(' '));
            assert!(Command::try_parse_from(words).is_err(), "{line}");
        }
        assert_eq!(flags("-p 65535").server(AllowedOrigins::SameHost).port, 65535);
    }

    #[test]
    fn flags_say_which_pages_and_names_are_let_in() {
        let dev = AllowedOrigins::SameHostOrLocalhost;
        let server = flags("").server(dev.clone());
        assert_eq!(
            (server.allowed_origins, server.allowed_hosts),
            (dev.clone(), AllowedHosts::Automatic)
        );
        let server = flags("--allow-origin https://a.example --allow-origin https://b.example")
            .server(dev.clone());
        let both = ["https://a.example", "https://b.example"].map(str::to_owned);
        assert_eq!(server.allowed_origins, AllowedOrigins::Only(both.to_vec()));
        let server = flags("--allow-origin any --allow-host rooms.example").server(dev.clone());
        assert_eq!(server.allowed_origins, AllowedOrigins::Any);
        assert_eq!(server.allowed_hosts, AllowedHosts::Only(vec!["rooms.example".to_owned()]));
        assert_eq!(flags("--allow-host any").server(dev).allowed_hosts, AllowedHosts::Any);
    }
}

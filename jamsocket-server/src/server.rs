use crate::{
    AdminAddress, AllowedHosts, AllowedOrigins, Limits, NamedService, Playground, RoomIdStrategy,
    ServedRooms, ServerHandle, ServiceActorContext, StartError, Tls, limits::A_YEAR,
    settings::ServiceSettings, start,
};
use jamsocket::{
    JamsocketServiceFactory, SimpleJamsocketService, SimpleJamsocketServiceFactory,
    host::ServiceShutdownPolicy,
};
use std::{io, sync::Arc, time::Duration};

/// A server of rooms, before it is started.
///
/// ```no_run
/// # use jamsocket::{JamsocketContext, SimpleJamsocketService};
/// use jamsocket_server::{Server, ServiceShutdownPolicy};
/// # struct Game;
/// # impl SimpleJamsocketService for Game {
/// #     fn new(_: &str, _: &impl JamsocketContext) -> Self { Game }
/// # }
///
/// fn main() -> std::io::Result<()> {
///     Server::new()
///         .with_port(9000)
///         .with_shutdown_policy(ServiceShutdownPolicy::AfterSeconds(60))
///         .serve_default::<Game>()
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Server {
    /// The address to listen on, a name or a number. Default: `127.0.0.1`, which nobody else can
    /// reach; a container wants `0.0.0.0`.
    pub host: String,
    /// The port to listen on, 0 to 65535; 0 lets the system choose. Default: 8080.
    pub port: u32,
    /// How often a client is pinged. Zero: never. Default: 30 s.
    pub heartbeat_interval: Duration,
    /// For how long a client may be silent before it counts as gone. Zero: for ever. Default: 300 s.
    pub heartbeat_timeout: Duration,
    /// How rooms come to be, and who names them. Default: implicit.
    pub room_id_strategy: RoomIdStrategy,
    /// How long empty rooms live. Default: for ever.
    pub shutdown_policy: ServiceShutdownPolicy,
    /// A folder whose files are served under `/`.
    pub static_path: Option<String>,
    /// A folder whose files are served under `/client`.
    pub client_path: Option<String>,
    /// How many worker threads there are. Default: one a core.
    pub workers: Option<usize>,
    /// Where the operator finds `GET /metrics` and `GET /rooms`. Default: nowhere.
    pub admin: Option<AdminAddress>,
    /// The page at `/_/` that joins rooms and watches them. Default: none.
    pub playground: Option<Playground>,
    /// The certificate that the server shows, and its key. Default: none, so that it speaks HTTP and
    /// not HTTPS.
    pub tls: Option<Tls>,
    /// From which pages a browser may open rooms. Default: pages of the same host and port.
    pub allowed_origins: AllowedOrigins,
    /// Which names the server answers to. Default: on a loopback address those of this machine, on
    /// any other any.
    pub allowed_hosts: AllowedHosts,
    /// What clients and rooms may use.
    pub limits: Limits,
    /// What calls the server's rooms, from that server itself. Default: nobody does.
    pub served_rooms: Option<ServedRooms>,
    /// Services with a name, served at `/{name}/ws/{room}`.
    pub services: Vec<NamedService>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 8080,
            heartbeat_interval: Duration::from_secs(30),
            heartbeat_timeout: Duration::from_secs(300),
            room_id_strategy: RoomIdStrategy::Implicit,
            shutdown_policy: ServiceShutdownPolicy::Never,
            static_path: None,
            client_path: None,
            workers: None,
            admin: None,
            playground: None,
            tls: None,
            allowed_origins: AllowedOrigins::default(),
            allowed_hosts: AllowedHosts::default(),
            limits: Limits::default(),
            served_rooms: None,
            services: Vec::new(),
        }
    }
}

impl Server {
    /// A server with the default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the address to listen on.
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// Sets the port to listen on, 0 to 65535; 0 lets the system choose.
    pub fn with_port(mut self, port: u32) -> Self {
        self.port = port;
        self
    }

    /// Sets how often a client is pinged, in seconds. Zero: never.
    pub fn with_heartbeat_interval(mut self, seconds: u64) -> Self {
        self.heartbeat_interval = Duration::from_secs(seconds);
        self
    }

    /// Sets for how many seconds a client may be silent before it counts as gone. Zero: for ever.
    pub fn with_heartbeat_timeout(mut self, seconds: u64) -> Self {
        self.heartbeat_timeout = Duration::from_secs(seconds);
        self
    }

    /// Sets how rooms come to be, and who names them.
    pub fn with_room_id_strategy(mut self, strategy: RoomIdStrategy) -> Self {
        self.room_id_strategy = strategy;
        self
    }

    /// Sets how long empty rooms live.
    pub fn with_shutdown_policy(mut self, policy: ServiceShutdownPolicy) -> Self {
        self.shutdown_policy = policy;
        self
    }

    /// Sets the folder whose files are served under `/`.
    pub fn with_static_path(mut self, folder: Option<String>) -> Self {
        self.static_path = folder;
        self
    }

    /// Sets the folder whose files are served under `/client`.
    pub fn with_client_path(mut self, folder: Option<String>) -> Self {
        self.client_path = folder;
        self
    }

    /// Sets how many worker threads there are, at least 1. A room lives on the worker that its
    /// first client is connected to.
    pub fn with_workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Sets the address on which the operator finds `GET /metrics` and `GET /rooms`: a port of
    /// 127.0.0.1, or host and port. They are nowhere else. It has a worker thread of its own, and
    /// answers to the names that the server answers to, and to its own.
    pub fn with_admin(mut self, address: impl Into<AdminAddress>) -> Self {
        self.admin = Some(address.into());
        self
    }

    /// Has the server answer `GET /_/` with a page that joins rooms and watches them, for people who
    /// write them; so does `GET /`, where there are no static files. Whoever reaches the server sees
    /// there what rooms there are, and what they log.
    pub fn with_playground(mut self, playground: Playground) -> Self {
        self.playground = Some(playground);
        self
    }

    /// Has the server speak TLS, and nothing else: its rooms are at `wss://`, its pages at `https://`.
    pub fn with_tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sets from which pages a browser may open rooms.
    pub fn with_allowed_origins(mut self, origins: AllowedOrigins) -> Self {
        self.allowed_origins = origins;
        self
    }

    /// Sets which names the server answers to.
    pub fn with_allowed_hosts(mut self, hosts: AllowedHosts) -> Self {
        self.allowed_hosts = hosts;
        self
    }

    /// Sets what clients and rooms may use, but for the rooms of services that have limits of their
    /// own.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Has `rooms` be those of this server, once it has started.
    pub fn with_served_rooms(mut self, rooms: ServedRooms) -> Self {
        self.served_rooms = Some(rooms);
        self
    }

    /// Adds a service that is served at `/{name}/ws/{room}`, with rooms of its own and this
    /// server's settings.
    pub fn service<F>(self, name: impl Into<String>, factory: F) -> Self
    where
        F: JamsocketServiceFactory<ServiceActorContext>,
    {
        self.with_service(NamedService::new(name, factory))
    }

    /// Adds a service that is served under its name, with settings of its own.
    pub fn with_service(mut self, service: NamedService) -> Self {
        self.services.push(service);
        self
    }

    /// Serves native rooms of `T` at `/ws/{room}` until the server is told to stop by SIGINT or
    /// SIGTERM.
    ///
    /// # Errors
    ///
    /// See [`StartError`], which the error holds.
    pub fn serve_default<T: SimpleJamsocketService>(self) -> io::Result<()> {
        self.serve(SimpleJamsocketServiceFactory::<T, ServiceActorContext>::default())
    }

    /// Serves the rooms that `factory` builds at `/ws/{room}` until the server is told to stop by
    /// SIGINT or SIGTERM.
    ///
    /// # Errors
    ///
    /// See [`StartError`], which the error holds.
    pub fn serve<F>(self, factory: F) -> io::Result<()>
    where
        F: JamsocketServiceFactory<ServiceActorContext>,
    {
        self.start(factory)?.run()
    }

    /// Starts a server on threads of its own, with the rooms that `factory` builds at `/ws/{room}`.
    /// It accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn start<F>(self, factory: F) -> Result<ServerHandle, StartError>
    where
        F: JamsocketServiceFactory<ServiceActorContext>,
    {
        self.with_service(NamedService::new("", factory)).start_services()
    }

    /// Starts a server with the named services only.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn start_services(self) -> Result<ServerHandle, StartError> {
        start::start(self)
    }

    /// The settings of a service that has none of its own.
    pub(crate) fn service_settings(&self) -> ServiceSettings {
        ServiceSettings {
            room_id_strategy: self.room_id_strategy,
            shutdown_policy: self.shutdown_policy,
            heartbeat_interval: self.heartbeat_interval.min(A_YEAR),
            heartbeat_timeout: self.heartbeat_timeout.min(A_YEAR),
            limits: Arc::new(self.limits.countable()),
            access_token: None,
            playground: self.playground.clone(),
        }
    }
}

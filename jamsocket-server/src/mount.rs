use crate::{
    Limits, NamedService, Server, ServiceActorContext, StartError, admin, site::Site, socket,
};
use actix_web::{dev::Extensions, web::ServiceConfig};
use jamsocket::JamsocketServiceFactory;
use std::any::Any;

/// Rooms inside an actix-web application that has other things to do too.
///
/// The application runs its own `HttpServer`; of the [`Server`]'s settings, host, port, workers,
/// TLS and admin address mean nothing here. Three settings of that `HttpServer` matter to rooms:
///
/// - `client_disconnect_timeout(Duration::ZERO)`, or the sockets of closed WebSockets stay a while;
/// - `on_connect(rooms.on_connect())`, or clients that read nothing stay for minutes;
/// - `keep_alive(KeepAlive::Disabled)`, or a client may take for ever over a connection's second
///   request, as `client_request_timeout` bounds the first alone. It costs a connection a request.
///
/// Rooms that are called from the server itself ([`ServedRooms`](crate::ServedRooms)) are made on threads of
/// an actix `System`, as `#[actix_web::main]` has one; on a Tokio runtime alone such a call fails.
///
/// A message costs some more than with a [`Server`] of its own, which takes its sockets over from HTTP.
///
/// Before the application ends its `HttpServer`, it awaits [`stop`](Self::stop): actix on its own
/// kills rooms with their threads, so it must not heed signals on its own either.
///
/// ```no_run
/// # use jamsocket::{JamsocketContext, SimpleJamsocketService, SimpleJamsocketServiceFactory};
/// use actix_web::{App, HttpServer, http::KeepAlive, web};
/// use jamsocket_server::{Mount, Server};
/// use std::time::Duration;
/// # struct Game;
/// # impl SimpleJamsocketService for Game {
/// #     fn new(_: &str, _: &impl JamsocketContext) -> Self { Game }
/// # }
///
/// #[actix_web::main]
/// async fn main() -> std::io::Result<()> {
///     let rooms = Server::new().mount(SimpleJamsocketServiceFactory::<Game, _>::default())?;
///     let server = HttpServer::new({
///         let rooms = rooms.clone();
///         move || {
///             let rooms = rooms.clone();
///             // The rooms are at /game/ws/{room}.
///             App::new().service(web::scope("/game").configure(move |app| rooms.configure(app)))
///         }
///     })
///     .client_disconnect_timeout(Duration::ZERO)
///     .keep_alive(KeepAlive::Disabled)
///     .on_connect(rooms.on_connect())
///     .disable_signals()
///     .bind("127.0.0.1:8080")?
///     .run();
///     let (handle, running) = (server.handle(), actix_web::rt::spawn(server));
///     tokio::signal::ctrl_c().await?;
///     handle.pause().await;
///     let _late = tokio::time::timeout(Duration::from_secs(10), rooms.stop()).await;
///     handle.stop(true).await;
///     running.await.map_err(std::io::Error::other)?
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Mount {
    site: Site,
    limits: Limits,
}

impl Mount {
    /// Adds the routes of the rooms, and of static files and a playground where set, to an application
    /// or a scope. Whoever reaches the playground sees what rooms there are, and what they log.
    pub fn configure(&self, app: &mut ServiceConfig) {
        self.site.configure(app);
    }

    /// Adds `GET /metrics` and `GET /rooms` to an application or a scope. It should be one that only
    /// the operator reaches.
    pub fn configure_admin(&self, app: &mut ServiceConfig) {
        admin::add_routes(app, &self.site);
    }

    /// Ends all rooms, each with a `disconnect` for every client, and closes their WebSockets. It
    /// returns when all of that is done; put a timeout around it.
    pub async fn stop(&self) {
        self.site.stop().await;
    }

    /// Prepares each accepted socket, without TLS or with that of rustls 0.23: one whose peer takes
    /// nothing for [`Limits::write_time`] is reset.
    pub fn on_connect(&self) -> impl Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static {
        socket::preparing(self.limits.write_time)
    }
}

impl Server {
    /// Makes rooms for an actix-web application that is there already, instead of a server.
    ///
    /// # Errors
    ///
    /// The settings are not usable: see [`StartError`].
    pub fn mount<F>(self, factory: F) -> Result<Mount, StartError>
    where
        F: JamsocketServiceFactory<ServiceActorContext>,
    {
        let limits = self.limits.countable();
        let site = Site::new(self.with_service(NamedService::new("", factory)))?;
        Ok(Mount { site, limits })
    }
}

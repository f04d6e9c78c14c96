use crate::{
    AllowedOrigins, NamedService, Server, StartError,
    http::routes,
    metrics::Counter,
    open_sockets::OpenSockets,
    playground::{self, Listeners},
    rooms::Rooms,
    workers::Workers,
};
use actix_web::{rt, web::ServiceConfig};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
};

/// All that a server serves: its services with their rooms, and its files.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    services: Vec<Arc<Rooms>>,
    /// Folders of static files, without links, with the path that each is mounted at.
    files: Vec<(&'static str, PathBuf)>,
    /// The threads that serve all this.
    workers: Arc<Workers>,
    /// The WebSockets that are open.
    open: OpenSockets,
    origins: Arc<AllowedOrigins>,
    /// Those who listen to the playground, where there is one.
    listeners: Option<Arc<Listeners>>,
    /// Requests for a name that the server does not answer to.
    refused_hosts: Arc<Counter>,
}

impl Site {
    pub(crate) fn new(mut server: Server) -> Result<Self, StartError> {
        let services = std::mem::take(&mut server.services);
        if services.is_empty() {
            return Err(StartError::NoService);
        }
        check_names(&services)?;
        let settings = server.service_settings();
        let open = OpenSockets::at_most(server.limits.max_connections);
        let folders = [("/client", server.client_path), ("/", server.static_path)];
        let files = folders
            .into_iter()
            .filter_map(|(path, folder)| Some((path, folder?)))
            .map(|(path, folder)| match Path::new(&folder).canonicalize() {
                Ok(inside) if inside.is_dir() => Ok((path, inside)),
                _ => Err(StartError::StaticFolder(folder)),
            })
            .collect::<Result<_, _>>()?;
        let services: Vec<_> =
            services.into_iter().map(|service| service.open(settings.clone())).collect();
        let origins = Arc::new(server.allowed_origins);
        let listeners = server.playground.map(|p| Arc::new(Listeners::new(p, services.clone())));
        let workers = Arc::default();
        if let Some(rooms) = &server.served_rooms {
            rooms.open(&services, &workers);
        }
        let refused_hosts = Arc::default();
        Ok(Self { services, files, workers, open, origins, listeners, refused_hosts })
    }

    pub(crate) fn services(&self) -> &[Arc<Rooms>] {
        &self.services
    }

    pub(crate) fn refused_hosts(&self) -> &Arc<Counter> {
        &self.refused_hosts
    }

    /// Adds the routes of everything to an app, which each worker thread makes for itself. Files come
    /// last, as they take any path.
    pub(crate) fn configure(&self, app: &mut ServiceConfig) {
        self.workers.add_this();
        routes::add_status(app);
        for rooms in &self.services {
            routes::add_service(app, rooms, &self.open, &self.origins);
        }
        if let Some(listeners) = &self.listeners {
            playground::add_routes(app, listeners);
        }
        for (path, folder) in &self.files {
            let inside = folder.clone();
            app.service(
                actix_files::Files::new(path, folder)
                    .index_file("index.html")
                    // A symbolic link must not lead out of the folder.
                    .path_filter(move |file, _| {
                        let target = inside.join(file).canonicalize();
                        target.is_ok_and(|target| target.starts_with(&inside))
                    }),
            );
        }
    }

    /// Has `GET /` lead to the playground, where there is one and no file is served under that path.
    pub(crate) fn configure_root(&self, app: &mut ServiceConfig) {
        let is_taken = self.files.iter().any(|(path, _)| *path == "/");
        if self.listeners.is_some() && !is_taken {
            playground::add_way_there(app);
        }
    }

    /// Ends all rooms, each with its `disconnect`s, closes their clients' WebSockets, and returns
    /// when they are closed.
    pub(crate) async fn stop(&self) {
        if let Some(listeners) = &self.listeners {
            listeners.end();
        }
        let stop = |rooms: &Arc<Rooms>| {
            let rooms = rooms.clone();
            rt::spawn(async move { rooms.stop().await })
        };
        let stopping: Vec<_> = self.services.iter().map(stop).collect();
        for rooms in stopping {
            // It fails only where the runtime itself has ended, and the rooms with it.
            let _ = rooms.await;
        }
        self.open.closed().await;
        if let Some(listeners) = &self.listeners {
            listeners.ended().await;
        }
    }
}

fn check_names(services: &[NamedService]) -> Result<(), StartError> {
    let mut seen = HashSet::new();
    for service in services {
        let name = service.name();
        if !name.is_empty() {
            NamedService::check_name(name)?;
        }
        if !seen.insert(name) {
            return Err(StartError::SameName(name.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ServiceActorContext;
    use jamsocket::{JamsocketContext, SimpleJamsocketService, SimpleJamsocketServiceFactory};

    struct Idle;

    impl SimpleJamsocketService for Idle {
        fn new(_: &str, _: &impl JamsocketContext) -> Self {
            Idle
        }
    }

    fn site_of(names: &[&str]) -> Result<Site, StartError> {
        let factory = || SimpleJamsocketServiceFactory::<Idle, ServiceActorContext>::default();
        let server = names.iter().fold(Server::new(), |s, name| s.service(*name, factory()));
        Site::new(server)
    }

    #[test]
    fn names_that_can_stand_in_a_path_are_taken() {
        assert!(site_of(&["", "chat", "Game-2_b"]).is_ok());
    }

    #[test]
    fn other_names_are_refused() {
        for name in ["a b", "a/b", "é", "..", "ws", "status", "new_room", "client", "_"] {
            assert!(matches!(site_of(&[name]), Err(StartError::ServiceName(n)) if n == name));
        }
        assert!(matches!(site_of(&["a", "a"]), Err(StartError::SameName(name)) if name == "a"));
        assert!(matches!(site_of(&[]), Err(StartError::NoService)));
    }

    #[test]
    fn a_folder_that_is_not_there_is_refused() {
        let mut server = Server::new().with_static_path(Some("no/such/folder".into()));
        let factory = SimpleJamsocketServiceFactory::<Idle, ServiceActorContext>::default();
        server = server.service("", factory);
        let refused = Site::new(server).unwrap_err();
        assert_eq!(refused.to_string(), "the folder of static files `no/such/folder` is not there");
    }
}

use super::{
    DevError,
    build::{Build, Finished, NewModule, Success, Trouble, bytes_of},
    keys::{Key, Keys},
    status::{BuildStatus, StatusLine},
};
use crate::{
    console::Console,
    failure::Failure,
    flags::{ProjectFlags, ServeFlags},
    hosting::{Factory, Hosting, Served},
};
use jamsocket_server::{BuildState, RolledBack, Swapper};
use std::{
    mem,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// How often the status line is looked at where nothing happens.
const LOOK: Duration = Duration::from_secs(1);

/// What happens in the life of `jamsocket dev`.
#[derive(Debug)]
pub(super) enum Happening {
    /// This file is not what it was.
    Changed(PathBuf),
    /// Changes are not seen any more.
    Unwatched(DevError),
    /// A build has come to its end.
    Built(Box<Finished>),
    /// All rooms of a service have gone over to a module.
    Swapped(Swapped),
    /// This version of a service has failed, and what was before it runs.
    RolledBack { served_as: String, version: u64, back: RolledBack },
    /// A key was pressed.
    Pressed(Key),
    /// The server has ended.
    ServerEnded,
}

/// What a swap has come to.
#[derive(Debug)]
pub(super) struct Swapped {
    served_as: String,
    version: u64,
    rooms: usize,
    /// Since cargo was through.
    took: Duration,
}

/// A service that runs, and what it runs.
struct Service<'a> {
    served_as: String,
    label: String,
    swapper: &'a Swapper<Factory>,
    /// Counts the swaps.
    version: u64,
    bytes: Vec<u8>,
    /// What ran before, unless that runs again.
    before: Option<Vec<u8>>,
}

/// The server, the builds, and whoever sits at the terminal.
pub(super) struct Session<'a> {
    project: &'a ProjectFlags,
    hosting: &'a Hosting,
    served: &'a Served,
    services: Vec<Service<'a>>,
    building: Option<Build>,
    builds: u64,
    /// Where the server is.
    url: String,
    status: StatusLine<'a>,
    /// Whether it was said that settings wait for the next start.
    has_warned: bool,
    tell: mpsc::Sender<Happening>,
    console: Console,
}

impl<'a> Session<'a> {
    /// A session of what is served now.
    pub(super) fn new(
        project: &'a ProjectFlags,
        serving: &'a ServeFlags,
        hosting: &'a Hosting,
        served: &'a Served,
        tell: mpsc::Sender<Happening>,
        console: Console,
    ) -> Self {
        let services = hosting.modules().zip(&served.swappers);
        let services = services.map(|((served_as, hosted), swapper)| Service {
            served_as: served_as.to_owned(),
            label: hosted.name.clone(),
            swapper,
            version: 0,
            bytes: bytes_of(hosted, &served.reach),
            before: None,
        });
        let url = hosting.url(served.server.addr(), serving);
        Self {
            project,
            hosting,
            served,
            services: services.collect(),
            building: None,
            builds: 0,
            status: StatusLine::new(url.clone(), &served.server, console),
            url,
            has_warned: false,
            tell,
            console,
        }
    }

    /// Goes on until the server has ended.
    pub(super) fn run(mut self, happenings: &mpsc::Receiver<Happening>) {
        let tell = self.tell.clone();
        let _keys = Keys::listen(move |key| {
            // Perhaps the session has ended.
            let _ = tell.send(Happening::Pressed(key));
        });
        self.status.show();
        loop {
            match happenings.recv_timeout(LOOK) {
                Ok(Happening::ServerEnded) => return,
                Ok(happening) => self.take(happening),
                Err(_) => {}
            }
            self.status.show();
        }
    }

    fn take(&mut self, happening: Happening) {
        match happening {
            Happening::Changed(file) => {
                self.console.status("Changed", self.project_path(&file).display());
                self.build();
            }
            Happening::Unwatched(error) => Failure::from(error).report(),
            Happening::Built(finished) => self.built(*finished),
            Happening::Swapped(swapped) => self.swapped(&swapped),
            Happening::RolledBack { served_as, version, back } => {
                self.rolled_back(&served_as, version, &back);
            }
            Happening::Pressed(Key::Rebuild) => self.build(),
            Happening::Pressed(Key::OpenPlayground) => self.open_playground(),
            Happening::Pressed(Key::Quit) => self.served.server.stop(),
            Happening::ServerEnded => {}
        }
    }

    /// Begins a build, in the place of the one that is under way.
    fn build(&mut self) {
        self.building = None;
        self.builds += 1;
        self.status.set(BuildStatus::Building);
        self.tell_pages(BuildState::Building);
        let known = self.services.iter().map(|s| (s.served_as.clone(), s.bytes.clone()));
        let tell = self.tell.clone();
        self.building = Some(Build::begin(
            self.builds,
            self.project,
            &self.served.reach,
            known.collect(),
            self.console,
            move |finished| {
                let _ = tell.send(Happening::Built(Box::new(finished)));
            },
        ));
    }

    fn built(&mut self, finished: Finished) {
        let Finished { number, took, at, result } = finished;
        if self.building.as_ref().is_none_or(|build| build.number() != number) {
            return;
        }
        self.building = None;
        match result {
            Ok(Success { hosting, changed }) => {
                self.warn_of_settings(&hosting);
                self.status.set(BuildStatus::Running { since: Instant::now(), took });
                self.tell_pages(BuildState::Running { took });
                if changed.is_empty() {
                    self.console.status("Unchanged", "the rooms go on as they are");
                }
                changed.into_iter().for_each(|module| self.swap(module, at));
            }
            Err(trouble) => self.failed(&trouble),
        }
    }

    fn failed(&mut self, trouble: &Trouble) {
        let is_told = trouble.failure.is_of_the_source() && !trouble.said.is_empty();
        let mut errors = trouble.said.clone();
        if !is_told {
            trouble.failure.report();
            errors.push_str(&trouble.failure.render());
        }
        self.console.status("Running", "what was built before goes on");
        self.status.set(BuildStatus::Failed);
        let errors = anstream::adapter::strip_str(&errors).to_string();
        self.tell_pages(BuildState::Failed { errors });
    }

    /// Tells the pages of the playground what has become of the code.
    fn tell_pages(&self, build: BuildState) {
        if let Some(playground) = &self.hosting.playground {
            playground.set_build(build);
        }
    }

    /// Puts a module under the clients of its service.
    fn swap(&mut self, module: NewModule, built: Instant) {
        let NewModule { served_as, bytes, factory } = module;
        let is_its = |s: &&mut Service<'_>| s.served_as == served_as && s.bytes != bytes;
        // It may have been rolled back to just that since the build began.
        let Some(service) = self.services.iter_mut().find(is_its) else { return };
        service.before = Some(mem::replace(&mut service.bytes, bytes));
        service.version += 1;
        let (version, tell, name) = (service.version, self.tell.clone(), served_as.clone());
        let swapping = service.swapper.swap(factory, move |back| {
            let _ = tell.send(Happening::RolledBack { served_as: name, version, back });
        });
        let tell = self.tell.clone();
        thread::spawn(move || {
            let rooms = swapping.wait();
            let took = built.elapsed();
            let _ = tell.send(Happening::Swapped(Swapped { served_as, version, rooms, took }));
        });
    }

    fn swapped(&mut self, swapped: &Swapped) {
        let Swapped { served_as, version, rooms, took } = swapped;
        let is_current = |s: &&Service<'_>| {
            s.served_as == *served_as && s.version == *version && s.before.is_some()
        };
        let Some(service) = self.services.iter().find(is_current) else { return };
        let rooms = match rooms {
            0 => "no room was there".to_owned(),
            1 => "1 room has gone over".to_owned(),
            rooms => format!("{rooms} rooms have gone over"),
        };
        let ms = took.as_millis();
        self.console
            .status("Swapped", format_args!("{}: {rooms}, {ms} ms after the build", service.label));
    }

    fn rolled_back(&mut self, served_as: &str, version: u64, back: &RolledBack) {
        let mut services = self.services.iter_mut();
        let Some(service) = services.find(|s| s.served_as == served_as && s.version == version)
        else {
            return;
        };
        if let Some(before) = service.before.take() {
            service.bytes = before;
        }
        let reason = back.to_string();
        // The log has the rest: a backtrace.
        let first = reason.lines().next().unwrap_or_default();
        let label = service.label.clone();
        self.console.error(format_args!("{label} was rolled back to what ran before: {first}"));
        self.status.set(BuildStatus::RolledBack);
        self.tell_pages(BuildState::RolledBack { reason: format!("{label}: {reason}") });
    }

    fn open_playground(&self) {
        let url = format!("{}/_/", self.url);
        if let Err(error) = open::that_detached(&url) {
            self.console
                .warn(format_args!("cannot open a browser ({error}): the playground is {url}"));
        }
    }

    /// Says once where settings have changed that a server has from its start.
    fn warn_of_settings(&mut self, hosting: &Hosting) {
        if !self.has_warned && !hosting.has_the_settings_of(self.hosting) {
            self.console.warn(
                "settings in jamsocket.toml have changed: they count when `jamsocket dev` is started \
                 again",
            );
            self.has_warned = true;
        }
    }

    /// A file as the command line would have it.
    fn project_path<'b>(&self, file: &'b Path) -> &'b Path {
        let folder = self.project.path.canonicalize().ok();
        folder.and_then(|folder| file.strip_prefix(folder).ok()).unwrap_or(file)
    }
}

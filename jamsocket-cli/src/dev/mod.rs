//! `jamsocket dev` as long as it runs: what is built is served, and when its source changes it is
//! built again and put under the clients of the rooms that run.
//!
//! ```text
//! watch ── changed ──┐
//! keys ─── pressed ──┤
//! build ── built ────┼──> session ── swap ──> server
//! server ─ ended ────┘        └─ status line, playground
//! ```
//!
//! [`watch`] tells of changes of the [`sources`], [`build`] is one build on a thread of its own, and the
//! [`session`] decides what follows from what.

mod build;
mod keys;
mod session;
mod sources;
mod status;
mod watch;

use crate::{
    cargo::{BuildEnvironment, Job},
    config::Config,
    console::Console,
    failure::Failure,
    flags::{ProjectFlags, ServeFlags},
    hosting::HostingError,
    project::{self, Built},
};
use jamsocket_server::AllowedOrigins;
use session::{Happening, Session};
use sources::Sources;
use std::{sync::mpsc, thread};
use watch::Watch;
pub(crate) use watch::WatchError as DevError;

/// Builds and serves the project, and goes on building it, until SIGINT or SIGTERM or the key for it.
///
/// # Errors
///
/// What it begins with fails: later on, what is wrong is told, and what runs goes on.
pub(crate) fn run(
    project: &ProjectFlags,
    serving: &ServeFlags,
    config: Config,
    console: Console,
) -> Result<(), Failure> {
    // Before the build: what changes while it runs is a change.
    let mut watch = Watch::new(sources(project))?;
    let built = first_build(project, config, &mut watch, console)?;
    let served = built.hosting.start(serving, AllowedOrigins::SameHostOrLocalhost, console)?;
    let (tell, happenings) = mpsc::channel();
    watch_on_a_thread(watch, project.clone(), tell.clone());
    thread::scope(|scope| {
        let ended = tell.clone();
        let server = &served.server;
        scope.spawn(move || {
            server.wait();
            // The session may have ended first.
            let _ = ended.send(Happening::ServerEnded);
        });
        server.heed_signals();
        Session::new(project, serving, &built.hosting, &served, tell, console).run(&happenings);
    });
    Ok(served.server.join().map_err(HostingError::Ended)?)
}

fn sources(project: &ProjectFlags) -> Sources {
    let environment = BuildEnvironment::of_this_process();
    Sources::of(&project.path, &environment).with_file(project.config_file())
}

/// Builds until that succeeds: where the source is at fault, each change of it is a new try.
fn first_build(
    project: &ProjectFlags,
    mut config: Config,
    watch: &mut Watch,
    console: Console,
) -> Result<Built, Failure> {
    loop {
        match project::build(project, config, &Job::default(), console) {
            Err(failure) if failure.is_of_the_source() => {
                failure.report();
                console.status("Waiting", "for a change");
            }
            built => return built,
        }
        watch.next()?;
        config = project.config()?;
    }
}

/// Tells of each change. The thread ends with the process.
fn watch_on_a_thread(mut watch: Watch, project: ProjectFlags, tell: mpsc::Sender<Happening>) {
    thread::spawn(move || {
        loop {
            let changed = watch.next().and_then(|file| {
                if sources::says_what_is_built(&file) {
                    watch = Watch::new(sources(&project))?;
                }
                Ok(file)
            });
            let happening = match changed {
                Ok(file) => Happening::Changed(file),
                Err(error) => Happening::Unwatched(error),
            };
            let is_over = matches!(happening, Happening::Unwatched(_));
            if tell.send(happening).is_err() || is_over {
                return;
            }
        }
    });
}

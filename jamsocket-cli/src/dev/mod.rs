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
use jamsocket_server::{AllowedOrigins, BuildState, Playground};
use session::{Happening, Session};
use sources::Sources;
use std::{path::PathBuf, sync::mpsc, thread, time::Instant};
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
    let at_hand = sources(project, &config, false);
    let are_known = at_hand.are_known;
    let mut watch = Watch::new(at_hand)?;
    let begun = Instant::now();
    let mut built = first_build(project, config, &mut watch, console)?;
    // By now there is all that is depended on.
    if !are_known && let Ok(config) = project.config() {
        watch.add(sources(project, &config, true))?;
    }
    let playground = Playground::new();
    playground.set_build(BuildState::Running { took: begun.elapsed() });
    built.hosting.playground = Some(playground);
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

/// What the project is built from, as far as cargo can say.
fn sources(project: &ProjectFlags, config: &Config, may_fetch: bool) -> Sources {
    let environment = BuildEnvironment::of_this_process();
    Sources::of(&project.path, config, may_fetch, &environment).with_file(project.config_file())
}

/// Waits for the next change. After one that may be of what there is to build, that is watched from then
/// on; what cargo cannot read now is watched as it was, until it is mended.
fn next_change(watch: &mut Watch, project: &ProjectFlags) -> Result<PathBuf, DevError> {
    let file = watch.next()?;
    if sources::says_what_is_built(&file)
        && let Ok(config) = project.config()
    {
        watch.add(sources(project, &config, true))?;
    }
    Ok(file)
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
        next_change(watch, project)?;
        config = project.config()?;
    }
}

/// Tells of each change. The thread ends with the process.
fn watch_on_a_thread(mut watch: Watch, project: ProjectFlags, tell: mpsc::Sender<Happening>) {
    thread::spawn(move || {
        loop {
            let happening = match next_change(&mut watch, &project) {
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

use crate::{
    cargo::Job,
    console::Console,
    failure::Failure,
    flags::ProjectFlags,
    hosting::{Factory, HostedModule, Hosting, HostingError, Reach},
    project,
};
use jamsocket::host::read_file;
use std::{
    thread,
    time::{Duration, Instant},
};

/// A build beside the server, on a thread of its own.
#[derive(Debug)]
pub(super) struct Build {
    number: u64,
    job: Job,
}

/// What came of a build.
#[derive(Debug)]
pub(super) struct Finished {
    /// The build that it is.
    pub(super) number: u64,
    /// How long it took.
    pub(super) took: Duration,
    /// When cargo was through.
    pub(super) at: Instant,
    pub(super) result: Result<Success, Trouble>,
}

/// A build that has succeeded.
#[derive(Debug)]
pub(super) struct Success {
    pub(super) hosting: Hosting,
    /// Those that are not what they were, by the name that they are served under.
    pub(super) changed: Vec<NewModule>,
}

/// A module that is not what it was.
#[derive(Debug)]
pub(super) struct NewModule {
    pub(super) served_as: String,
    pub(super) bytes: Vec<u8>,
    pub(super) factory: Factory,
}

/// Why nothing new can be served.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) failure: Failure,
    /// What cargo has said, with its colours; empty where it is not cargo's.
    pub(super) said: String,
}

impl Build {
    /// Begins a build of the project. What comes of it is given to `finished`, unless the build is
    /// given up before; `known` are the modules that run now, by the names that they are served under.
    pub(super) fn begin(
        number: u64,
        project: &ProjectFlags,
        reach: &Reach,
        known: Vec<(String, Vec<u8>)>,
        console: Console,
        finished: impl FnOnce(Finished) + Send + 'static,
    ) -> Self {
        let job = Job::beside();
        let build = Self { number, job: job.clone() };
        let (project, reach) = (project.clone(), reach.clone());
        thread::spawn(move || {
            let begun = Instant::now();
            let built = project
                .config()
                .map_err(Failure::from)
                .and_then(|config| project::build(&project, config, &job, console));
            let at = Instant::now();
            let result = built.and_then(|built| {
                Ok(Success {
                    changed: load(&built.hosting, &reach, known)?,
                    hosting: built.hosting,
                })
            });
            if !job.is_given_up() {
                let result = result.map_err(|failure| Trouble { failure, said: job.trouble() });
                finished(Finished { number, took: at - begun, at, result });
            }
        });
        build
    }

    /// Which build it is.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

/// Whoever does not want the build any more drops it.
impl Drop for Build {
    fn drop(&mut self) {
        self.job.give_up();
    }
}

/// Loads the modules that are not what is `known`.
fn load(
    hosting: &Hosting,
    reach: &Reach,
    known: Vec<(String, Vec<u8>)>,
) -> Result<Vec<NewModule>, HostingError> {
    let mut changed = Vec::new();
    for (served_as, hosted) in hosting.modules() {
        let Some((_, before)) = known.iter().find(|(name, _)| name == served_as) else { continue };
        let bytes = bytes_of(hosted, reach);
        if bytes != *before {
            let served_as = served_as.to_owned();
            changed.push(NewModule {
                served_as,
                bytes,
                factory: hosted.load(reach, &hosting.bus)?,
            });
        }
    }
    Ok(changed)
}

/// A module as its file is. One that cannot be read is like no other: loading it says why.
pub(super) fn bytes_of(hosted: &HostedModule, reach: &Reach) -> Vec<u8> {
    read_file(&hosted.module, reach.module_bytes()).unwrap_or_default()
}

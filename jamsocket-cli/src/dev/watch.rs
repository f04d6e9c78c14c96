use super::sources::{Snapshot, Sources};
use notify::{
    Config, ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
};
use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::mpsc,
    time::{Duration, Instant},
};
use thiserror::Error;

/// How long nothing may happen before a burst of changes is over.
const QUIET: Duration = Duration::from_millis(50);

/// How long a burst may last at most.
const BURST: Duration = Duration::from_secs(2);

/// Waits for changes of what services are built from.
///
/// What the system tells of folders only wakes it: what has changed, if anything, comes of looking at
/// the files. So files that come and go again, as editors have them, and those that git ignores are no
/// change, and none is missed that came while nobody looked.
#[derive(Debug)]
pub(super) struct Watch {
    sources: Sources,
    seen: Snapshot,
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
    happened: mpsc::Receiver<notify::Result<Event>>,
}

impl Watch {
    /// Watches from now on.
    ///
    /// # Errors
    ///
    /// The system does not tell of changes.
    pub(super) fn new(sources: Sources) -> Result<Self, WatchError> {
        let (tell, happened) = mpsc::channel();
        let watcher = RecommendedWatcher::new(tell, Config::default())
            .map_err(|error| WatchError::new(error, None))?;
        let seen = Snapshot::default();
        let mut watch = Self { sources, seen, watcher, watched: BTreeSet::new(), happened };
        watch.seen = watch.look()?;
        Ok(watch)
    }

    /// Watches these sources too. What is new among them counts as seen.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub(super) fn add(&mut self, sources: Sources) -> Result<(), WatchError> {
        self.sources.add(sources);
        let now = self.look()?;
        self.seen.add_new(now);
        Ok(())
    }

    /// Waits for a change, and for the end of the burst that it comes in. Returns a file that has
    /// changed, come or gone.
    ///
    /// # Errors
    ///
    /// The system does not tell of changes any more, or not of those in a folder that is new.
    pub(super) fn next(&mut self) -> Result<PathBuf, WatchError> {
        loop {
            let event = self.happened.recv().map_err(|_| WatchError::Ended)?;
            if !is_change(&event) {
                continue;
            }
            self.wait_for_quiet();
            let now = self.look()?;
            let change = now.change_since(&self.seen).map(Path::to_owned);
            self.seen = now;
            if let Some(change) = change {
                return Ok(change);
            }
        }
    }

    fn wait_for_quiet(&self) {
        let begun = Instant::now();
        let mut last = begun;
        while begun.elapsed() < BURST {
            let Some(left) = QUIET.checked_sub(last.elapsed()) else { return };
            match self.happened.recv_timeout(left) {
                Ok(event) if is_change(&event) => last = Instant::now(),
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }

    /// Looks at the files, after it has begun to watch folders that are new.
    fn look(&mut self) -> Result<Snapshot, WatchError> {
        loop {
            let now = self.sources.look();
            let mut is_new = false;
            for folder in &now.folders {
                // Each time, as one that went and came again is a new one for the system.
                match self.watcher.watch(folder, RecursiveMode::NonRecursive) {
                    Ok(()) => is_new |= self.watched.insert(folder.clone()),
                    Err(error) if is_out_of_reach(&error) => {}
                    Err(error) => return Err(WatchError::new(error, Some(folder))),
                }
            }
            self.watched.retain(|folder| now.folders.contains(folder));
            if !is_new {
                return Ok(now);
            }
        }
    }
}

/// Whether files may be others than before. Reading them, as builds do, changes nothing.
fn is_change(event: &notify::Result<Event>) -> bool {
    match event {
        Ok(event) => !matches!(event.kind, EventKind::Access(_)),
        // Perhaps too much has happened at once.
        Err(_) => true,
    }
}

/// Whether a folder has gone this moment, or is somebody else's: no source of a build of ours.
fn is_out_of_reach(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => {
            matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
        }
        _ => false,
    }
}

/// Why changes are not seen.
#[derive(Debug, Error)]
pub(crate) enum WatchError {
    /// The system watches no more folders for this user.
    #[error(
        "the system watches no more folders for this user: {} is one too many",
        name_of(folder)
    )]
    TooManyFolders { folder: Option<PathBuf> },
    /// The system lets this user's programs watch nothing more.
    #[error("too many programs of this user watch files")]
    TooManyWatchers,
    /// The system tells of nothing any more.
    #[error("nothing is heard of changed files any more")]
    Ended,
    /// Something else.
    #[error("cannot watch {}", name_of(folder))]
    Other { folder: Option<PathBuf>, source: notify::Error },
}

fn name_of(folder: &Option<PathBuf>) -> String {
    folder.as_ref().map_or("one".to_owned(), |folder| format!("`{}`", folder.display()))
}

/// What the system says where its table of open files, or of this user's inotify instances, is full.
const EMFILE: i32 = 24;

impl WatchError {
    fn new(error: notify::Error, folder: Option<&Path>) -> Self {
        let folder = folder.map(Path::to_owned);
        match &error.kind {
            ErrorKind::MaxFilesWatch => Self::TooManyFolders { folder },
            ErrorKind::Io(io) if io.raw_os_error() == Some(EMFILE) => Self::TooManyWatchers,
            _ => Self::Other { folder, source: error },
        }
    }

    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        let sysctl = match self {
            Self::TooManyFolders { .. } => "max_user_watches=524288",
            Self::TooManyWatchers => "max_user_instances=1024",
            Self::Ended | Self::Other { .. } => return None,
        };
        Some(format!(
            "raise the system's limit, `sudo sysctl fs.inotify.{sysctl}`, or do without: `--no-watch`"
        ))
    }
}

#[cfg(test)]
mod tests;

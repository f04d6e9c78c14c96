use crate::PATIENCE;
use std::{fmt, fs, path::PathBuf, time::Duration};

/// How often a condition is looked at that nobody tells of.
const LOOK: Duration = Duration::from_millis(20);

/// A running process, as Linux tells of it in `/proc`.
#[derive(Debug, Clone)]
pub struct Process {
    id: u32,
}

/// What a process holds at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holdings {
    /// Its resident memory, in KiB.
    pub resident: u64,
    /// Its open file descriptors.
    pub descriptors: usize,
    /// Its threads.
    pub threads: usize,
}

impl fmt::Display for Holdings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resident, descriptors, threads } = self;
        write!(f, "{resident} KiB, {descriptors} descriptors, {threads} threads")
    }
}

impl Process {
    /// The process with this id.
    pub fn new(id: u32) -> Self {
        Self { id }
    }

    /// What it holds now.
    ///
    /// # Panics
    ///
    /// It has ended, as for all of these.
    pub fn holdings(&self) -> Holdings {
        Holdings {
            resident: self.resident(),
            descriptors: self.descriptors(),
            threads: self.threads(),
        }
    }

    /// Its resident memory, in KiB.
    pub fn resident(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that its resident memory has been since [`forget_peak`](Self::forget_peak), in KiB.
    pub fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Has the peak of its memory start from what it is now.
    pub fn forget_peak(&self) {
        fs::write(self.file("clear_refs"), "5").unwrap();
    }

    /// How many file descriptors it has open.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(self.file("fd")).unwrap().count()
    }

    /// How many threads it has.
    pub fn threads(&self) -> usize {
        fs::read_dir(self.file("task")).unwrap().count()
    }

    /// The processor time that it has used so far, in ticks of 10 ms.
    pub fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(self.file("stat")).unwrap();
        // The second field is the program's name in brackets, and may have anything in it.
        let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
        let (user, system) = (11, 12);
        let fields: Vec<_> = fields.split_whitespace().collect();
        [user, system].iter().map(|&field| fields[field].parse::<u64>().unwrap()).sum()
    }

    fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(self.file("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of it");
        line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number of KiB")
    }

    fn file(&self, name: &str) -> PathBuf {
        format!("/proc/{}/{name}", self.id).into()
    }
}

/// Waits until something holds that can only be looked at.
///
/// # Panics
///
/// It does not within [`PATIENCE`].
pub async fn until(what: &str, holds: impl AsyncFnMut() -> bool) {
    assert!(holds_within(PATIENCE, holds).await, "waited {PATIENCE:?} for {what}");
}

/// Looks again and again whether something holds, for so long. Returns whether it does.
pub(crate) async fn holds_within(limit: Duration, mut holds: impl AsyncFnMut() -> bool) -> bool {
    let looking = async {
        while !holds().await {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(limit, looking).await.is_ok()
}

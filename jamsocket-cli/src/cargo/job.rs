use crate::console::Console;
use std::{
    io::{self, BufRead, BufReader, Read},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// How a build is done: as a part of this command, which ends with it; or beside what else goes on,
/// so that it can be given up, and what it says can be shown elsewhere too.
#[derive(Debug, Clone, Default)]
pub(crate) struct Job {
    beside: Option<Arc<Mutex<Beside>>>,
}

#[derive(Debug, Default)]
struct Beside {
    given_up: bool,
    /// The program that runs, which leads a process group.
    running: Option<u32>,
    /// The compiler's diagnostics, and whatever else cargo called an error, as they were shown.
    diagnostics: String,
    errors: String,
}

impl Job {
    /// A build beside what else goes on.
    pub(crate) fn beside() -> Self {
        Self { beside: Some(Arc::default()) }
    }

    /// Whether it is one beside what else goes on.
    pub(crate) fn is_beside(&self) -> bool {
        self.beside.is_some()
    }

    /// How cargo is to give its diagnostics: to us, where we have a use for them.
    pub(super) fn message_format(&self) -> &'static str {
        match self.is_beside() {
            true => "--message-format=json-diagnostic-rendered-ansi",
            false => "--message-format=json-render-diagnostics",
        }
    }

    /// Ends the programs of a build beside what else goes on, and has it start no more.
    pub(crate) fn give_up(&self) {
        if let Some(mut beside) = self.lock() {
            beside.given_up = true;
            if let Some(group) = beside.running.take() {
                end_group(group);
            }
        }
    }

    /// Whether it was given up.
    pub(crate) fn is_given_up(&self) -> bool {
        self.lock().is_some_and(|beside| beside.given_up)
    }

    /// What has gone wrong, in the compiler's words or else in cargo's, with its colours.
    pub(crate) fn trouble(&self) -> String {
        self.lock().map_or_else(String::new, |mut beside| {
            let diagnostics = std::mem::take(&mut beside.diagnostics);
            let errors = std::mem::take(&mut beside.errors);
            if diagnostics.is_empty() { errors } else { diagnostics }
        })
    }

    /// Shows a diagnostic of the compiler's.
    pub(super) fn diagnostic(&self, console: Console, rendered: &str) {
        console.raw(rendered);
        if let Some(mut beside) = self.lock() {
            beside.diagnostics.push_str(rendered);
        }
    }

    /// Runs a program that says something on stdout, to its end. What it says on stderr is shown.
    ///
    /// # Errors
    ///
    /// It cannot be run, or the build was given up.
    pub(super) fn run<T>(
        &self,
        command: &mut Command,
        console: Console,
        listen: impl FnOnce(BufReader<ChildStdout>) -> T,
    ) -> io::Result<(ExitStatus, T)> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = match &self.beside {
            Some(beside) => begin_beside(command, beside)?,
            None => command.spawn()?,
        };
        let errors = child.stderr.take().map(|stderr| {
            let job = self.clone();
            thread::spawn(move || job.forward(stderr, console))
        });
        let stdout = child.stdout.take().expect("it was piped when it was spawned");
        let heard = listen(BufReader::new(stdout));
        let status = child.wait();
        if let Some(mut beside) = self.lock() {
            beside.running = None;
        }
        if let Some(errors) = errors {
            // It panics nowhere, and ends with the pipe.
            let _ = errors.join();
        }
        Ok((status?, heard))
    }

    /// Shows what a program says on stderr, and keeps its errors.
    fn forward(&self, stderr: impl Read, console: Console) {
        let mut stderr = BufReader::new(stderr);
        let mut line = Vec::new();
        let mut is_error = false;
        while stderr.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
            let text = String::from_utf8_lossy(&line);
            console.raw(&text);
            let plain = anstream::adapter::strip_str(&text).to_string();
            // An error goes on over lines that are blank or not at the margin.
            is_error = plain.starts_with("error")
                || is_error && (plain.trim().is_empty() || plain.starts_with([' ', 'C']));
            if let Some(mut beside) = self.lock().filter(|_| is_error) {
                beside.errors.push_str(&text);
            }
            line.clear();
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, Beside>> {
        self.beside.as_ref().map(|beside| lock(beside))
    }
}

fn lock(beside: &Mutex<Beside>) -> MutexGuard<'_, Beside> {
    beside.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a program whose end is not left to the terminal: a group of its own.
fn begin_beside(command: &mut Command, beside: &Mutex<Beside>) -> io::Result<Child> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    // Held meanwhile, so that nothing starts after the job was given up.
    let mut beside = lock(beside);
    if beside.given_up {
        return Err(io::Error::new(io::ErrorKind::Interrupted, "the build was given up"));
    }
    let child = command.stderr(Stdio::piped()).spawn()?;
    beside.running = Some(child.id());
    Ok(child)
}

/// Ends a program and all that it has started. One that has ended already needs no telling.
#[cfg(unix)]
fn end_group(leader: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let leader = i32::try_from(leader).ok().and_then(Pid::from_raw);
    if let Some(leader) = leader {
        let _ = kill_process_group(leader, Signal::TERM);
    }
}

/// A program cannot be ended with all that it has started here: it comes to its end by itself.
#[cfg(not(unix))]
fn end_group(_: u32) {}

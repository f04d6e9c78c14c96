use super::wire::Process;
use crate::{
    CallError,
    sync::{self, Watch},
    task::{join, spawn},
};
use futures_core::Stream;
use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

type SharedProcess = Arc<dyn Process + Send + Sync>;

/// A program that has been started.
///
/// When it is dropped, with its parts, the program runs on by itself.
#[derive(Debug)]
pub struct Child {
    process: SharedProcess,
    exit: Watch<Option<i32>>,
    /// Its input, where that is piped.
    pub stdin: Option<ChildStdin>,
    /// Its output, where that is piped.
    pub stdout: Option<ChildOutput>,
    /// Its errors, where these are piped.
    pub stderr: Option<ChildOutput>,
}

impl Child {
    pub(super) fn new(
        process: SharedProcess,
        exit: Watch<Option<i32>>,
        stdin: bool,
        stdout: Option<sync::Receiver<Vec<u8>>>,
        stderr: Option<sync::Receiver<Vec<u8>>>,
    ) -> Self {
        let stdin = stdin.then(|| ChildStdin { process: Arc::clone(&process) });
        let [stdout, stderr] = [stdout, stderr].map(|data| data.map(|data| ChildOutput { data }));
        Child { process, exit, stdin, stdout, stderr }
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// [`CallError::Aborted`] where the host lets go of it without having said how it ended.
    pub async fn wait(&self) -> Result<ExitStatus, CallError> {
        self.exit.until(|code| code).await.map(ExitStatus).ok_or(CallError::Aborted)
    }

    /// How it ended, where it has.
    pub fn try_wait(&self) -> Option<ExitStatus> {
        self.exit.now().map(ExitStatus)
    }

    /// Ends its input, and waits for its end and all that it writes to its pipes.
    ///
    /// # Errors
    ///
    /// As for [`wait`](Child::wait).
    pub async fn wait_with_output(mut self) -> Result<Output, CallError> {
        drop(self.stdin.take());
        let (stdout, stderr) = (self.stdout.take(), self.stderr.take());
        let outputs = join(ChildOutput::all(stdout), ChildOutput::all(stderr));
        let (status, (stdout, stderr)) = join(self.wait(), outputs).await;
        Ok(Output { status: status?, stdout, stderr })
    }

    /// Ends it. How it then ended, [`wait`](Child::wait) tells.
    ///
    /// # Errors
    ///
    /// Where the host does not.
    pub async fn kill(&self) -> Result<(), CallError> {
        self.process.kill().await
    }
}

/// The input of a program, which ends when this is dropped.
#[derive(Debug)]
pub struct ChildStdin {
    process: SharedProcess,
}

impl ChildStdin {
    /// Writes bytes, and returns how many of them were taken.
    ///
    /// # Errors
    ///
    /// Where the host takes none.
    pub async fn write(&mut self, data: &[u8]) -> Result<usize, CallError> {
        self.process.stdin(data.to_vec()).await
    }

    /// Writes all bytes, in as many calls as it takes.
    ///
    /// # Errors
    ///
    /// Where the host takes none; [`CallError::Aborted`] where the program reads no more.
    pub async fn write_all(&mut self, mut data: &[u8]) -> Result<(), CallError> {
        while !data.is_empty() {
            let taken = self.write(data).await?;
            data = match data.get(taken..) {
                Some(rest) if taken > 0 => rest,
                _ => return Err(CallError::Aborted),
            };
        }
        Ok(())
    }

    /// Sees to it that the program has what was written.
    ///
    /// # Errors
    ///
    /// Where the host does not.
    pub async fn flush(&mut self) -> Result<(), CallError> {
        self.process.flush().await
    }
}

impl Drop for ChildStdin {
    fn drop(&mut self) {
        let process = Arc::clone(&self.process);
        // Where it fails, the program has ended, and so has its input.
        spawn(async move { process.close_stdin().await });
    }
}

/// What a program writes, piece by piece as it comes. As a stream it ends with the program.
#[derive(Debug)]
pub struct ChildOutput {
    data: sync::Receiver<Vec<u8>>,
}

impl ChildOutput {
    /// The next piece; `None` at the end.
    pub async fn read(&mut self) -> Option<Vec<u8>> {
        poll_fn(|context| self.data.poll_next(context)).await
    }

    /// All that is still to come.
    pub async fn read_to_end(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(piece) = self.read().await {
            all.extend_from_slice(&piece);
        }
        all
    }

    async fn all(output: Option<Self>) -> Vec<u8> {
        match output {
            Some(mut output) => output.read_to_end().await,
            None => Vec::new(),
        }
    }
}

impl Stream for ChildOutput {
    type Item = Vec<u8>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        self.data.poll_next(context)
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExitStatus(i32);

impl ExitStatus {
    /// Whether all went well, which is the code 0.
    pub fn success(self) -> bool {
        self.0 == 0
    }

    /// The code that it exited with.
    pub fn code(self) -> i32 {
        self.0
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "exit code {}", self.0)
    }
}

/// How a program ended, and what it wrote to its pipes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to its output.
    pub stdout: Vec<u8>,
    /// What it wrote to its errors.
    pub stderr: Vec<u8>,
}

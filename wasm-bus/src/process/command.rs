use super::{
    Child, ExitStatus, Output, Stdio,
    wire::{PoolClient, Spawn},
};
use crate::{CallError, CallInstance, OS, sync};

/// A program to be started, and how.
///
/// Its input and outputs are those of this program, unless it is said otherwise.
#[derive(Debug, Clone)]
pub struct Command {
    path: String,
    args: Vec<String>,
    chroot: bool,
    working_dir: Option<String>,
    pre_open: Vec<String>,
    stdin: Option<Stdio>,
    stdout: Option<Stdio>,
    stderr: Option<Stdio>,
    instance: Option<CallInstance>,
}

impl Command {
    /// The program that the host knows by this name.
    pub fn new(path: impl Into<String>) -> Self {
        Command {
            path: path.into(),
            args: Vec::new(),
            chroot: false,
            working_dir: None,
            pre_open: Vec::new(),
            stdin: None,
            stdout: None,
            stderr: None,
            instance: None,
        }
    }

    /// Adds an argument.
    pub fn arg(&mut self, arg: impl Into<String>) -> &mut Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    pub fn args(&mut self, args: impl IntoIterator<Item = impl Into<String>>) -> &mut Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// The folder that the program is in at first.
    pub fn current_dir(&mut self, folder: impl Into<String>) -> &mut Self {
        self.working_dir = Some(folder.into());
        self
    }

    /// Whether that folder is all that the program sees.
    pub fn chroot(&mut self, chroot: bool) -> &mut Self {
        self.chroot = chroot;
        self
    }

    /// Lets the program see a folder.
    pub fn pre_open(&mut self, folder: impl Into<String>) -> &mut Self {
        self.pre_open.push(folder.into());
        self
    }

    /// Where its input comes from.
    pub fn stdin(&mut self, stdin: Stdio) -> &mut Self {
        self.stdin = Some(stdin);
        self
    }

    /// Where its output goes.
    pub fn stdout(&mut self, stdout: Stdio) -> &mut Self {
        self.stdout = Some(stdout);
        self
    }

    /// Where its errors go.
    pub fn stderr(&mut self, stderr: Stdio) -> &mut Self {
        self.stderr = Some(stderr);
        self
    }

    /// Has it run in an instance that the host knows by this name.
    pub fn instance(&mut self, instance: &str, access_token: &str) -> &mut Self {
        self.instance = Some(CallInstance::new(instance, access_token));
        self
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// Where the host does not; [`CallError::InvalidWapm`] where it knows no such program.
    pub async fn spawn(&self) -> Result<Child, CallError> {
        self.spawn_with(Stdio::Inherit, Stdio::Inherit, Stdio::Inherit).await
    }

    /// Starts it, and waits for its end.
    ///
    /// # Errors
    ///
    /// As for [`spawn`](Command::spawn) and [`Child::wait`].
    pub async fn status(&self) -> Result<ExitStatus, CallError> {
        self.spawn().await?.wait().await
    }

    /// Starts it without an input, and waits for its end and all that it writes, unless it is said
    /// where that goes.
    ///
    /// # Errors
    ///
    /// As for [`spawn`](Command::spawn) and [`Child::wait`].
    pub async fn output(&self) -> Result<Output, CallError> {
        let child = self.spawn_with(Stdio::Null, Stdio::Piped, Stdio::Piped).await?;
        child.wait_with_output().await
    }

    async fn spawn_with(
        &self,
        stdin: Stdio,
        stdout: Stdio,
        stderr: Stdio,
    ) -> Result<Child, CallError> {
        let spawn = Spawn {
            path: self.path.clone(),
            args: self.args.clone(),
            chroot: self.chroot,
            working_dir: self.working_dir.clone(),
            stdin_mode: self.stdin.unwrap_or(stdin),
            stdout_mode: self.stdout.unwrap_or(stdout),
            stderr_mode: self.stderr.unwrap_or(stderr),
            pre_open: self.pre_open.clone(),
        };
        let (stdin, stdout, stderr) = (spawn.stdin_mode, spawn.stdout_mode, spawn.stderr_mode);
        let (out_sender, out) = sync::channel();
        let (err_sender, err) = sync::channel();
        let (exit_setter, exit) = sync::watch(None);
        let pool = match &self.instance {
            None => PoolClient::new(OS),
            Some(at) => PoolClient::new_with_instance(OS, at.instance(), at.access_token()),
        };
        let process = pool
            .spawn(
                spawn,
                Box::new(move |data| out_sender.send(data)),
                Box::new(move |data| err_sender.send(data)),
                Box::new(move |code| exit_setter.set(Some(code))),
            )
            .await?;
        let piped = |mode: Stdio| mode == Stdio::Piped;
        Ok(Child::new(
            process,
            exit,
            piped(stdin),
            piped(stdout).then_some(out),
            piped(stderr).then_some(err),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::Command;
    use crate::{
        host::loopback::LoopbackHost,
        prelude::{CallError, async_trait},
        process::{
            Stdio,
            wire::{PoolService, PoolSimplified, Process, ProcessSimplified, Spawn},
        },
        round_trips::tell,
    };
    use std::{
        rc::Rc,
        sync::{Arc, Mutex},
    };

    /// Knows one program, `cat`: it writes its arguments to its errors, its input to its output, and
    /// ends with its input.
    #[derive(Debug, Default)]
    struct Programs(Arc<Mutex<Vec<Spawn>>>);

    struct Cat {
        stdout: Box<dyn Fn(Vec<u8>) + Send + Sync>,
        exit: Box<dyn Fn(i32) + Send + Sync>,
    }

    impl std::fmt::Debug for Cat {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("Cat")
        }
    }

    #[async_trait]
    impl PoolSimplified for Programs {
        async fn spawn(
            &self,
            spawn: Spawn,
            stdout: Box<dyn Fn(Vec<u8>) + Send + Sync>,
            stderr: Box<dyn Fn(Vec<u8>) + Send + Sync>,
            exit: Box<dyn Fn(i32) + Send + Sync>,
        ) -> Result<Arc<dyn Process + Send + Sync>, CallError> {
            if spawn.path != "cat" {
                return Err(CallError::InvalidWapm);
            }
            stderr(spawn.args.join(" ").into_bytes());
            if spawn.stdin_mode == Stdio::Null {
                exit(1);
            }
            self.0.lock().expect("no test panics in here").push(spawn);
            Ok(Arc::new(Cat { stdout, exit }))
        }
    }

    #[async_trait]
    impl ProcessSimplified for Cat {
        /// At most four bytes at a time.
        async fn stdin(&self, mut data: Vec<u8>) -> usize {
            data.truncate(4);
            let len = data.len();
            (self.stdout)(data);
            len
        }

        async fn close_stdin(&self) {
            (self.exit)(0);
        }

        async fn kill(&self) {
            (self.exit)(137);
        }

        async fn work(&self) {}

        async fn flush(&self) {}
    }

    fn programs() -> (Rc<LoopbackHost>, Arc<Mutex<Vec<Spawn>>>) {
        let host = LoopbackHost::install();
        let programs = Programs::default();
        let started = Arc::clone(&programs.0);
        PoolService::listen(Arc::new(programs));
        (host, started)
    }

    #[test]
    fn a_program_is_written_to_and_read_to_its_end() {
        let (host, started) = programs();
        let mut command = Command::new("cat");
        command.args(["-v", "-"]).current_dir("/home").chroot(true).pre_open("/tmp");
        command.stdin(Stdio::Piped).stdout(Stdio::Piped);
        let (child, read) = tell(&host, async move {
            let mut child = command.spawn().await.unwrap();
            assert!(child.stderr.is_none() && child.try_wait().is_none());
            let mut stdin = child.stdin.take().unwrap();
            stdin.write_all(b"hello world").await.unwrap();
            stdin.flush().await.unwrap();
            drop(stdin);
            assert!(child.wait().await.unwrap().success());
            let read = child.stdout.as_mut().unwrap().read().await;
            (child, read)
        });
        assert_eq!(read.as_deref(), Some(&b"hell"[..]));
        host.end_objects();
        let output = tell(&host, child.wait_with_output()).unwrap();
        assert_eq!(output.stdout, b"o world");
        assert_eq!(output.status.to_string(), "exit code 0");
        assert_eq!(host.open(), 0);
        let spawn = started.lock().unwrap().remove(0);
        assert_eq!((spawn.args, spawn.chroot), (vec!["-v".to_owned(), "-".to_owned()], true));
        assert_eq!(spawn.working_dir.as_deref(), Some("/home"));
        assert_eq!(spawn.pre_open, ["/tmp"]);
        assert_eq!(spawn.stderr_mode, Stdio::Inherit);
    }

    #[test]
    fn outputs_are_collected_without_an_input() {
        let (host, started) = programs();
        let mut command = Command::new("cat");
        command.arg("x");
        let told = Rc::new(std::cell::RefCell::new(None));
        let inner = Rc::clone(&told);
        crate::task::spawn(async move {
            let output = command.output().await;
            inner.borrow_mut().replace(output);
        });
        host.run();
        assert!(told.borrow().is_none(), "its outputs have not ended");
        host.end_objects();
        host.run();
        let output = told.take().unwrap().unwrap();
        assert_eq!((output.status.code(), output.stderr), (1, b"x".to_vec()));
        let modes = {
            let spawn = &started.lock().unwrap()[0];
            [spawn.stdin_mode, spawn.stdout_mode, spawn.stderr_mode]
        };
        assert_eq!(modes, [Stdio::Null, Stdio::Piped, Stdio::Piped]);
    }

    #[test]
    fn a_program_can_be_killed() {
        let (host, _) = programs();
        let status = tell(&host, async {
            let child = Command::new("cat").spawn().await.unwrap();
            child.kill().await.unwrap();
            child.wait().await
        });
        assert_eq!(status.map(|status| status.code()), Ok(137));
    }

    #[test]
    fn a_program_that_is_let_go_of_without_a_code_is_aborted() {
        let (host, _) = programs();
        let child = tell(&host, async { Command::new("cat").spawn().await.unwrap() });
        host.end_objects();
        assert_eq!(tell(&host, async move { child.wait().await }), Err(CallError::Aborted));
    }

    #[test]
    fn a_program_that_nobody_knows_is_an_error() {
        let (host, _) = programs();
        let status = tell(&host, async { Command::new("dog").status().await });
        assert_eq!(status, Err(CallError::InvalidWapm));
    }
}

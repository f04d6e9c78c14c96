use crate::{PATIENCE, Process, until, workspace_root};
use cargo_metadata::Message;
use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{OnceLock, mpsc},
    thread,
    time::Instant,
};
use tempfile::TempDir;

/// How long a build may take, and all that comes before a server listens.
const BUILD_PATIENCE: std::time::Duration = std::time::Duration::from_secs(300);

/// A call of the command `jamsocket`, or of cargo beside it.
#[derive(Debug)]
pub struct Jamsocket {
    command: Command,
    is_at_a_terminal: bool,
}

/// What a call has said and how it ended.
#[derive(Debug)]
pub struct Output {
    /// Its exit code.
    pub code: i32,
    /// What scripts read.
    pub stdout: String,
    /// What people read.
    pub stderr: String,
}

/// A call that serves. Dropping it ends it.
#[derive(Debug)]
pub struct Serving {
    child: Child,
    /// Where it listens.
    pub addr: SocketAddr,
    lines: mpsc::Receiver<String>,
}

impl Jamsocket {
    /// A call in this folder with these arguments, apart by spaces.
    pub fn new(folder: &Path, arguments: &str) -> Self {
        Self::of(binary(), folder, arguments)
    }

    /// A call of cargo likewise, with what the packages of all tests share.
    pub fn cargo(folder: &Path, arguments: &str) -> Self {
        Self::of(Path::new("cargo"), folder, arguments)
    }

    fn of(program: &Path, folder: &Path, arguments: &str) -> Self {
        let mut command = Command::new(program);
        command.current_dir(folder).args(arguments.split_whitespace()).stdin(Stdio::null());
        // As from a shell: what the cargo around the tests has set is not for it.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO") && text != "CARGO_HOME"
                || text.starts_with("RUST") && text != "RUSTUP_HOME"
            {
                command.env_remove(&name);
            }
        }
        // Packages of all tests share what they depend on.
        command.env("CARGO_TARGET_DIR", workspace_root().join("target/packages"));
        command.env("XDG_CACHE_HOME", workspace_root().join("target/packages/cache"));
        Self { command, is_at_a_terminal: false }
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it with less than the machine has to give, such as `ulimit -n 64`.
    pub fn within(self, ulimit: &str) -> Self {
        self.wrapped("sh", &["-c", &format!("{ulimit} && exec \"$0\" \"$@\"")])
    }

    /// Runs it in a namespace of users of its own, where this setting of `/proc/sys/user` is `value`.
    pub fn with_user_limit(self, setting: &str, value: u32) -> Self {
        let set = format!("echo {value} > /proc/sys/user/{setting} && exec \"$0\" \"$@\"");
        self.wrapped("unshare", &["--user", "--map-root-user", "sh", "-c", &set])
    }

    /// Runs it at a terminal, of which stdin and stdout of the call are the other end.
    pub fn at_a_terminal(self) -> Self {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        let line: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        let line = format!("stty cols 120; exec {}", line.join(" "));
        let mut terminal = self.wrapped("script", &["-qefc", &line, "/dev/null"]);
        terminal.is_at_a_terminal = true;
        terminal
    }

    /// The same call by way of another program, which gets it after its own arguments; `script` has it
    /// among them.
    fn wrapped(mut self, program: &str, arguments: &[&str]) -> Self {
        let mut wrapped = Command::new(program);
        wrapped.args(arguments);
        if program != "script" {
            wrapped.arg(self.command.get_program()).args(self.command.get_args());
        }
        let folder = self.command.get_current_dir().expect("it was set");
        wrapped.current_dir(folder).stdin(Stdio::null());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => wrapped.env(name, value),
                None => wrapped.env_remove(name),
            };
        }
        self.command = wrapped;
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    ///
    /// It does not end in time.
    pub fn run(mut self) -> Output {
        let child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (id, (done, ended)) = (child.id(), mpsc::channel());
        thread::spawn(move || done.send(child.wait_with_output()));
        let Ok(output) = ended.recv_timeout(BUILD_PATIENCE) else {
            signal(id, "KILL");
            panic!("it does not end: {:?}", self.command);
        };
        let output = output.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Output {
            code: output.status.code().expect("it ends by itself"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs it until it listens.
    ///
    /// # Panics
    ///
    /// It ends, or does not listen in time.
    pub fn serve(self) -> Serving {
        self.begin().expect_address()
    }

    /// Runs it until it listens, and returns what it has said before, too.
    ///
    /// # Panics
    ///
    /// It ends, or does not listen in time.
    pub fn serve_with_lines(self) -> (Serving, Vec<String>) {
        self.begin().take_address()
    }

    /// Runs it until it says something that has `text` in it, does `then`, and waits until it listens.
    ///
    /// # Panics
    ///
    /// It ends, or does not say that or listen in time.
    pub fn serve_after(self, text: &str, then: impl FnOnce()) -> Serving {
        let begun = self.begin();
        begun.line_with(text);
        then();
        begun.expect_address()
    }

    /// Begins to run it. Where it listens is not known.
    pub fn begin(mut self) -> Serving {
        let (input, terminal) = match self.is_at_a_terminal {
            true => (Stdio::piped(), Stdio::piped()),
            false => (Stdio::null(), Stdio::null()),
        };
        self.command.stdin(input).stdout(terminal).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let said: Box<dyn Read + Send> = match child.stdout.take() {
            Some(terminal) => Box::new(terminal),
            None => Box::new(child.stderr.take().expect("it is piped")),
        };
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                // Nobody listens any more when the test is over; the pipe is emptied all the same.
                let _ = sender.send(line);
            }
        });
        Serving { child, addr: SocketAddr::from(([0, 0, 0, 0], 0)), lines }
    }
}

impl Serving {
    /// Waits for a line on stderr that has this in it, for as long as a build may take.
    ///
    /// # Panics
    ///
    /// There is none in time.
    pub fn line_with(&self, text: &str) -> String {
        self.lines_to(text).pop().expect("there is one")
    }

    /// Waits likewise, and returns all lines on the way too, that one last.
    ///
    /// # Panics
    ///
    /// There is none in time.
    pub fn lines_to(&self, text: &str) -> Vec<String> {
        let mut seen = Vec::new();
        let deadline = Instant::now() + BUILD_PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(deadline - Instant::now().min(deadline)) {
            seen.push(line);
            if seen.last().is_some_and(|line| line.contains(text)) {
                return seen;
            }
        }
        panic!("no line has `{text}`: {}", seen.join("\n"));
    }

    /// Waits until it says where it listens.
    fn expect_address(self) -> Self {
        self.take_address().0
    }

    /// Waits until it says where it listens, and returns all lines on the way.
    fn take_address(mut self) -> (Self, Vec<String>) {
        let lines = self.lines_to(" on http");
        let (_, rest) =
            lines.last().and_then(|line| line.split_once(" on http")).expect("the line has it");
        let address = rest.split("//").nth(1).and_then(|rest| rest.split(['/', ' ']).next());
        self.addr = address.and_then(|address| address.trim().parse().ok()).expect("an address");
        (self, lines)
    }

    /// Presses these keys at its terminal.
    ///
    /// # Panics
    ///
    /// It is not at a terminal.
    pub fn press(&mut self, keys: &str) {
        let terminal = self.child.stdin.as_mut().expect("it is at a terminal");
        terminal.write_all(keys.as_bytes()).unwrap();
        terminal.flush().unwrap();
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// The lines on stderr that nobody has asked for yet.
    pub fn lines_so_far(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }

    /// What it uses of the machine.
    pub fn process(&self) -> Process {
        Process::new(self.child.id())
    }

    /// Waits for its end and returns its exit code.
    ///
    /// # Panics
    ///
    /// It does not end in time.
    pub async fn code(mut self) -> i32 {
        let mut status = None;
        until("the end of the process", async || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        status.and_then(|status| status.code()).expect("it ends by itself")
    }

    /// Tells it to stop, and returns all that it says on stderr from here on.
    ///
    /// # Panics
    ///
    /// It does not come to its end in time.
    pub async fn stop(self) -> String {
        self.signal("TERM");
        let mut said = String::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => said.extend([&line, "\n"]),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end: {said}"),
            }
        }
        assert_eq!(self.code().await, 0, "{said}");
        said
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(process: u32, name: &str) {
    let status = Command::new("kill").args(["-s", name, &process.to_string()]).status();
    assert!(status.unwrap().success());
}

/// A folder outside the workspace, with files. It is gone with the value.
#[derive(Debug)]
pub struct Package {
    folder: TempDir,
}

impl Package {
    /// A folder with these files.
    pub fn with_files(files: &[(&str, &str)]) -> Self {
        let package = Self { folder: tempfile::tempdir().unwrap() };
        for (path, content) in files {
            package.write(path, content);
        }
        package
    }

    /// A package of this name, whose `src/lib.rs` is `source`, as the README has one made.
    pub fn service(name: &str, source: &str) -> Self {
        Self::with_files(&[("Cargo.toml", &manifest(name, true)), ("src/lib.rs", source)])
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, and the folders that it is in.
    pub fn write(&self, path: &str, content: &str) {
        let path = self.folder().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// The manifest of a service, with a cdylib or without.
pub fn manifest(name: &str, cdylib: bool) -> String {
    let path = workspace_root().join("jamsocket-wasm");
    let lib = if cdylib { "[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n" } else { "" };
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{lib}\
         [dependencies]\njamsocket-wasm = {{ path = {path:?} }}\n"
    )
}

/// The first block of the README in this language that has `text` in it.
pub fn readme_block(language: &str, text: &str) -> String {
    let readme = fs::read_to_string(workspace_root().join("README.md")).unwrap();
    let opening = format!("```{language}\n");
    let blocks = readme.split(&opening).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.into_iter().find(|block| block.contains(text)).expect("the block is there").to_owned()
}

/// The installed command that `JAMSOCKET_BIN` names, or else one that is built now.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match env::var_os("JAMSOCKET_BIN") {
        Some(installed) => installed.into(),
        None => build(),
    })
}

fn build() -> PathBuf {
    let mut build = Command::new("cargo")
        .args(["build", "--package", "jamsocket-cli", "--message-format=json-render-diagnostics"])
        .current_dir(workspace_root())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    build.stdout.take().expect("it is piped").read_to_string(&mut said).unwrap();
    assert!(build.wait().unwrap().success(), "the command does not build");
    Message::parse_stream(said.as_bytes())
        .filter_map(Result::ok)
        .filter_map(|message| match message {
            Message::CompilerArtifact(artifact) => artifact.executable,
            _ => None,
        })
        .last()
        .expect("a binary")
        .into()
}

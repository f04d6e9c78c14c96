mod calls_to_rooms;
mod peers;
mod programs;
mod rooms;

use jamsocket_tests::{Jamsocket, Output, bus_programs};
use std::path::Path;

/// Programs that do the same, written with the published bus and with ours.
const BOTH: [&str; 2] = ["published", "ours"];

/// A run of a program.
struct Run {
    arguments: String,
    environment: Vec<(&'static str, String)>,
}

impl Run {
    /// A run of one of these programs with these arguments.
    fn of(whose: &str, program: &str, arguments: &str) -> Self {
        let program = bus_programs(whose).join(program).with_extension("wasm");
        let arguments = format!("{} {arguments}", program.display());
        Self { arguments, environment: Vec::new() }
    }

    /// With these flags, too.
    fn with(mut self, flags: &str) -> Self {
        self.arguments = format!("{flags} {}", self.arguments);
        self
    }

    /// With a program that may be called and run by this name.
    fn with_program(self, name: &str, whose: &str, program: &str) -> Self {
        let path = bus_programs(whose).join(program).with_extension("wasm");
        self.with(&format!("--program {name}={}", path.display()))
    }

    /// With a variable in its environment.
    fn env(mut self, name: &'static str, value: &Path) -> Self {
        self.environment.push((name, value.display().to_string()));
        self
    }

    /// Runs it beside the peers of the test.
    async fn output(self) -> Output {
        let run = move || {
            let call = Jamsocket::new(Path::new("."), &format!("run {}", self.arguments));
            let call =
                self.environment.iter().fold(call, |call, (name, value)| call.env(name, value));
            call.run()
        };
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    /// Runs one that has to end well, and gives its lines.
    async fn lines(self) -> Vec<String> {
        let output = self.output().await;
        assert_eq!(output.code, 0, "{output:?}");
        output.stdout.lines().map(ToOwned::to_owned).collect()
    }
}

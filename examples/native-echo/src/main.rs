//! The echo service in the server's own process, without WebAssembly.
//!
//! Run it with `cargo run -p native-echo`, or `cargo run -p native-echo -- 9000` for another port
//! than 8080, and connect to ws://localhost:8080/ws/1.

use jamsocket::{ClientId, JamsocketContext, SimpleJamsocketService};
use jamsocket_server::{Server, serve};
use std::{env, io, process::ExitCode};

/// A room in which everyone talks to themselves.
struct EchoService;

impl SimpleJamsocketService for EchoService {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        EchoService
    }

    fn message(&mut self, client: ClientId, message: &str, context: &impl JamsocketContext) {
        context.send_message(client, message);
    }

    fn binary(&mut self, client: ClientId, message: &[u8], context: &impl JamsocketContext) {
        context.send_binary(client, message);
    }
}

fn main() -> ExitCode {
    let served = match env::args().nth(1) {
        None => serve::<EchoService>(),
        Some(port) => serve_on(&port),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("native-echo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve_on(port: &str) -> io::Result<()> {
    let port: u16 = port
        .parse()
        .map_err(|_| io::Error::other(format!("{port:?} is not a port, 0 to 65535")))?;
    Server::new().with_port(port.into()).serve_default::<EchoService>()
}

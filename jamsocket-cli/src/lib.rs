//! The command `jamsocket`: builds services and serves their rooms.
//!
//! | command | what it does |
//! |---|---|
//! | `jamsocket new NAME` | makes a package that is ready to be served |
//! | `jamsocket dev [PATH]` | builds a package as a service, serves it, and goes on with each change |
//! | `jamsocket build [PATH]` | builds it and prints the path of its module |
//! | `jamsocket serve [NAME=]MODULE…` | serves modules that are built |
//! | `jamsocket check MODULE` | shows what a module is made of, and whether `serve` would accept it |
//! | `jamsocket run PROGRAM` | runs a program with the bus |
//! | `jamsocket completions SHELL` | prints what has a shell complete the command line |
//!
//! [`Cli`] is the command line, and its [`run`](Cli::run) does what it says or ends in a
//! [`Failure`], which prints itself. stdout has a command's result alone; whatever else it says goes
//! to stderr.
//!
//! ```
//! use clap::Parser;
//! use jamsocket_cli::Cli;
//!
//! let refused = Cli::try_parse_from(["jamsocket", "serve"])?.run().unwrap_err();
//! assert!(refused.is_usage());
//! # Ok::<(), clap::Error>(())
//! ```
//!
//! # Exit codes
//!
//! | code | meaning |
//! |---|---|
//! | 0 | the command has done what it was asked for; a server was told to stop |
//! | 1 | it has failed, and says why on stderr; `check` has found what `serve` would refuse |
//! | 2 | the command line is wrong |
//!
//! `jamsocket run` ends with the program's own code.
//!
//! # `jamsocket check --json`
//!
//! Prints one object. What is not known, or not there, is `null`.
//!
//! | key | value |
//! |---|---|
//! | `module` | the path of the command line |
//! | `accepted` | whether `serve` would accept it |
//! | `reason` | why it would not, in words |
//! | `size_bytes` | the size of the file |
//! | `memory` | `initial_pages`, `initial_bytes`, `maximum_pages`, `maximum_bytes` |
//! | `table_elements` | how many functions its table starts with |
//! | `interface` | each export of the guest interface, then each import of the module |
//!
//! Of each thing in `interface`:
//!
//! | key | value |
//! |---|---|
//! | `kind` | `export` or `import` |
//! | `module` | what an import comes from |
//! | `name` | what it is called |
//! | `required` | whether every module has to have it |
//! | `expected` | the type that it has to have; `null` where the interface has no such thing |
//! | `found` | the type that it has; `null` where the module has no such thing |
//! | `ok` | whether it is as it has to be |
//!
//! # `jamsocket.toml`
//!
//! In the folder of the package for `dev` and `build`, in the current one for `serve` and `check`;
//! all of it is optional. Paths start at the file's folder. A flag beats the file, and the file the
//! default. Paths outside of the folder, an `admin` address that other machines reach, and grants of private
//! addresses count only with `--trust-config`, or when the question about them is answered with yes.
//!
//! ```toml
//! static_files = "static"        # served under /
//! admin = "9090"                 # GET /metrics and GET /rooms on 127.0.0.1, or "HOST:PORT"
//! tls_cert = "tls/cert.pem"      # speaks TLS with this certificate
//! tls_key = "tls/key.pem"        # and its key
//! [service]                      # at /ws/{room}
//! package = "my-service"         # of the workspace; default: the package of the folder
//! room_strategy = "implicit"     # or api, uuid, short, short3 to short12
//! shutdown_policy = "300sec"     # or never, immediate
//! [services.chat]                # at /chat/ws/{room}; `dev` then leaves out the folder's own
//! package = "my-chat"            # service, unless there is a [service] too
//! [services.draw]
//! module = "draw.wasm"           # instead of a package: a module that is built
//! [client]                       # a package for browsers, served under /client
//! package = "my-client"
//! [bus]                          # what guests may reach; also in a service's own table:
//! net = ["https://example.com"]  # `bus.net = [...]` under [services.NAME]
//! programs = ["calc"]            # of those in [programs]
//! [programs]
//! calc = "calc.wasm"             # called by that name, or run
//! [limits]                       # each is also a flag: --message-bytes 64KiB, --run-time 500ms
//! message_bytes = "64KiB"        # docs/LIMITS.md has them all
//! run_time = "500ms"
//! max_rooms = 100
//! ```
//!
//! # How it is made
//!
//! `commands` has a file for each command, `flags` what they share. `scaffold` writes new packages.
//! `project` turns a folder into modules, by way of `config` (`jamsocket.toml`), `cargo` (packages,
//! targets, builds) and `browser` (`wasm-bindgen`). `hosting` serves modules, `limits` makes flags
//! and keys of the limits that the server and the guests' host define. `dev` is what `jamsocket dev`
//! does as long as it runs, `trust` asks about what a file must not get by itself, `screen` the terminal that it does it on. `report` shows what a module is
//! made of. What a build gets of the environment, and why, is told in `cargo::environment`.

mod browser;
mod cargo;
mod cli;
mod code_cache;
mod commands;
/// What the build asks git, for its tests.
#[cfg(test)]
#[path = "../build/commit.rs"]
mod commit;
mod config;
mod console;
mod dev;
mod failure;
mod flags;
mod hosting;
mod limits;
mod logging;
mod project;
mod report;
mod scaffold;
mod screen;
#[cfg(test)]
mod testing;
mod trust;

pub use cli::Cli;
pub use failure::Failure;

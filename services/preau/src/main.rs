//! Préau: one binary, every role of the platform and the command line for people.
//!
//! A table of contents: `cli` says what can be asked, `config` reads the configuration, `compose`
//! builds a process out of roles and runs it, `client` speaks to a gateway.
//!
//! Three types to know: `config::Config`, `compose::Process`, `failure::Failure`. It must not hold
//! any rule of a domain: those are the services'.

mod apps;
mod cli;
mod client;
mod compose;
mod config;
mod failure;
mod files;
mod fleet;
mod logging;
mod private;
mod roster;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}

//! The command line: what can be asked, and who does it.

mod admin;
mod agent;
mod apps;
mod args;
mod contract;
mod files;
mod fleet;
mod probe;
mod roster;
mod run;
mod session;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

pub(crate) use args::{Cli, Command};
pub(crate) use contract::print;
pub(crate) use session::{activate, sign_in, sign_out};

use crate::failure::{Exit, Failure};

/// Parses, does, reports.
pub(crate) fn main() -> ExitCode {
    let outcome = match Cli::try_parse() {
        Ok(cli) => dispatch(cli.command),
        Err(error) => usage(&error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Up(args) => run::up(args),
        Command::Serve(args) => run::serve(args),
        Command::Migrate(args) => run::migrate(args),
        Command::Admin(command) => admin::run(command),
        Command::Login(args) => session::login(args),
        Command::Logout(args) => session::logout(args),
        Command::Files(command) => files::run(command),
        Command::Roster(command) => roster::run(command),
        Command::Fleet(command) => fleet::run(command),
        Command::Apps(command) => apps::run(command),
        Command::Agent(command) => agent::run(command),
        Command::Probe(command) => probe::run(command),
        Command::Api(args::ApiCommand::Matrix) => contract::matrix(),
        Command::Config { markdown } => contract::configuration(markdown),
    }
}

/// Help and version are answers; anything else is one line, as every failure.
fn usage(error: &clap::Error) -> Result<(), Failure> {
    if !error.use_stderr() {
        return error
            .print()
            .map_err(|error| Failure::new(error, "standard output", "try again"));
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let failure = Failure::new("no command given", "command line", "see `preau --help`");
        return Err(failure.exit(Exit::Usage));
    }
    let text = error.to_string();
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
        .filter(|line| !line.is_empty())
        .collect();
    let what = lines.join(" ");
    let what = what
        .strip_prefix("error: ")
        .unwrap_or(&what)
        .trim_end_matches(':');
    Err(Failure::new(what, "command line", "see `preau --help`").exit(Exit::Usage))
}

/// A runtime for commands that wait for a server.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    run_on(&mut tokio::runtime::Builder::new_multi_thread(), work)
}

/// The same for thousands of connections: names are looked up and files hashed on few threads.
fn block_on_many<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    run_on(builder.max_blocking_threads(16), work)
}

fn run_on<T>(
    builder: &mut tokio::runtime::Builder,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    builder
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(
                format_args!("cannot start: {error}"),
                "threads",
                "raise the limit of processes",
            )
        })?
        .block_on(work)
}

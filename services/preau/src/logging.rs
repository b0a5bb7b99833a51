//! Logs: structured, to standard error, without personal data.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::config::{Config, LogFormat};
use crate::failure::{Exit, Failure};

/// Installs the one subscriber of the process. Standard output stays free for answers.
pub(crate) fn start(config: &Config) {
    // The configuration was checked; the default is for tests that build one by hand.
    let filter = config.log.filter.parse().unwrap_or_default();
    install(filter, config.log.format);
}

/// The same for a command without a configuration.
///
/// # Errors
/// A filter that is none.
pub(crate) fn start_with(filter: &str) -> Result<(), Failure> {
    let filter = filter.parse().map_err(|error| {
        let remedy = "write a level such as info, or target=level pairs between commas";
        Failure::new(error, "--log", remedy).exit(Exit::Usage)
    })?;
    install(filter, LogFormat::Text);
    Ok(())
}

fn install(filter: Targets, format: LogFormat) {
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // A second start in one process keeps the first subscriber: only tests do that.
    let _ = tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init();
}

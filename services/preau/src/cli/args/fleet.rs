//! `preau fleet`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::agent::{Speech, TokenArgs};
use super::{GatewayArgs, ServerArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum FleetCommand {
    /// Make a token with which devices of a school enrol, and its QR code
    Token(FleetTokenArgs),
    /// List the devices of a school
    Devices(DevicesArgs),
    /// Show a device and its latest commands
    Device {
        /// Id of the device
        device: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show a message on devices
    Message {
        #[command(flatten)]
        to: CommandArgs,
        /// The message, 1 to 500 characters
        #[arg(long)]
        text: String,
    },
    /// Lock the screens of devices
    Lock {
        #[command(flatten)]
        to: CommandArgs,
        /// Shown on the locked screen, at most 200 characters
        #[arg(long, default_value = "")]
        notice: String,
    },
    /// Unlock the screens of devices
    Unlock {
        #[command(flatten)]
        to: CommandArgs,
    },
    /// Take devices out of their school: their credentials are void at once
    Retire {
        /// Ids of devices
        #[arg(required = true, value_name = "DEVICE")]
        devices: Vec<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Run many simulated devices, for tests of a platform's size
    Simulate(SimulateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct FleetTokenArgs {
    /// UAI or id of the school; the only one you administer when not given
    #[arg(long, value_name = "SCHOOL")]
    pub(crate) school: Option<String>,
    /// How many devices may enrol with it
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) count: u32,
    /// How many days it is good
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=90))]
    pub(crate) days: u32,
    /// Only the token, on one line
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DevicesArgs {
    /// UAI or id of the school; the only one you administer when not given
    #[arg(long, value_name = "SCHOOL")]
    pub(crate) school: Option<String>,
    /// With those that were retired
    #[arg(long)]
    pub(crate) retired: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// To whom, and until when.
#[derive(Debug, Args)]
pub(crate) struct CommandArgs {
    /// Ids of devices
    #[arg(required = true, value_name = "DEVICE")]
    pub(crate) devices: Vec<String>,
    /// How long it may wait for a device, such as 90s, 10m, 8h or 30d
    #[arg(long, default_value = "1h", value_parser = time_to_live)]
    pub(crate) ttl: Duration,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// How many devices
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) devices: u32,
    #[command(flatten)]
    pub(crate) gateway: GatewayArgs,
    #[command(flatten)]
    pub(crate) token: TokenArgs,
    /// How to speak to the server
    #[arg(long, value_enum, default_value_t)]
    pub(crate) transport: Speech,
    /// End after so long; otherwise at SIGTERM or Ctrl-C
    #[arg(long)]
    pub(crate) seconds: Option<u64>,
    /// Directory of the devices' state, to go on with the same devices later; a temporary one when not given
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Print the counts at the end as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Write, at the end, a line of JSON for each command that was done: device, command, how often
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

/// One second to 30 days.
fn time_to_live(text: &str) -> Result<Duration, String> {
    let help = "write a number and s, m, h or d, from 1s to 30d";
    let mut number = text.chars();
    let seconds = match number.next_back() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => return Err(help.to_owned()),
    };
    let number: u64 = number.as_str().parse().map_err(|_| help.to_owned())?;
    match number.checked_mul(seconds) {
        Some(seconds) if (1..=30 * 86_400).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(help.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_live_is_a_number_and_a_unit() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("8h", 28_800),
            ("30d", 2_592_000),
        ] {
            assert_eq!(
                time_to_live(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        for wrong in [
            "",
            "s",
            "10",
            "0s",
            "31d",
            "-1h",
            "1w",
            "99999999999999999999d",
            "1é",
        ] {
            assert!(time_to_live(wrong).is_err(), "{wrong}");
        }
    }
}

//! `preau agent`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use preau_agent::link::Transport;

use super::GatewayArgs;
use super::server::SYSTEM_AUTHORITIES;

const DEFAULT_STATE: &str = "/var/lib/preau-agent";
const DEFAULT_PREFIX: &str = "/opt/preau";

#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Make this machine a device of a school
    Enroll(EnrollArgs),
    /// Do what the school's administrators say, install what they assign, until SIGTERM
    Run(AgentRunArgs),
    /// Install releases of one more publisher; those known at enrolment are trusted already
    Trust(TrustArgs),
    /// Say which device this is and how it stands
    Status(StateArgs),
}

/// Where the device's keys and journal are.
#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    /// Directory of the device's keys and journal
    #[arg(long, value_name = "DIR", default_value = DEFAULT_STATE)]
    pub(crate) state: PathBuf,
}

/// With what devices enrol.
#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// Enrolment token, as printed
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// File whose first line is the enrolment token: other users of this machine can read a command line
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    pub(crate) token_file: Option<PathBuf>,
}

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Speech {
    /// Native gRPC where it gets through, gRPC-web where not
    #[default]
    Auto,
    /// Native gRPC over HTTP/2
    Grpc,
    /// gRPC-web over HTTP/1.1
    GrpcWeb,
}

impl From<Speech> for Transport {
    fn from(speech: Speech) -> Self {
        match speech {
            Speech::Auto => Self::Auto,
            Speech::Grpc => Self::Grpc,
            Speech::GrpcWeb => Self::GrpcWeb,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct EnrollArgs {
    #[command(flatten)]
    pub(crate) gateway: GatewayArgs,
    #[command(flatten)]
    pub(crate) token: TokenArgs,
    /// How administrators will know the device [default: the machine's name]
    #[arg(long)]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// How to speak to the server
    #[arg(long, value_enum, default_value_t)]
    pub(crate) transport: Speech,
}

#[derive(Debug, Args)]
pub(crate) struct AgentRunArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Where locks, messages and apps go
    #[arg(long, value_name = "DIR", default_value = DEFAULT_PREFIX)]
    pub(crate) prefix: PathBuf,
    /// How to speak to the server
    #[arg(long, value_enum, default_value_t)]
    pub(crate) transport: Speech,
    /// What is logged to standard error, such as info or preau_agent=debug
    #[arg(long, value_name = "FILTER", default_value = "info")]
    pub(crate) log: String,
    /// The system's authorities, where they are not at their usual place
    #[arg(long, value_name = "FILE", env = "SSL_CERT_FILE", hide = true)]
    system_ca: Option<OsString>,
}

impl AgentRunArgs {
    /// The system's bundle of authorities.
    pub(crate) fn system_authorities(&self) -> PathBuf {
        let given = self.system_ca.as_deref().filter(|file| !file.is_empty());
        given.map_or_else(|| SYSTEM_AUTHORITIES.into(), PathBuf::from)
    }
}

#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    /// The publisher's public key, as `preau apps keygen` writes it
    pub(crate) key: PathBuf,
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

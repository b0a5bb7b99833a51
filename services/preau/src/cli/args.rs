//! Every command and flag.

mod agent;
mod apps;
mod files;
mod fleet;
mod roster;
mod server;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use agent::{AgentCommand, AgentRunArgs, EnrollArgs, TokenArgs, TrustArgs};
pub(crate) use apps::{AppsCommand, PublishArgs, PublisherCommand, SchoolArgs};
pub(crate) use files::FilesCommand;
pub(crate) use fleet::{CommandArgs, DevicesArgs, FleetCommand, FleetTokenArgs, SimulateArgs};
pub(crate) use roster::{CodesArgs, ImportArgs, RosterCommand, SheetArgs};
pub(crate) use server::{GatewayArgs, ServerArgs};

use crate::config::Flags;

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 3 not signed in or not \
allowed, 4 not found, 5 port or data in use by another process, 6 the server does not answer.
A failure is one line on standard error: `error: <what>: <where>: <what to do>`.";

/// Préau: files and lessons of a country's schools.
#[derive(Debug, Parser)]
#[command(name = "preau", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run every role in this process
    Up(UpArgs),
    /// Run some roles in this process
    Serve(ServeArgs),
    /// Bring the databases of roles up to date, then end
    Migrate(MigrateArgs),
    /// First administrator, join tokens
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Sign in and remember the session
    Login(LoginArgs),
    /// End the remembered session
    Logout(LogoutArgs),
    /// List, put, get and remove files
    #[command(subcommand)]
    Files(FilesCommand),
    /// Import a school's roster, print codes for first sign-ins
    #[command(subcommand)]
    Roster(RosterCommand),
    /// Enrol devices, see how they are, tell them what to do
    #[command(subcommand)]
    Fleet(FleetCommand),
    /// Publish releases of apps, have them installed on devices
    #[command(subcommand)]
    Apps(AppsCommand),
    /// What runs on a device
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Ask a process on this machine how it is: 0 when it is well, 1 when not
    #[command(subcommand)]
    Probe(ProbeCommand),
    /// What the contract says
    #[command(subcommand)]
    Api(ApiCommand),
    /// Print every configuration key with its default and meaning
    Config {
        /// As the page of the documentation
        #[arg(long)]
        markdown: bool,
    },
}

/// Flags over the configuration file and the environment.
#[derive(Debug, Default, Args)]
pub(crate) struct ConfigArgs {
    /// TOML file of the configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Directory of everything kept [default: ./preau-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Address of the gateway [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    gateway: Option<String>,
    /// Address of the mesh [default: 127.0.0.1:7443]
    #[arg(long, value_name = "ADDRESS")]
    mesh: Option<String>,
    /// Address of metrics and probes [default: 127.0.0.1:9090]
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<String>,
}

impl ConfigArgs {
    /// The keys that flags set.
    pub(crate) fn flags(&self) -> Flags {
        [
            ("--data-dir", "data_dir", &self.data_dir),
            ("--gateway", "gateway.address", &self.gateway),
            ("--mesh", "mesh.address", &self.mesh),
            ("--admin", "admin.address", &self.admin),
        ]
        .into_iter()
        .filter_map(|(flag, key, value)| Some((flag, key, value.clone()?)))
        .collect()
    }

    /// Only the data directory, for commands that listen nowhere.
    pub(crate) fn of_data_dir(config: Option<PathBuf>, data_dir: Option<String>) -> Self {
        Self {
            config,
            data_dir,
            ..Self::default()
        }
    }

    /// Only where administration is, for commands that ask there.
    pub(crate) fn of_admin(config: Option<PathBuf>, admin: Option<String>) -> Self {
        Self {
            config,
            admin,
            ..Self::default()
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Fill an empty data directory with a demonstration school
    #[arg(long)]
    pub(crate) demo: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Roles of this process: control, identity, roster, files, classroom, gateway
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) roles: Vec<String>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// File of the one-use join token, for a process without the role control that never joined
    #[arg(long, value_name = "FILE")]
    pub(crate) join_token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// Roles whose databases to bring up to date; all when not given
    #[arg(long, value_delimiter = ',')]
    pub(crate) roles: Vec<String>,
    /// TOML file of the configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Directory of everything kept [default: ./preau-data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProbeCommand {
    /// Whether the process runs
    Live(ProbeArgs),
    /// Whether it serves and can tell who calls
    Ready(ProbeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ProbeArgs {
    /// TOML file of the process's configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address of metrics and probes [default: 127.0.0.1:9090]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) admin: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Make the first administrator of an empty data directory
    Create(AdminCreateArgs),
    /// Make a one-use token with which one process joins the mesh
    JoinToken(JoinTokenArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AdminCreateArgs {
    /// Directory of everything kept [default: ./preau-data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<String>,
    /// TOML file of the configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[arg(long, value_name = "NAME")]
    pub(crate) given_name: String,
    #[arg(long, value_name = "NAME")]
    pub(crate) family_name: String,
    #[arg(long)]
    pub(crate) login: String,
    /// File whose first line is the password; asked for when not given
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct JoinTokenArgs {
    /// Roles that the joiner may take
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) roles: Vec<String>,
    /// How long the token is good, in minutes
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub(crate) minutes: u32,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    #[command(flatten)]
    pub(crate) gateway: GatewayArgs,
    #[arg(long)]
    pub(crate) login: String,
    /// File whose first line is the password; asked for when not given
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// First sign-in: asks for the code that was handed out; the password is the one you choose
    #[arg(long)]
    pub(crate) code: bool,
    /// The same with the code from the first line of a file
    #[arg(long, value_name = "FILE", conflicts_with = "code")]
    pub(crate) code_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct LogoutArgs {
    #[command(flatten)]
    pub(crate) gateway: GatewayArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApiCommand {
    /// Print who may call what: method × role × relation
    Matrix,
}

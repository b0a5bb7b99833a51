//! Every command and flag.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::client::Trust;
use crate::config::Flags;

/// Where a gateway is unless said otherwise.
pub(crate) const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";
/// Where Debian and its kin keep the certificates of the authorities that the system trusts.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

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

/// Which gateway, and whose word is taken for it being that one.
#[derive(Debug, Default, Args)]
pub(crate) struct GatewayArgs {
    /// Address of the gateway: https://HOST:PORT, or http:// on this machine
    #[arg(long, value_name = "URL", default_value = DEFAULT_SERVER)]
    pub(crate) server: String,
    /// Certificates (PEM) of authorities that are trusted for https:// beside the system's
    #[arg(long, value_name = "FILE", env = "PREAU_CA", hide_env_values = true)]
    ca: Option<OsString>,
    /// The system's, where they are not at their usual place
    #[arg(long, value_name = "FILE", env = "SSL_CERT_FILE", hide = true)]
    system_ca: Option<OsString>,
}

impl GatewayArgs {
    /// Whose certificates are believed. A variable that is set to nothing counts as not set.
    pub(crate) fn trust(&self) -> Trust {
        let file = |given: &Option<OsString>| {
            let given = given.as_deref().filter(|file| !OsStr::is_empty(file));
            given.map(PathBuf::from)
        };
        Trust::Authorities {
            system: file(&self.system_ca).unwrap_or_else(|| SYSTEM_AUTHORITIES.into()),
            own: file(&self.ca),
        }
    }
}

/// Which gateway, and who is asking.
#[derive(Debug, Default, Args)]
pub(crate) struct ServerArgs {
    #[command(flatten)]
    pub(crate) gateway: GatewayArgs,
    /// Sign in as this login for this one command; otherwise the remembered session is used
    #[arg(long)]
    pub(crate) login: Option<String>,
    /// File whose first line is the password; asked for when not given
    #[arg(long, value_name = "FILE", requires = "login")]
    pub(crate) password_file: Option<PathBuf>,
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
pub(crate) enum FilesCommand {
    /// List spaces, or a folder
    Ls {
        /// SPACE:/path; your spaces when not given
        remote: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Upload a file; the same command again goes on after an interruption
    Put {
        /// A file here
        local: PathBuf,
        /// SPACE:/path of the new file, or of the folder it goes into
        remote: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Download a file; the same command again goes on after an interruption
    Get {
        /// SPACE:/path of a file
        remote: String,
        /// A file or a folder here; the working directory when not given
        local: Option<PathBuf>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Remove a file or a folder
    Rm {
        /// SPACE:/path
        remote: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Make a folder
    Mkdir {
        /// SPACE:/path
        remote: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RosterCommand {
    /// Check a OneRoster 1.2 CSV zip and apply it, whole or not at all
    Import(ImportArgs),
    /// Make and print codes for the first sign-in; codes made before and not used are void
    Codes(CodesArgs),
    /// Make a code for somebody who forgot their password, which stops working at once, with all their sessions
    Reset(ResetArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The zip: the whole school (bulk)
    pub(crate) file: PathBuf,
    /// UAI of the school; the only one you administer when not given
    #[arg(long, value_name = "UAI")]
    pub(crate) school: Option<String>,
    /// Say what it would change and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Apply also where many people lose their access
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Default, Args)]
pub(crate) struct CodesArgs {
    /// Name of a class, or its id
    pub(crate) class: Option<String>,
    /// For teachers and administrators of the school instead
    #[arg(long)]
    pub(crate) staff: bool,
    #[command(flatten)]
    pub(crate) sheet: SheetArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ResetArgs {
    /// Login of the person
    #[arg(value_name = "LOGIN")]
    pub(crate) whose: String,
    #[command(flatten)]
    pub(crate) sheet: SheetArgs,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Of which school codes are, and how they are shown.
#[derive(Debug, Default, Args)]
pub(crate) struct SheetArgs {
    /// UAI of the school; the only one you administer when not given
    #[arg(long, value_name = "UAI")]
    pub(crate) school: Option<String>,
    /// Write a page to print and cut, instead of a table
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Address of the site, for the slips of that page
    #[arg(long, value_name = "URL", requires = "html")]
    pub(crate) address: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApiCommand {
    /// Print who may call what: method × role × relation
    Matrix,
}

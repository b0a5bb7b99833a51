//! `preau apps`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ServerArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum AppsCommand {
    /// Make a publisher's key, Ed25519: FILE stays with the publisher, the one beside it in .pub is for everybody
    Keygen {
        /// File of the private key, mode 0600
        #[arg(long, value_name = "FILE", default_value = "publisher.key")]
        out: PathBuf,
    },
    /// Whose releases count
    #[command(subcommand)]
    Publisher(PublisherCommand),
    /// Sign a release and upload it; the same command again goes on after an interruption
    Publish(PublishArgs),
    /// List releases
    List {
        /// Only of this app
        #[arg(long)]
        app: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Have a release installed on the devices of a school
    Assign {
        /// Id of the release
        release: String,
        #[command(flatten)]
        school: SchoolArgs,
    },
    /// Have an app removed from the devices of a school
    Unassign {
        /// The app, such as fr.example.geometrie
        app: String,
        #[command(flatten)]
        school: SchoolArgs,
    },
    /// Say what the devices of a school are to have, and which have it
    Status {
        /// With a line for each device and app
        #[arg(long)]
        devices: bool,
        #[command(flatten)]
        school: SchoolArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PublisherCommand {
    /// Make known somebody whose signature on releases counts
    Add {
        /// How people call them
        name: String,
        /// Their public key, as `preau apps keygen` writes it
        key: PathBuf,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List them
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// Of which school.
#[derive(Debug, Args)]
pub(crate) struct SchoolArgs {
    /// UAI or id of the school; the only one you administer when not given
    #[arg(long, value_name = "SCHOOL")]
    pub(crate) school: Option<String>,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// The file to install
    pub(crate) file: PathBuf,
    /// Reverse domain name of the app, such as fr.example.geometrie
    #[arg(long)]
    pub(crate) app: String,
    /// The app's name for people
    #[arg(long)]
    pub(crate) name: String,
    /// Of this release: letters, digits, dots, hyphens and plus signs
    #[arg(long)]
    pub(crate) version: String,
    /// The publisher's private key
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// As what it is installed [default: the file's own name]
    #[arg(long, value_name = "NAME")]
    pub(crate) file_name: Option<String>,
    /// Make it executable
    #[arg(long)]
    pub(crate) executable: bool,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

//! `preau files`.

use std::path::PathBuf;

use clap::Subcommand;

use super::ServerArgs;

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

//! `preau roster`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ServerArgs;

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

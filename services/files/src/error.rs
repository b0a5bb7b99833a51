//! What can go wrong with files, and what the caller reads of it.

mod database;
mod vault;

use std::time::Duration;

use preau_kernel::failure::{Failure, Kind};
use preau_kernel::ids::NodeId;
use preau_storage_database::{DbError, Retryable};
use preau_storage_vault::VaultError;

use crate::domain::Refusal;

/// Everything a use case of the files can fail with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The caller's fault, or no fault: already in the words the caller reads.
    #[error("{}", .0.message)]
    Failed(Box<Failure>),
    /// A rule says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The folder holds a node of that name, or of one that a disk would confuse with it.
    #[error("the name is taken by {by:?}")]
    NameTaken {
        /// By which node; `None` when it came and went while we looked.
        by: Option<NodeId>,
    },
    /// An object's bytes are not those that its owner meant.
    #[error("the object's bytes do not hash as said")]
    HashMismatch,
    /// A stored row does not read back: our fault.
    #[error("the row of {what} does not read back: {detail}")]
    Unreadable {
        /// Which row.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The database's fault.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The vault refuses, or its sites fail; `node` is the file concerned, where there is one yet.
    #[error("the vault, about {node:?}: {source}")]
    Vault {
        /// The file that was read.
        node: Option<NodeId>,
        /// What the vault says.
        source: VaultError,
    },
}

impl Retryable for Error {
    /// Whether nothing was changed and running the whole transaction again may succeed. A dangling reference counts:
    /// somebody deleted the folder, or put something in, between our look and our change; the next look tells.
    fn is_retryable(&self) -> bool {
        match self {
            Error::Database(DbError::ForeignKey { .. }) => true,
            Error::Database(error) => error.is_retryable(),
            Error::Vault { source, .. } => source.is_retryable(),
            _ => false,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl From<VaultError> for Error {
    fn from(source: VaultError) -> Self {
        Self::Vault { node: None, source }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Failed(failure) => *failure,
            Error::Refused(refusal) => refused(refusal),
            Error::NameTaken { by } => name_taken(by),
            Error::HashMismatch => hash_mismatch(),
            Error::Unreadable { .. } => Failure::new(
                Kind::DataLoss,
                "ROW_UNREADABLE",
                "a stored entry does not read back: tell the operator",
            )
            .because(error),
            Error::Database(error) => database::failure(&error),
            Error::Vault { node, source } => vault::failure(node, source),
        }
    }
}

fn refused(refusal: Refusal) -> Failure {
    let (kind, reason) = match refusal {
        Refusal::TooDeep => (Kind::FailedPrecondition, "FOLDER_TOO_DEEP"),
        Refusal::NotYours => (Kind::PermissionDenied, "NOT_YOURS"),
        Refusal::TooMany => (Kind::FailedPrecondition, "FOLDER_TOO_LARGE"),
        Refusal::IntoItself => (Kind::FailedPrecondition, "INTO_ITSELF"),
        Refusal::AcrossSchools => (Kind::FailedPrecondition, "ACROSS_SCHOOLS"),
        Refusal::NotInTrash => (Kind::FailedPrecondition, "NOT_IN_TRASH"),
        Refusal::NotAFolder => (Kind::FailedPrecondition, "NOT_A_FOLDER"),
        Refusal::NotAFile => (Kind::FailedPrecondition, "NOT_A_FILE"),
        Refusal::TooManyReads => (Kind::Exhausted, "TOO_MANY_READS"),
        Refusal::Committed => (Kind::FailedPrecondition, "UPLOAD_COMMITTED"),
        Refusal::Aborted => (Kind::FailedPrecondition, "UPLOAD_ABORTED"),
        Refusal::ObjectCommitted => (Kind::FailedPrecondition, "OBJECT_COMMITTED"),
        Refusal::ObjectExpired => (Kind::FailedPrecondition, "OBJECT_EXPIRED"),
        Refusal::ObjectOpen => (Kind::FailedPrecondition, "OBJECT_OPEN"),
    };
    let failure = Failure::new(kind, reason, refusal.to_string());
    match refusal {
        Refusal::TooManyReads => failure.retry_after(Duration::from_secs(10)),
        _ => failure,
    }
}

fn hash_mismatch() -> Failure {
    let problem = "the object's bytes hash to something else: delete it and send them anew";
    Failure::new(
        Kind::InvalidArgument,
        "HASH_MISMATCH",
        format!("blake3: {problem}"),
    )
    .field("blake3", problem)
}

fn name_taken(by: Option<NodeId>) -> Failure {
    let failure = Failure::new(
        Kind::AlreadyExists,
        "NAME_TAKEN",
        "name: the folder has something of that name already, upper and lower case counting alike: \
         choose another name, or delete what has it",
    )
    .field("name", "taken in this folder");
    match by {
        Some(node) => failure.meta("node_id", node.to_string()),
        None => failure,
    }
}

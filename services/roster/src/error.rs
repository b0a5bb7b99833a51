//! What can go wrong in the roster, and what the caller reads of it.

use std::time::Duration;

use preau_kernel::failure::{Failure, Kind};
use preau_storage_database::DbError;

use crate::domain::{ImportRefusal, Refusal};

/// Everything a use case of the roster can fail with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The caller's fault, or no fault: already in the words the caller reads.
    #[error("{}", .0.message)]
    Failed(Box<Failure>),
    /// A rule says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The import is not in a state for it.
    #[error(transparent)]
    Import(#[from] ImportRefusal),
    /// Reading a zip ended without an answer: our fault.
    #[error("reading a roster ended without an answer: {0}")]
    Reading(#[source] tokio::task::JoinError),
    /// A class of the school has the name, or one that a disk would confuse with it.
    #[error("the school has a class of that name already")]
    NameTaken,
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
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Failed(failure) => *failure,
            Error::Refused(refusal) => refused(refusal),
            Error::Import(refusal) => import_refused(&refusal),
            Error::Reading(_) => Failure::internal(error.to_string()),
            Error::NameTaken => Failure::new(
                Kind::AlreadyExists,
                "CLASS_NAME_TAKEN",
                "name: the school has a class of that name already, upper and lower case counting alike: choose another",
            )
            .field("name", "taken in this school"),
            Error::Unreadable { .. } => Failure::new(
                Kind::DataLoss,
                "ROW_UNREADABLE",
                "a stored class does not read back: tell the operator",
            )
            .because(error),
            Error::Database(error) => database(&error),
        }
    }
}

fn refused(refusal: Refusal) -> Failure {
    let reason = match refusal {
        Refusal::MainTeacherStays => "MAIN_TEACHER_STAYS",
        Refusal::MainTeacherTeaches => "MAIN_TEACHER_TEACHES",
        Refusal::TooManyClasses => "TOO_MANY_CLASSES",
    };
    Failure::new(Kind::FailedPrecondition, reason, refusal.to_string())
}

fn import_refused(refusal: &ImportRefusal) -> Failure {
    let failure = Failure::new(
        Kind::FailedPrecondition,
        refusal.reason(),
        refusal.to_string(),
    );
    match refusal {
        ImportRefusal::Unconfirmed { disabled } => {
            failure.meta("people_disabled", disabled.to_string())
        }
        ImportRefusal::Replaced(by) => failure
            .meta("replaced_by_import_id", by.import.to_string())
            .meta("begun_by", by.begun_by.to_string()),
        _ => failure,
    }
}

fn database(error: &DbError) -> Failure {
    let soon = Duration::from_millis(200);
    let failure = match error {
        DbError::Full { .. } => Failure::new(
            Kind::Exhausted,
            "STORAGE_FULL",
            "the roster has no space left and nothing was changed: tell the operator",
        ),
        DbError::Serialization { .. } => Failure::new(
            Kind::Aborted,
            "CONCURRENT_CHANGE",
            "somebody changed the same class at the same time and nothing was changed: try again",
        )
        .retry_after(soon),
        DbError::Busy { .. } | DbError::Unavailable { .. } | DbError::Closed => Failure::new(
            Kind::Unavailable,
            "DATABASE_UNAVAILABLE",
            "the roster's database does not answer: try again",
        )
        .retry_after(soon),
        DbError::Corrupt { .. } => Failure::new(
            Kind::DataLoss,
            "DATABASE_CORRUPT",
            "the roster's database is damaged: tell the operator",
        ),
        other => return Failure::internal(other.to_string()),
    };
    failure.because(error)
}

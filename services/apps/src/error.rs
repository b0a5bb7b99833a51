//! What can go wrong with apps, and what the caller reads of it.

use std::time::Duration;

use preau_kernel::failure::{Failure, Kind};
use preau_storage_database::{DbError, Retryable};

use crate::domain::Refusal;

/// Everything a use case of the apps can fail with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The caller's fault, or no fault: already in the words the caller reads.
    #[error("{}", .0.message)]
    Failed(Box<Failure>),
    /// A rule says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
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

impl Retryable for Error {
    fn is_retryable(&self) -> bool {
        matches!(self, Error::Database(error) if error.is_retryable())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Failed(failure) => *failure,
            Error::Refused(refusal) => refused(refusal),
            Error::Unreadable { .. } => Failure::new(
                Kind::DataLoss,
                "ROW_UNREADABLE",
                "something stored of the apps does not read back: tell the operator",
            )
            .because(error),
            Error::Database(error) => database(&error),
        }
    }
}

/// When a retry may find the trouble gone.
const SOON: Duration = Duration::from_millis(200);
/// When a fetch that nobody reads may have been given up.
const LATER: Duration = Duration::from_secs(10);

fn refused(refusal: Refusal) -> Failure {
    let (kind, reason) = match refusal {
        Refusal::SignatureWrong => (Kind::InvalidArgument, "SIGNATURE_WRONG"),
        Refusal::ReleaseExists { .. } => (Kind::AlreadyExists, "RELEASE_EXISTS"),
        Refusal::ReleaseAvailable => (Kind::FailedPrecondition, "RELEASE_AVAILABLE"),
        Refusal::ReleaseNotAvailable => (Kind::FailedPrecondition, "RELEASE_NOT_AVAILABLE"),
        Refusal::UploadExpired => (Kind::FailedPrecondition, "UPLOAD_EXPIRED"),
        Refusal::HashWrong => (Kind::FailedPrecondition, "HASH_WRONG"),
        Refusal::TooManyApps => (Kind::FailedPrecondition, "TOO_MANY_APPS"),
        Refusal::TooManyFetches => (Kind::Exhausted, "TOO_MANY_FETCHES"),
        Refusal::TooManyPublishers => (Kind::FailedPrecondition, "TOO_MANY_PUBLISHERS"),
    };
    let failure = Failure::new(kind, reason, refusal.to_string());
    match refusal {
        Refusal::SignatureWrong => failure.field("signature", "made by no publisher's key"),
        Refusal::ReleaseExists { release } => failure.meta("release_id", release.to_string()),
        Refusal::TooManyFetches => failure.retry_after(LATER),
        _ => failure,
    }
}

fn database(error: &DbError) -> Failure {
    let failure = match error {
        DbError::Full { .. } => Failure::new(
            Kind::Exhausted,
            "STORAGE_FULL",
            "the apps have no space left and nothing was changed: tell the operator",
        ),
        DbError::Serialization { .. } | DbError::ForeignKey { .. } => Failure::new(
            Kind::Aborted,
            "CONCURRENT_CHANGE",
            "somebody changed the same thing at the same time and nothing was changed: try again",
        )
        .retry_after(SOON),
        DbError::Busy { .. } | DbError::Unavailable { .. } | DbError::Closed => Failure::new(
            Kind::Unavailable,
            "DATABASE_UNAVAILABLE",
            "the apps' database does not answer: try again",
        )
        .retry_after(SOON),
        DbError::Corrupt { .. } => Failure::new(
            Kind::DataLoss,
            "DATABASE_CORRUPT",
            "the apps' database is damaged: tell the operator",
        ),
        other => return Failure::internal(other.to_string()),
    };
    failure.because(error)
}

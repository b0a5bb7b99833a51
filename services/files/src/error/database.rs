//! The database's errors in the caller's words.

use std::time::Duration;

use preau_kernel::failure::{Failure, Kind};
use preau_storage_database::DbError;

/// When a retry may find the trouble gone.
const SOON: Duration = Duration::from_millis(200);

pub(super) fn failure(error: &DbError) -> Failure {
    let failure = match error {
        DbError::Full { .. } => full(),
        DbError::Serialization { .. } | DbError::ForeignKey { .. } => Failure::new(
            Kind::Aborted,
            "CONCURRENT_CHANGE",
            "somebody changed the same folder at the same time and nothing was changed: try again",
        )
        .retry_after(SOON),
        DbError::Busy { .. } | DbError::Unavailable { .. } | DbError::Closed => Failure::new(
            Kind::Unavailable,
            "DATABASE_UNAVAILABLE",
            "the files' database does not answer: try again",
        )
        .retry_after(SOON),
        DbError::Corrupt { .. } => Failure::new(
            Kind::DataLoss,
            "DATABASE_CORRUPT",
            "the files' database is damaged: tell the operator",
        ),
        other => return Failure::internal(other.to_string()),
    };
    failure.because(error)
}

/// The same answer whether the database or a site is full: the caller can do the same about both.
pub(super) fn full() -> Failure {
    Failure::new(
        Kind::Exhausted,
        "STORAGE_FULL",
        "the storage is full; what was acknowledged is safe: tell the operator, then go on with the upload",
    )
}

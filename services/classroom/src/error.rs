//! What can go wrong in the classroom, and what the caller reads of it.

use std::time::Duration;

use preau_kernel::clock::Timestamp;
use preau_kernel::failure::{Failure, Kind};
use preau_storage_database::events::WatchError;
use preau_storage_database::{DbError, Retryable};

use crate::domain::Refusal;

/// Everything a use case of the classroom can fail with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The caller's fault, or no fault: already in the words the caller reads.
    #[error("{}", .0.message)]
    Failed(Box<Failure>),
    /// A rule says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The log cannot be followed from the caller's cursor.
    #[error("the log of the lesson cannot be followed from the cursor: {detail}")]
    CursorUnknown {
        /// Trimmed, or past the end.
        detail: String,
    },
    /// The process stops, or lost its hold on the Watches it serves.
    #[error("the process serves no Watch just now")]
    NotServing,
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

impl From<WatchError> for Error {
    fn from(error: WatchError) -> Self {
        match error {
            WatchError::Database(error) => Self::Database(error),
            WatchError::Trimmed { .. } | WatchError::Ahead { .. } => Self::CursorUnknown {
                detail: error.to_string(),
            },
        }
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
            Error::CursorUnknown { .. } => Failure::new(
                Kind::OutOfRange,
                "CURSOR_UNKNOWN",
                "cursor: the lesson cannot be followed from there: read the lesson anew and go on from its cursor",
            )
            .field("cursor", "not a place of this lesson's log that is still kept")
            .because(error),
            Error::NotServing => Failure::new(
                Kind::Unavailable,
                "NOT_SERVING",
                "this server is about to stop: go on from the same cursor in a moment",
            )
            .retry_after(SOON),
            Error::Unreadable { .. } => Failure::new(
                Kind::DataLoss,
                "ROW_UNREADABLE",
                "something stored of a lesson does not read back: tell the operator",
            )
            .because(error),
            Error::Database(error) => database(&error),
        }
    }
}

/// When a retry may find the trouble gone.
const SOON: Duration = Duration::from_millis(200);

fn refused(refusal: Refusal) -> Failure {
    let (kind, reason) = match refusal {
        Refusal::LessonOver => (Kind::FailedPrecondition, "LESSON_OVER"),
        Refusal::LessonRunning { .. } => (Kind::FailedPrecondition, "LESSON_RUNNING"),
        Refusal::FocusHeld { .. } => (Kind::FailedPrecondition, "FOCUS_HELD"),
        Refusal::NotTheTeacher => (Kind::PermissionDenied, "NOT_THE_TEACHER"),
        Refusal::TooManyPushes => (Kind::FailedPrecondition, "TOO_MANY_PUSHES"),
        Refusal::PushIdTaken => (Kind::AlreadyExists, "PUSH_ID_TAKEN"),
    };
    let failure = Failure::new(kind, reason, refusal.to_string());
    match refusal {
        Refusal::LessonRunning { lesson } => failure.meta("lesson_id", lesson.to_string()),
        Refusal::FocusHeld { until } => failure.meta("until", rfc3339(until)),
        Refusal::PushIdTaken => failure.field("push_id", "taken by something else"),
        _ => failure,
    }
}

/// As protobuf's JSON writes a time.
fn rfc3339(time: Timestamp) -> String {
    let (seconds, nanos) = time.seconds_and_nanos();
    prost_types::Timestamp { seconds, nanos }.to_string()
}

fn database(error: &DbError) -> Failure {
    let failure = match error {
        DbError::Full { .. } => Failure::new(
            Kind::Exhausted,
            "STORAGE_FULL",
            "the classroom has no space left and nothing was changed: tell the operator",
        ),
        DbError::Serialization { .. } | DbError::ForeignKey { .. } => Failure::new(
            Kind::Aborted,
            "CONCURRENT_CHANGE",
            "somebody changed the same lesson at the same time and nothing was changed: try again",
        )
        .retry_after(SOON),
        DbError::Busy { .. } | DbError::Unavailable { .. } | DbError::Closed => Failure::new(
            Kind::Unavailable,
            "DATABASE_UNAVAILABLE",
            "the classroom's database does not answer: try again",
        )
        .retry_after(SOON),
        DbError::Corrupt { .. } => Failure::new(
            Kind::DataLoss,
            "DATABASE_CORRUPT",
            "the classroom's database is damaged: tell the operator",
        ),
        other => return Failure::internal(other.to_string()),
    };
    failure.because(error)
}

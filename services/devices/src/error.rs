//! What can go wrong with the fleet, and what the caller reads of it.

use std::time::Duration;

use preau_kernel::clock::Timestamp;
use preau_kernel::failure::{Failure, Kind};
use preau_mesh::IdentityError;
use preau_storage_database::events::WatchError;
use preau_storage_database::{DbError, Retryable};

use crate::authority::RequestRefused;
use crate::convert::state_name;
use crate::domain::Refusal;

/// Everything a use case of the fleet can fail with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The caller's fault, or no fault: already in the words the caller reads.
    #[error("{}", .0.message)]
    Failed(Box<Failure>),
    /// A rule says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The device's fault.
    #[error("certificate request: {0}")]
    Request(#[from] RequestRefused),
    /// Whatever is wrong with it: who tries is not told.
    #[error("an assertion was refused")]
    AssertionRefused,
    /// A session alone was to be enough.
    #[error("a renewal was refused: no enrolled key signed the request")]
    RenewalRefused,
    /// The device's clock is wrong, or the assertion was on its way for too long.
    #[error("an assertion's time is not now")]
    AssertionUntimely {
        /// By our clock.
        now: Timestamp,
    },
    /// A certificate or a session token that is nobody's, or of a device that was retired.
    #[error("a device's credential was refused: {detail}")]
    CredentialRefused {
        /// For the operator.
        detail: String,
    },
    /// The log cannot be followed from the device's cursor.
    #[error("the log of the device cannot be followed from the cursor: {detail}")]
    CursorUnknown {
        /// Past the end.
        detail: String,
    },
    /// The process stops.
    #[error("the process serves no Watch just now")]
    NotServing,
    /// A certificate could not be made: our fault.
    #[error("the device authority cannot sign: {0}")]
    Authority(#[from] IdentityError),
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
            Error::Request(refused) => request(&refused),
            Error::AssertionRefused => assertion_refused(),
            Error::RenewalRefused => renewal_refused(),
            Error::AssertionUntimely { now } => untimely(now),
            Error::CredentialRefused { .. } => Failure::new(
                Kind::Unauthenticated,
                "CREDENTIAL_REFUSED",
                "the device's certificate or session is not good, or no longer: sign in again, or enrol anew",
            )
            .because(error),
            Error::CursorUnknown { .. } => Failure::new(
                Kind::OutOfRange,
                "CURSOR_UNKNOWN",
                "cursor: the device's commands cannot be told from there: go on from 0",
            )
            .field("cursor", "not a place of this device's log")
            .because(error),
            Error::NotServing => Failure::new(
                Kind::Unavailable,
                "NOT_SERVING",
                "this server is about to stop: go on from the same cursor in a moment",
            )
            .retry_after(SOON),
            Error::Authority(error) => Failure::internal(error.to_string()),
            Error::Unreadable { .. } => Failure::new(
                Kind::DataLoss,
                "ROW_UNREADABLE",
                "something stored of a device does not read back: tell the operator",
            )
            .because(error),
            Error::Database(error) => database(&error),
        }
    }
}

/// When a retry may find the trouble gone.
const SOON: Duration = Duration::from_millis(200);

/// Within this a connection that died is noticed.
const GONE_AFTER: Duration = Duration::from_secs(60);

fn refused(refusal: Refusal) -> Failure {
    let (kind, reason) = match refusal {
        Refusal::TokenUnknown => (Kind::Unauthenticated, "TOKEN_UNKNOWN"),
        Refusal::TokenUsedUp => (Kind::Unauthenticated, "TOKEN_USED_UP"),
        Refusal::TokenExpired => (Kind::Unauthenticated, "TOKEN_EXPIRED"),
        Refusal::TokenRevoked => (Kind::Unauthenticated, "TOKEN_REVOKED"),
        Refusal::TokenOfAnotherSchool => (Kind::PermissionDenied, "TOKEN_OF_ANOTHER_SCHOOL"),
        Refusal::DeviceRetired => (Kind::FailedPrecondition, "DEVICE_RETIRED"),
        Refusal::CommandExpired => (Kind::FailedPrecondition, "COMMAND_EXPIRED"),
        Refusal::OutOfOrder { .. } => (Kind::FailedPrecondition, "ACKNOWLEDGEMENT_OUT_OF_ORDER"),
        Refusal::TooManyChanges => (Kind::Exhausted, "TOO_MANY_ACKNOWLEDGEMENTS"),
        Refusal::TooManyWatches => (Kind::Exhausted, "TOO_MANY_WATCHES"),
        Refusal::TooManyCommands => (Kind::FailedPrecondition, "TOO_MANY_COMMANDS"),
        Refusal::KeyReused => (Kind::AlreadyExists, "IDEMPOTENCY_KEY_REUSED"),
    };
    let failure = Failure::new(kind, reason, refusal.to_string());
    match refusal {
        Refusal::OutOfOrder { state } => failure.meta("state", state_name(state)),
        Refusal::CommandExpired => failure.meta("state", state_name(crate::domain::State::Expired)),
        Refusal::TooManyWatches => failure.retry_after(GONE_AFTER),
        Refusal::KeyReused => failure.field("idempotency_key", "taken by something else"),
        _ => failure,
    }
}

fn request(refused: &RequestRefused) -> Failure {
    let reason = match refused {
        RequestRefused::Unusable(_) => "CSR_REFUSED",
        RequestRefused::WantsAuthority => "CSR_WANTS_AUTHORITY",
    };
    let text = format!("certificate_request: {refused}");
    Failure::new(Kind::InvalidArgument, reason, text)
        .field("certificate_request", refused.to_string())
}

fn assertion_refused() -> Failure {
    Failure::new(
        Kind::Unauthenticated,
        "ASSERTION_REFUSED",
        "the assertion is not one that signs a device in: sign a new one with the enrolled key, or enrol anew",
    )
}

fn renewal_refused() -> Failure {
    Failure::new(
        Kind::PermissionDenied,
        "RENEWAL_REFUSED",
        "no key of this device signed the request: sign it with the enrolled key, or enrol anew",
    )
}

fn untimely(now: Timestamp) -> Failure {
    let (seconds, _) = now.seconds_and_nanos();
    Failure::new(
        Kind::Unauthenticated,
        "ASSERTION_EXPIRED",
        "the assertion's time is not now: reckon from `now` and sign another one",
    )
    .meta("now", seconds.to_string())
}

fn database(error: &DbError) -> Failure {
    let failure = match error {
        DbError::Full { .. } => Failure::new(
            Kind::Exhausted,
            "STORAGE_FULL",
            "the fleet's database has no space left and nothing was changed: tell the operator",
        ),
        DbError::Serialization { .. } | DbError::ForeignKey { .. } => Failure::new(
            Kind::Aborted,
            "CONCURRENT_CHANGE",
            "somebody changed the same device at the same time and nothing was changed: try again",
        )
        .retry_after(SOON),
        DbError::Busy { .. } | DbError::Unavailable { .. } | DbError::Closed => Failure::new(
            Kind::Unavailable,
            "DATABASE_UNAVAILABLE",
            "the fleet's database does not answer: try again",
        )
        .retry_after(SOON),
        DbError::Corrupt { .. } => Failure::new(
            Kind::DataLoss,
            "DATABASE_CORRUPT",
            "the fleet's database is damaged: tell the operator",
        ),
        other => return Failure::internal(other.to_string()),
    };
    failure.because(error)
}

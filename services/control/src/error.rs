//! What goes wrong, as the caller reads it. The kinds and reasons here are the service's contract.

use std::time::Duration;

use preau_kernel::failure::{Failure, Kind};
use preau_mesh::IdentityError;
use preau_storage_database::DbError;

use crate::domain::roles::RolesRefusal;
use crate::store::StoreError;

/// Why a process may not join. Each is named, for the operator's sake: a secret of 256 random bits
/// cannot be guessed, so telling used from expired helps nobody else.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JoinRefusal {
    #[error(
        "no such join token here: check that it was copied whole and made by this platform, or make a new one"
    )]
    Unknown,
    #[error("this join token was used already: make a new one for each process that joins")]
    Used,
    #[error("this join token has expired: make a new one")]
    Expired,
    #[error("this join token is not for the role {role}, only for: {allowed}")]
    Role { role: String, allowed: String },
}

impl From<JoinRefusal> for Failure {
    fn from(refusal: JoinRefusal) -> Failure {
        let text = refusal.to_string();
        match refusal {
            JoinRefusal::Unknown => Failure::new(Kind::Unauthenticated, "JOIN_TOKEN_UNKNOWN", text),
            JoinRefusal::Used => Failure::new(Kind::Unauthenticated, "JOIN_TOKEN_USED", text),
            JoinRefusal::Expired => Failure::new(Kind::Unauthenticated, "JOIN_TOKEN_EXPIRED", text),
            JoinRefusal::Role { role, .. } => {
                Failure::new(Kind::PermissionDenied, "JOIN_ROLE_NOT_ALLOWED", text)
                    .meta("role", role)
            }
        }
    }
}

impl From<RolesRefusal> for Failure {
    fn from(refusal: RolesRefusal) -> Failure {
        Failure::invalid("roles", refusal.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        match error {
            StoreError::Damaged(_) => damaged(&error),
            StoreError::Db(error) => database(&error),
        }
    }
}

/// A refused request is the requester's fault; anything else of the authority's is ours.
pub(crate) fn issuing(error: &IdentityError) -> Failure {
    match error {
        IdentityError::Request { .. } | IdentityError::Id(_) => {
            Failure::invalid("csr", error.to_string())
        }
        other => Failure::internal(other.to_string()),
    }
}

fn damaged(error: &StoreError) -> Failure {
    let text = "a stored record is damaged: tell the operator";
    Failure::new(Kind::DataLoss, "RECORD_DAMAGED", text).because(error)
}

fn database(error: &DbError) -> Failure {
    let busy = "the control plane is busy: try again in a moment";
    let unavailable = |reason| {
        Failure::new(Kind::Unavailable, reason, busy)
            .because(error)
            .retry_after(Duration::from_secs(1))
    };
    match error {
        DbError::Full { .. } => {
            let text = "there is no space left to write: tell the operator";
            Failure::new(Kind::Exhausted, "STORAGE_FULL", text).because(error)
        }
        DbError::Corrupt { .. } => Failure::new(
            Kind::DataLoss,
            "RECORD_DAMAGED",
            "a stored record is damaged: tell the operator",
        )
        .because(error),
        DbError::Unavailable { .. } | DbError::Closed => unavailable("DATABASE_UNAVAILABLE"),
        retryable if retryable.is_retryable() => unavailable("DATABASE_BUSY"),
        _ => Failure::internal(error.to_string()),
    }
}

//! What goes wrong, as the caller reads it. The kinds and reasons here are the service's contract.

use std::time::Duration;

use preau_kernel::failure::{Failure, Kind};
use preau_storage_database::DbError;

use crate::domain::grants::GrantRefusal;
use crate::domain::login::LoginRefusal;
use crate::domain::password::PasswordRefusal;
use crate::passwords::{PasswordConfigError, PasswordError};
use crate::store::StoreError;

/// Why identity does not start, or the first administrator is not created. The operator reads this.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The operator's: a password cost below the floor, or one that Argon2 cannot run.
    #[error(transparent)]
    Passwords(#[from] PasswordConfigError),
    /// The operator's: a name, login or password that nobody may have.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which of the values.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The operator's: there is a platform administrator already.
    #[error("the platform has an administrator already: sign in as one and create people there")]
    AdminExists,
    /// The operator's: somebody has this login.
    #[error("login: another account has this login: choose another one")]
    LoginTaken,
    /// The database refused or is damaged; its text says what to do.
    #[error("identity's database: {0}")]
    Store(String),
    /// Our fault or the machine's: no memory, no key.
    #[error("identity: {0}")]
    Internal(String),
}

impl From<StoreError> for IdentityError {
    fn from(error: StoreError) -> IdentityError {
        match error {
            StoreError::AdminExists => IdentityError::AdminExists,
            StoreError::LoginTaken => IdentityError::LoginTaken,
            other => IdentityError::Store(other.to_string()),
        }
    }
}

impl From<PasswordError> for IdentityError {
    fn from(error: PasswordError) -> IdentityError {
        IdentityError::Internal(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        let text = error.to_string();
        match error {
            StoreError::UaiTaken => {
                Failure::new(Kind::AlreadyExists, "UAI_TAKEN", text.clone()).field("uai", text)
            }
            StoreError::LoginTaken => {
                let text = format!("{text}: choose another one");
                Failure::new(Kind::AlreadyExists, "LOGIN_TAKEN", text.clone()).field("login", text)
            }
            StoreError::GrantExists => Failure::new(Kind::AlreadyExists, "GRANT_EXISTS", text),
            StoreError::TooManyGrants => {
                Failure::new(Kind::FailedPrecondition, "TOO_MANY_GRANTS", text)
            }
            StoreError::LastPlatformAdmin => {
                Failure::new(Kind::FailedPrecondition, "LAST_PLATFORM_ADMIN", text)
            }
            StoreError::AdminExists => Failure::new(Kind::FailedPrecondition, "ADMIN_EXISTS", text),
            StoreError::ImportChanged => Failure::new(Kind::Aborted, "IMPORT_CHANGED", text),
            StoreError::Damaged { .. } => damaged(text),
            StoreError::Db(error) => database(&error),
        }
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Failure {
        match error {
            PasswordError::Overloaded { retry_after } => {
                let text = error.to_string();
                Failure::new(Kind::Exhausted, "SIGN_IN_OVERLOADED", text).retry_after(retry_after)
            }
            PasswordError::Corrupt => damaged(error.to_string()),
            PasswordError::Failed(_) => Failure::internal(error.to_string()),
        }
    }
}

impl From<PasswordRefusal> for Failure {
    fn from(refusal: PasswordRefusal) -> Failure {
        let reason = match refusal {
            PasswordRefusal::TooShort => "PASSWORD_TOO_SHORT",
            PasswordRefusal::TooLong => "PASSWORD_TOO_LONG",
            PasswordRefusal::IsLogin => "PASSWORD_IS_LOGIN",
            PasswordRefusal::TooCommon => "PASSWORD_TOO_COMMON",
            PasswordRefusal::IsCode => "PASSWORD_IS_CODE",
        };
        let text = refusal.to_string();
        Failure::new(Kind::InvalidArgument, reason, format!("password: {text}"))
            .field("password", text)
    }
}

impl From<LoginRefusal> for Failure {
    fn from(refusal: LoginRefusal) -> Failure {
        Failure::invalid("login", refusal.to_string())
    }
}

impl From<GrantRefusal> for Failure {
    fn from(refusal: GrantRefusal) -> Failure {
        let text = refusal.to_string();
        match refusal {
            GrantRefusal::Mismatch => Failure::invalid("scope", text),
            GrantRefusal::Backwards => Failure::invalid("ends_at", text),
            GrantRefusal::NotHeld | GrantRefusal::NotHeldToRevoke => {
                Failure::new(Kind::PermissionDenied, "GRANT_NOT_HELD", text)
            }
            GrantRefusal::Outlasts => Failure::new(Kind::PermissionDenied, "GRANT_OUTLASTS", text),
        }
    }
}

/// Unknown login, wrong password, disabled person: one answer, so that none can be told from another.
pub(crate) fn sign_in_refused() -> Failure {
    let text = "login or password is wrong: check both and try again";
    Failure::new(Kind::Unauthenticated, "SIGN_IN_REFUSED", text)
}

/// Unknown login, wrong, spent or expired code, disabled person: one answer, as for a sign-in.
pub(crate) fn activation_refused() -> Failure {
    let text = "login or code is wrong, or the code was used or has expired: check both, or ask for a new code";
    Failure::new(Kind::Unauthenticated, "ACTIVATION_REFUSED", text)
}

/// Too many failures with one login, whether or not an account has it.
pub(crate) fn too_many_attempts(wait: Duration) -> Failure {
    // Whole seconds, and never none: an early retry would only be refused again.
    let wait = Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
    let text = format!(
        "too many failed attempts with this login: try again in {} s",
        wait.as_secs()
    );
    Failure::new(Kind::Exhausted, "TOO_MANY_ATTEMPTS", text).retry_after(wait)
}

/// A token that no session of ours has, or whose session was ended.
pub(crate) fn session_unknown() -> Failure {
    let text = "there is no such session, or it was ended: sign in again";
    Failure::new(Kind::Unauthenticated, "SESSION_UNKNOWN", text)
}

/// A session that lived its time or was idle too long.
pub(crate) fn session_expired() -> Failure {
    let text = "the session has expired: sign in again";
    Failure::new(Kind::Unauthenticated, "SESSION_EXPIRED", text)
}

fn damaged(internal: String) -> Failure {
    let text = "a stored record is damaged: tell the operator";
    Failure::new(Kind::DataLoss, "RECORD_DAMAGED", text).because(internal)
}

fn database(error: &DbError) -> Failure {
    let busy = "identity is busy: try again in a moment";
    let (kind, reason, text) = match error {
        DbError::Full { .. } => (
            Kind::Exhausted,
            "STORAGE_FULL",
            "there is no space left to write: tell the operator",
        ),
        DbError::Corrupt { .. } => return damaged(error.to_string()),
        DbError::Unavailable { .. } | DbError::Closed => {
            (Kind::Unavailable, "DATABASE_UNAVAILABLE", busy)
        }
        retryable if retryable.is_retryable() => (Kind::Unavailable, "DATABASE_BUSY", busy),
        _ => return Failure::internal(error.to_string()),
    };
    let failure = Failure::new(kind, reason, text).because(error);
    if kind == Kind::Unavailable {
        failure.retry_after(Duration::from_secs(1))
    } else {
        failure
    }
}

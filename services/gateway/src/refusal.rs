//! Every way the edge itself says no, as gRPC statuses with details a client can act on.

use std::time::Duration;

use preau_mesh::Fault;
use tonic::{Code, Status};

pub(crate) const FOREIGN_ORIGIN: &str =
    "a page of another site sent this: open Préau itself and do it there";

/// Why the edge does not forward a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No such public method. One answer for unknown, internal and misspelt paths alike.
    NoSuchMethod,
    /// The method needs somebody signed in.
    NotSignedIn,
    /// `authorization` is there and is not `Bearer <session token>`.
    BadAuthorization,
    /// There is a session cookie, but a page of another origin sent the call.
    ForeignOrigin,
    /// Too many wrong sign-ins from these addresses.
    TooManyAttempts {
        /// Until another try.
        wait: Duration,
    },
    /// The body is longer than any message of the contract.
    BodyTooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// The body broke off, or is not what its content type says.
    BodyBroken,
    /// Signed in, but this is for administrators.
    NotAdministrator,
    /// This process cannot tell yet who calls: it has just started.
    KeysNotYetKnown,
    /// The call's time was over before it could be told who calls.
    TooLate,
    /// The role behind the path does not answer; nothing is known about the call's fate.
    Unreachable {
        /// The role.
        role: String,
    },
}

impl Refusal {
    /// The status for a call on `path`.
    pub(crate) fn into_status(self, path: &str) -> Status {
        let remedy = self.remedy();
        let (code, reason, message, retry_after) = self.parts();
        let fault = Fault {
            retry_after,
            ..Fault::new(code, reason, message)
        };
        match remedy {
            Some(remedy) => fault.with("remedy", remedy),
            None => fault,
        }
        .into_status("gateway", path)
    }

    /// The end of the message, where it says what to do: marked for clients, as services mark theirs.
    fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Unreachable { .. } | Self::KeysNotYetKnown | Self::TooLate => Some("try again"),
            Self::BodyTooLarge { .. } => Some("cut it into parts"),
            _ => None,
        }
    }

    fn parts(self) -> (Code, &'static str, String, Option<Duration>) {
        match self {
            Self::NoSuchMethod => (
                Code::Unimplemented,
                "NO_SUCH_METHOD",
                "no such public method: paths are exact, case included".into(),
                None,
            ),
            Self::NotSignedIn => (
                Code::Unauthenticated,
                "NOT_SIGNED_IN",
                "sign in first, then send `authorization: Bearer <session token>`".into(),
                None,
            ),
            Self::BadAuthorization => (
                Code::Unauthenticated,
                "BAD_AUTHORIZATION",
                "authorization must be exactly one `Bearer <session token>`".into(),
                None,
            ),
            Self::ForeignOrigin => (
                Code::PermissionDenied,
                "FOREIGN_ORIGIN",
                FOREIGN_ORIGIN.into(),
                None,
            ),
            Self::TooManyAttempts { wait } => (
                Code::ResourceExhausted,
                "RATE_LIMITED",
                "too many failed sign-ins from this network: wait, then try again".into(),
                Some(wait),
            ),
            Self::BodyTooLarge { limit } => (
                Code::ResourceExhausted,
                "REQUEST_TOO_LARGE",
                format!("the request is longer than {limit} bytes: cut it into parts"),
                None,
            ),
            Self::BodyBroken => (
                Code::InvalidArgument,
                "BODY_BROKEN",
                "the request broke off, or is not what its content-type says: send it again".into(),
                None,
            ),
            Self::NotAdministrator => (
                Code::PermissionDenied,
                "NOT_ADMINISTRATOR",
                "reflection is for administrators".into(),
                None,
            ),
            Self::KeysNotYetKnown => (
                Code::Unavailable,
                "KEYS_NOT_YET_KNOWN",
                "the keys of principal tokens are not known here yet: try again".into(),
                Some(Duration::from_millis(500)),
            ),
            Self::TooLate => (
                Code::DeadlineExceeded,
                "DEADLINE_EXCEEDED",
                "the time was over before it was known who calls: try again".into(),
                None,
            ),
            Self::Unreachable { role } => (
                Code::Unavailable,
                "ROLE_UNREACHABLE",
                format!("{role} does not answer: try again"),
                Some(Duration::from_millis(500)),
            ),
        }
    }
}

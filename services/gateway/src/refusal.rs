//! Every way the edge itself says no, as gRPC statuses with details a client can act on.

use std::time::Duration;

use preau_mesh::Fault;
use tonic::{Code, Status};

/// Why the edge does not forward a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No such public method. One answer for unknown, internal and misspelt paths alike.
    NoSuchMethod,
    /// The method needs somebody signed in.
    NotSignedIn,
    /// `authorization` is there and is not `Bearer <session token>`.
    BadAuthorization,
    /// The body is longer than any message of the contract.
    BodyTooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// Signed in, but this is for administrators.
    NotAdministrator,
    /// The role behind the path does not answer; nothing is known about the call's fate.
    Unreachable {
        /// The role.
        role: String,
    },
}

impl Refusal {
    /// The status for a call on `path`.
    pub(crate) fn into_status(self, path: &str) -> Status {
        let (code, reason, message, retry_after) = self.parts();
        Fault {
            code: code as i32,
            reason,
            message,
            fields: Vec::new(),
            retry_after,
            metadata: Vec::new(),
        }
        .into_status("gateway", path)
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
            Self::BodyTooLarge { limit } => (
                Code::ResourceExhausted,
                "REQUEST_TOO_LARGE",
                format!("the request is longer than {limit} bytes: cut it into parts"),
                None,
            ),
            Self::NotAdministrator => (
                Code::PermissionDenied,
                "NOT_ADMINISTRATOR",
                "reflection is for administrators".into(),
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

//! What comes back from a service we called, as our own failure.

use preau_kernel::failure::{Failure, Kind};
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The stable reason a peer gave, if it gave one.
#[must_use]
pub fn reason_of(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

/// The fields a peer found wrong, each with what is wrong with it; none where it named none.
#[must_use]
pub fn fields_of(status: &Status) -> Vec<(String, String)> {
    let wrong = status.get_details_bad_request();
    let fields = wrong.into_iter().flat_map(|wrong| wrong.field_violations);
    fields
        .map(|wrong| (wrong.field, wrong.description))
        .collect()
}

/// A failure of a service that we need to answer: passing trouble stays passing, anything else is ours to explain,
/// not our caller's, since our caller did not make that call.
#[must_use]
pub fn failure_of(service: &str, status: &Status) -> Failure {
    let said = format!(
        "{service} answered {:?}: {}",
        status.code(),
        status.message()
    );
    match status.code() {
        Code::Unavailable | Code::ResourceExhausted | Code::Aborted | Code::Cancelled => {
            let text = format!("{service} cannot answer just now: try again in a moment");
            Failure::new(Kind::Unavailable, "DEPENDENCY_UNAVAILABLE", text).because(said)
        }
        Code::DeadlineExceeded => {
            let text = format!("{service} took too long: try again in a moment");
            Failure::new(Kind::DeadlineExceeded, "DEPENDENCY_TOO_SLOW", text).because(said)
        }
        Code::Unauthenticated => Failure::new(
            Kind::Unauthenticated,
            "SESSION_ENDED",
            "the session has ended: sign in again",
        )
        .because(said),
        Code::NotFound => Failure::not_found(service).because(said),
        Code::PermissionDenied => {
            let text = format!("{service} does not allow this for your roles");
            Failure::new(Kind::PermissionDenied, "DEPENDENCY_DENIED", text).because(said)
        }
        _ => Failure::internal(said),
    }
}

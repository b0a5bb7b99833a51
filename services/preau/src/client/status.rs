//! What a server's answer means to a person at a terminal.

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::failure::{Exit, Failure};

/// The machine-readable reason, when the server gave one.
pub(crate) fn reason(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

/// The one line for a call that failed.
pub(crate) fn failure(doing: &str, place: impl std::fmt::Display, status: &Status) -> Failure {
    let (exit, remedy) = match status.code() {
        Code::Unauthenticated => (Exit::Denied, "sign in again with `preau login`"),
        Code::PermissionDenied => (Exit::Denied, "ask somebody who may"),
        Code::NotFound => (Exit::NotFound, "check the name with `preau files ls`"),
        Code::AlreadyExists => (
            Exit::Failed,
            "choose another name, or remove the old one first",
        ),
        Code::InvalidArgument => (Exit::Failed, "correct it and try again"),
        Code::ResourceExhausted => (Exit::Failed, "make room, or try later"),
        Code::Unavailable => (
            Exit::Unavailable,
            "check that the server runs there, then try again",
        ),
        Code::DeadlineExceeded | Code::Aborted => (Exit::Unavailable, "try again"),
        Code::FailedPrecondition => (Exit::Failed, "start again"),
        _ => (Exit::Failed, "look into the server's log"),
    };
    let message = status.message();
    let failure = match reason(status) {
        // One of ours: it says itself what to do.
        Some(_) => Failure::said(doing, message, place, remedy),
        None => Failure::new(format_args!("{doing}: {message}"), place, remedy),
    };
    failure.exit(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_exit_and_a_remedy() {
        for (code, exit) in [
            (Code::Unauthenticated, Exit::Denied),
            (Code::PermissionDenied, Exit::Denied),
            (Code::NotFound, Exit::NotFound),
            (Code::Unavailable, Exit::Unavailable),
            (Code::Internal, Exit::Failed),
        ] {
            let failure = failure("cannot list", "2de A:/", &Status::new(code, "because"));
            assert_eq!(failure.code(), exit);
            assert!(
                failure
                    .to_string()
                    .starts_with("cannot list: because: 2de A:/: ")
            );
        }
    }
}

//! What a server's answer means to a person at a terminal.

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::failure::{Exit, Failure};

/// `ErrorInfo.metadata`: the end of the message that says what to do.
const REMEDY: &str = "remedy";

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
    // A server of ours says what to do, and marks it: a colon alone may as well stand before a cause.
    let marked = status
        .get_details_error_info()
        .and_then(|mut info| info.metadata.remove(REMEDY));
    let remedy = marked.as_deref().unwrap_or(remedy);
    Failure::said(doing, &message(status), place, remedy).exit(exit)
}

/// What is wrong. The name of a request's field means nothing to a person at a terminal.
fn message(status: &Status) -> String {
    let field = status
        .get_details_bad_request()
        .and_then(|bad| bad.field_violations.into_iter().next());
    match field {
        Some(field) if !field.description.is_empty() => field.description,
        _ => status.message().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use tonic_types::ErrorDetails;

    fn with(code: Code, message: &str, remedy: Option<&str>) -> Status {
        let metadata = remedy.map(|remedy| (REMEDY.to_owned(), remedy.to_owned()));
        let details = ErrorDetails::with_error_info(
            "REASON",
            "preau",
            metadata.into_iter().collect::<HashMap<_, _>>(),
        );
        Status::with_error_details(code, message, details)
    }

    #[test]
    fn a_server_that_is_not_there_is_to_be_looked_at() {
        let status = Status::unavailable("cannot connect (Connection refused (os error 111))");
        let failure = failure("cannot list your spaces", "http://127.0.0.1:8080", &status);
        assert_eq!(
            failure.to_string(),
            "cannot list your spaces: cannot connect (Connection refused (os error 111)): \
             http://127.0.0.1:8080: check that the server runs there, then try again"
        );
    }

    #[test]
    fn a_cause_after_a_colon_is_not_taken_for_a_remedy() {
        let message =
            "cannot connect to files at 127.0.0.1:7444: Connection refused (os error 111)";
        let failure = failure(
            "cannot list",
            "S:/",
            &with(Code::Unavailable, message, None),
        );
        assert_eq!(
            failure.to_string(),
            format!(
                "cannot list: {message}: S:/: check that the server runs there, then try again"
            )
        );
    }

    #[test]
    fn a_remedy_that_the_server_marks_comes_last_and_once() {
        let message = "the session has expired: sign in again";
        let status = with(Code::Unauthenticated, message, Some("sign in again"));
        assert_eq!(
            failure("cannot list", "S:/", &status).to_string(),
            "cannot list: the session has expired: S:/: sign in again"
        );
    }

    #[test]
    fn a_bad_name_is_told_without_the_fields_name() {
        let problem = "name 1 of the path: longer than 255 bytes";
        let mut details = ErrorDetails::with_error_info("NAME_WRONG", "preau", []);
        details.add_bad_request_violation("path", problem);
        let message = format!("path: {problem}");
        let status = Status::with_error_details(Code::InvalidArgument, message, details);
        assert_eq!(
            failure("cannot look up", "S:/a", &status).to_string(),
            "cannot look up: name 1 of the path: longer than 255 bytes: S:/a: correct it and try again"
        );
    }

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

//! What a caller can read out of a failed call.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// A failed call, with the details a client acts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// gRPC's code.
    pub code: Code,
    /// ErrorInfo's reason; empty without one.
    pub reason: String,
    /// For people.
    pub message: String,
    /// BadRequest's fields.
    pub fields: Vec<String>,
    /// RetryInfo's delay.
    pub retry_after: Option<Duration>,
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        Self {
            code: status.code(),
            reason: details
                .error_info()
                .map(|info| info.reason.clone())
                .unwrap_or_default(),
            message: status.message().to_owned(),
            fields: details
                .bad_request()
                .map(|bad| {
                    bad.field_violations
                        .iter()
                        .map(|violation| violation.field.clone())
                        .collect()
                })
                .unwrap_or_default(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
        }
    }
}

impl Failure {
    /// The failure of a call that must not succeed.
    #[track_caller]
    pub fn of<T: std::fmt::Debug>(result: Result<T, Status>) -> Self {
        match result {
            Ok(answer) => panic!("the call should have failed, but answered {answer:?}"),
            Err(status) => status.into(),
        }
    }
}

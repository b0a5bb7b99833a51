//! Errors on the wire: one shape for every status the mesh and its services answer with.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::origin::Origin;

/// `ErrorInfo.domain` of everything Préau answers.
pub const DOMAIN: &str = "preau";

/// A failure as the caller shall see it, before it becomes a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The gRPC status code's number.
    pub code: i32,
    /// `UPPER_SNAKE`: what programs decide by.
    pub reason: &'static str,
    /// What people read.
    pub message: String,
    /// Request fields that are wrong, each with what is wrong about it.
    pub fields: Vec<(String, String)>,
    /// When asking again makes sense.
    pub retry_after: Option<Duration>,
    /// More about the reason, as keys and values.
    pub metadata: Vec<(String, String)>,
}

impl Fault {
    /// A failure without fields, retry or metadata.
    #[must_use]
    pub fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Self {
        let (fields, metadata) = (Vec::new(), Vec::new());
        Self {
            code: code as i32,
            reason,
            message: message.into(),
            fields,
            retry_after: None,
            metadata,
        }
    }

    /// One more key and value about the reason.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.metadata.push((key.to_owned(), value.into()));
        self
    }

    /// The status with `google.rpc` details: `ErrorInfo` (naming `service` and `endpoint`), `BadRequest`, `RetryInfo`.
    #[must_use]
    pub fn into_status(self, service: &str, endpoint: &str) -> Status {
        let mut metadata: HashMap<String, String> = self.metadata.into_iter().collect();
        metadata.insert("service".into(), service.into());
        metadata.insert("endpoint".into(), endpoint.into());
        let mut details = ErrorDetails::new();
        details.set_error_info(self.reason, DOMAIN, metadata);
        if !self.fields.is_empty() {
            let violations: Vec<_> = self
                .fields
                .into_iter()
                .map(|(field, what)| FieldViolation::new(field, what))
                .collect();
            details.set_bad_request(violations);
        }
        if let Some(delay) = self.retry_after {
            details.set_retry_info(Some(delay));
        }
        Status::with_error_details(Code::from_i32(self.code), self.message, details)
    }

    pub(crate) fn from(self, origin: &Origin) -> Status {
        self.into_status(origin.service(), origin.endpoint())
    }
}

/// The details of a status somebody answered with, as [`Fault::into_status`] wrote them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// `ErrorInfo.reason`; empty if the status carries none.
    pub reason: String,
    /// `ErrorInfo.metadata`, `service` and `endpoint` among it.
    pub metadata: HashMap<String, String>,
    /// `BadRequest`: request fields with what is wrong about each.
    pub fields: Vec<(String, String)>,
    /// `RetryInfo`.
    pub retry_after: Option<Duration>,
}

impl Reported {
    /// Reads the details; what is absent or unreadable stays empty.
    #[must_use]
    pub fn of(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let violations = details
            .bad_request()
            .map(|bad| bad.field_violations.as_slice())
            .unwrap_or_default();
        Self {
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            metadata: info.map(|info| info.metadata.clone()).unwrap_or_default(),
            fields: violations
                .iter()
                .map(|each| (each.field.clone(), each.description.clone()))
                .collect(),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_keeps_its_details_across_the_wire() {
        let mut fault = Fault::new(
            Code::InvalidArgument,
            "NAME_TAKEN",
            "a folder of this name exists: choose another",
        );
        fault.fields.push(("name".into(), "is taken".into()));
        fault.retry_after = Some(Duration::from_secs(2));
        let fault = fault.with("name", "Devoirs");

        let response: http::Response<()> = fault.into_status("files", "127.0.0.1:7443").into_http();
        let status = Status::from_header_map(response.headers()).expect("a status");

        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(
            status.message(),
            "a folder of this name exists: choose another"
        );
        let reported = Reported::of(&status);
        assert_eq!(reported.reason, "NAME_TAKEN");
        assert_eq!(
            reported.fields,
            [("name".to_owned(), "is taken".to_owned())]
        );
        assert_eq!(reported.retry_after, Some(Duration::from_secs(2)));
        assert_eq!(reported.metadata["service"], "files");
        assert_eq!(reported.metadata["endpoint"], "127.0.0.1:7443");
        assert_eq!(reported.metadata["name"], "Devoirs");
    }

    #[test]
    fn a_status_without_details_reports_nothing() {
        assert_eq!(
            Reported::of(&Status::not_found("no such thing")),
            Reported::default()
        );
    }
}

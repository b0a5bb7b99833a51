use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use preau_mesh::Reported;
use serde::Serialize;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::refusal::{FOREIGN_ORIGIN, Refusal};

/// All went well, and there is nothing to say but a cookie.
pub(super) fn done(headers: HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    *response.headers_mut() = headers;
    response
}

/// Why it did not go well, as the interface reads it.
#[derive(Debug)]
pub(super) struct Denied {
    status: StatusCode,
    /// What `identity` answered; OK when it was not asked.
    code: Code,
    reason: Cow<'static, str>,
    message: Cow<'static, str>,
    retry_after: Option<Duration>,
}

#[derive(Serialize)]
struct Said<'a> {
    reason: &'a str,
    message: &'a str,
}

impl Denied {
    fn new(
        status: StatusCode,
        reason: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code: Code::Ok,
            reason: reason.into(),
            message: message.into(),
            retry_after: None,
        }
    }

    pub(super) fn foreign() -> Self {
        Self::new(StatusCode::FORBIDDEN, "FOREIGN_ORIGIN", FOREIGN_ORIGIN)
    }

    pub(super) fn nothing_here() -> Self {
        let text = "nothing here: POST or DELETE /session, POST /session/first";
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", text)
    }

    pub(super) fn method() -> Self {
        let text = "sessions begin by POST and end by DELETE";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", text)
    }

    pub(super) fn not_json() -> Self {
        let text = "send content-type application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "NOT_JSON", text)
    }

    pub(super) fn too_large(limit: u64) -> Self {
        let text = format!("the request is longer than {limit} bytes: shorten it");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "REQUEST_TOO_LARGE", text)
    }

    pub(super) fn bad_request(text: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", text.to_owned())
    }

    pub(super) fn too_slow() -> Self {
        let text = "the request did not arrive in time: try again";
        Self::new(StatusCode::REQUEST_TIMEOUT, "TOO_SLOW", text)
    }

    pub(super) fn internal() -> Self {
        let text = "something went wrong on our side: try again";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", text)
    }

    pub(super) fn code(&self) -> Code {
        self.code
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let said = Said {
            reason: &self.reason,
            message: &self.message,
        };
        let json = serde_json::to_vec(&said).unwrap_or_default();
        let mut response = Response::new(Body::new(Full::new(Bytes::from(json))));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        if let Some(wait) = self.retry_after {
            // Rounded up: a second too early would be refused again.
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            if let Ok(seconds) = HeaderValue::try_from(seconds.to_string()) {
                headers.insert(header::RETRY_AFTER, seconds);
            }
        }
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST, DELETE"));
        }
        response
    }
}

impl From<Status> for Denied {
    fn from(said: Status) -> Self {
        let status = match said.code() {
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::PermissionDenied => StatusCode::FORBIDDEN,
            Code::InvalidArgument | Code::OutOfRange => StatusCode::BAD_REQUEST,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::AlreadyExists | Code::FailedPrecondition | Code::Aborted => StatusCode::CONFLICT,
            Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::DeadlineExceeded | Code::Cancelled => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let reported = Reported::of(&said);
        Self {
            status,
            code: said.code(),
            reason: reported.reason.into(),
            message: said.message().to_owned().into(),
            retry_after: reported.retry_after,
        }
    }
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        refusal.into_status(super::PATH).into()
    }
}

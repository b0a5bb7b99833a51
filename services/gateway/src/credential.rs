//! What a call is made with: a session, or the certificate that a device showed when it connected.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use http::{HeaderMap, header};

use crate::refusal::Refusal;

/// What session tokens of devices begin with; `identity` makes none that do.
const OF_DEVICES: &str = "dev_";

/// SHA-256 of a credential: what memory holds instead of it. No token hashes as a certificate does: one is printable
/// text, the other DER.
pub(crate) type Key = [u8; 32];

/// Whom a call acts for, as its connection or its headers say.
#[derive(Clone)]
pub(crate) enum Credential {
    /// A person's session, or a device's.
    Session(SessionToken),
    /// A device, by the certificate of its connection.
    Certificate(Arc<DeviceCertificate>),
}

impl Credential {
    pub(crate) fn key(&self) -> Key {
        match self {
            Self::Session(session) => sha256(session.0.as_bytes()),
            Self::Certificate(certificate) => certificate.key,
        }
    }
}

/// What `authorization: Bearer` or the session's cookie carries. Opaque here.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SessionToken(String);

impl SessionToken {
    /// Of a length and of characters that a session token can have.
    pub(crate) fn parse(token: &str) -> Option<Self> {
        let fits =
            (1..=512).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(token.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `devices` gave it out, and not `identity`.
    pub(crate) fn is_of_a_device(&self) -> bool {
        self.0.starts_with(OF_DEVICES)
    }

    /// The session of a request; `None` when it names none.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let token = value.to_str().ok().and_then(|value| value.split_once(' '));
        let token = match token {
            Some((scheme, token))
                if values.next().is_none() && scheme.eq_ignore_ascii_case("bearer") =>
            {
                Self::parse(token)
            }
            _ => None,
        };
        token.map(Some).ok_or(Refusal::BadAuthorization)
    }
}

/// The certificate of a device, verified in the handshake of the connection that it belongs to.
pub(crate) struct DeviceCertificate {
    der: Box<[u8]>,
    /// Of every call on the connection, so it is hashed once.
    key: Key,
}

impl DeviceCertificate {
    /// Of the leaf that a handshake has verified, DER.
    pub(crate) fn new(der: &[u8]) -> Self {
        Self {
            der: der.into(),
            key: sha256(der),
        }
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }
}

impl fmt::Debug for DeviceCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceCertificate(..)")
    }
}

fn sha256(bytes: &[u8]) -> Key {
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, bytes).as_ref());
    key
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn parse(values: &[&'static str]) -> Result<Option<String>, Refusal> {
        let headers = values
            .iter()
            .map(|value| (header::AUTHORIZATION, HeaderValue::from_static(value)))
            .collect();
        SessionToken::from_headers(&headers).map(|token| token.map(|token| token.0))
    }

    #[test]
    fn one_bearer_token_is_a_session() {
        assert_eq!(parse(&["Bearer abc"]), Ok(Some("abc".into())));
        assert_eq!(parse(&["bearer abc"]), Ok(Some("abc".into())));
        assert_eq!(parse(&[]), Ok(None));
    }

    #[test]
    fn anything_else_in_authorization_is_refused() {
        for values in [
            &["Bearer "][..],
            &["Bearer"],
            &["Basic abc"],
            &["Bearer a b"],
            &["Bearer  a"],
            &["Bearer a", "Bearer b"],
        ] {
            assert_eq!(parse(values), Err(Refusal::BadAuthorization), "{values:?}");
        }
    }

    #[test]
    fn a_devices_session_is_told_by_how_it_begins() {
        for (token, expected) in [("dev_abc", true), ("dev-abc", false), ("adev_", false)] {
            let token = SessionToken::parse(token).expect("a token");
            assert_eq!(token.is_of_a_device(), expected);
        }
    }
}

//! A client of the gateway: native gRPC over HTTP/2, by TLS anywhere, in the clear on this machine only.

mod channel;
mod retry;
mod sessions;
mod status;

use http::HeaderValue;
use tonic::Request;
use tonic::metadata::MetadataValue;

pub(crate) use channel::Channel;
pub(crate) use preau_agent::link::Trust;
pub(crate) use retry::{Attempts, retry, retry_patiently};
pub(crate) use sessions::{Session, Sessions};
pub(crate) use status::{failure, reason};

use crate::failure::{Exit, Failure};

/// A gateway, and who is asking.
#[derive(Clone)]
pub(crate) struct Gateway {
    /// As given: names the server in errors and in notes.
    pub(crate) url: String,
    pub(crate) channel: Channel,
    bearer: Option<HeaderValue>,
}

impl Gateway {
    /// Nobody yet, at this address. Connects at the first call.
    ///
    /// # Errors
    /// An address that is none, or is in the clear and not on this machine; authorities that cannot be read.
    pub(crate) fn new(url: &str, trust: &Trust) -> Result<Self, Failure> {
        Ok(Self {
            url: Self::name(url).to_owned(),
            channel: Channel::new(url, trust)?,
            bearer: None,
        })
    }

    /// How the gateway at an address is called in errors, and where its session is remembered.
    pub(crate) fn name(url: &str) -> &str {
        url.trim_end_matches('/')
    }

    /// The same gateway for this session.
    pub(crate) fn with_session(mut self, token: &str) -> Result<Self, Failure> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
            Failure::new(
                "the session token is damaged",
                &self.url,
                "sign in again with `preau login`",
            )
            .exit(Exit::Denied)
        })?;
        bearer.set_sensitive(true);
        self.bearer = Some(bearer);
        Ok(self)
    }

    /// A request of this session.
    pub(crate) fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        let bearer = self
            .bearer
            .as_ref()
            .map(|bearer| MetadataValue::try_from(bearer.as_bytes()));
        if let Some(Ok(bearer)) = bearer {
            request.metadata_mut().insert("authorization", bearer);
        }
        request
    }
}

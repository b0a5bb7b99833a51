//! Which server, whom to believe and how to speak: shared by all devices of one process.

use super::address::Address;
use super::caller::Credential;
use super::dial::Dialer;
use super::trust::{Trust, Trusted};
use super::wire::{Transport, Wire};
use crate::error::AgentError;

/// A server as a device reaches it. Cheap to clone.
#[derive(Clone)]
pub struct Reach {
    /// As written.
    url: String,
    address: Address,
    /// Nothing without TLS.
    trusted: Option<Trusted>,
    transport: Transport,
}

impl Reach {
    /// Reads the address, and the authorities where it is one with TLS.
    ///
    /// # Errors
    /// An address that is none, or is in the clear and not on this machine; authorities that cannot be read.
    pub fn new(url: &str, trust: &Trust, transport: Transport) -> Result<Self, AgentError> {
        let address = Address::parse(url)?;
        let trusted = match address.is_secure() {
            true => Some(trust.load()?),
            false => None,
        };
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            address,
            trusted,
            transport,
        })
    }

    /// As it is named in errors and in the journal.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Connections of their own, with this certificate where the server asks for one.
    pub(crate) fn wire(&self, credential: Option<&Credential>) -> Result<Wire, AgentError> {
        let shown = credential.map(Credential::shown);
        let trusted = self.trusted.as_ref();
        let dialer = Dialer::of_device(self.address.clone(), trusted, self.transport, shown)?;
        Ok(Wire::new(dialer, self.transport))
    }
}

//! Whose a device's credential is.

use preau_kernel::clock::Timestamp;
use preau_mesh::Call;
use preau_proto::identity::v1::MintDevicePrincipalResponse;

use super::Fleet;
use crate::domain::{Assertion, AssertionError, Device, SessionToken};
use crate::error::Error;

/// A session of a device that cannot show its certificate.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) token: SessionToken,
    pub(crate) expires: Timestamp,
}

impl Fleet {
    /// A session for whoever signed the assertion with a key of the device it names.
    pub(crate) async fn sign_in(&self, assertion: &str) -> Result<Session, Error> {
        let now = self.now();
        let refuse = |error| match error {
            AssertionError::Refused => Error::AssertionRefused,
            AssertionError::Untimely => Error::AssertionUntimely { now },
        };
        let id = Assertion::claimed_device(assertion).map_err(refuse)?;
        let device = self.store.device(id, now).await?;
        let device = device
            .filter(|device| device.in_service().is_ok())
            .ok_or(Error::AssertionRefused)?;
        let keys = self.store.keys(id, now).await?;
        let assertion = Assertion::verify(assertion, id, &keys, now).map_err(refuse)?;
        let session = Session {
            token: SessionToken::generate(),
            expires: now.plus(self.timing.session),
        };
        let has_begun = self
            .store
            .begin_session(
                &device,
                &assertion,
                session.token.sha256(),
                session.expires,
                now,
            )
            .await?;
        if !has_begun {
            return Err(Error::AssertionRefused);
        }
        Ok(session)
    }

    /// A principal token for the device whose certificate this is.
    pub(crate) async fn mint_by_certificate(
        &self,
        call: &Call,
        der: &[u8],
    ) -> Result<MintDevicePrincipalResponse, Error> {
        let now = self.now();
        let shown = self
            .authority
            .verify(der, now)
            .map_err(|error| refused(&error))?;
        let device = self.store.device_of_certificate(&shown, now).await?;
        self.mint(call, device).await
    }

    /// A principal token for the device whose session this is.
    pub(crate) async fn mint_by_session(
        &self,
        call: &Call,
        token: &str,
    ) -> Result<MintDevicePrincipalResponse, Error> {
        let token = SessionToken::parse(token).ok_or_else(|| refused(&"no session token"))?;
        let device = self
            .store
            .device_of_session(token.sha256(), self.now())
            .await?;
        self.mint(call, device).await
    }

    async fn mint(
        &self,
        call: &Call,
        device: Option<Device>,
    ) -> Result<MintDevicePrincipalResponse, Error> {
        let device = device.ok_or_else(|| refused(&"it is not known, or no longer good"))?;
        if device.in_service().is_err() {
            return Err(refused(&format!("device {} was retired", device.id)));
        }
        let (id, school) = (device.id, device.school.id);
        Ok(self.identity.principal(call, id, school).await?)
    }

    /// What certificates of devices verify against, in DER.
    pub(crate) fn authorities(&self) -> Vec<Vec<u8>> {
        vec![self.authority.certificate().to_vec()]
    }
}

fn refused(detail: &dyn std::fmt::Display) -> Error {
    Error::CredentialRefused {
        detail: detail.to_string(),
    }
}

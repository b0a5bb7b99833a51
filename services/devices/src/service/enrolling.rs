//! How a device comes by its certificate, and by the next one.

use preau_kernel::failure::Failure;
use preau_kernel::ids::{DeviceId, SchoolId};
use preau_mesh::identity::RequestedKey;
use preau_rpc::Incoming;

use super::Fleet;
use crate::audit;
use crate::authority::{Issued, key_of};
use crate::convert::Enrolling;
use crate::domain::{EnrolmentToken, Line, Refusal};
use crate::error::Error;

/// How often the same key may enrol at the same moment before one of them is told to try again.
const ATTEMPTS: u32 = 4;

/// A device that is enrolled.
#[derive(Debug)]
pub(crate) struct Enrolled {
    pub(crate) device: DeviceId,
    pub(crate) school: SchoolId,
    pub(crate) certificate: Issued,
}

impl Fleet {
    /// Enrols a device: the token and the request are its proof. The same key with the same token again is the same
    /// device, and takes no further use, as long as the token is neither expired nor revoked.
    pub(crate) async fn enrol(
        &self,
        enrolling: &Enrolling,
        certificate_request: &[u8],
    ) -> Result<Enrolled, Error> {
        let secret = enrolling.secret.as_ref().ok_or(Refusal::TokenUnknown)?;
        let token = self.store.token_of_secret(secret.sha256()).await?;
        let token = token.ok_or(Refusal::TokenUnknown)?;
        token.admits(enrolling.school, self.now())?;
        let key = key_of(certificate_request)?;
        for _ in 0..ATTEMPTS {
            if let Some(enrolled) = self.again(&token, &key).await? {
                return Ok(enrolled);
            }
            match self.enrol_new(&token, &key, enrolling).await {
                Ok(Some(enrolled)) => return Ok(enrolled),
                // The same key came at the same time: it is known by now.
                Ok(None) => {}
                // That may have been the last use.
                Err(Error::Refused(Refusal::TokenUsedUp)) => {
                    let known = self.again(&token, &key).await?;
                    return known.ok_or_else(|| Refusal::TokenUsedUp.into());
                }
                Err(error) => return Err(error),
            }
        }
        Err(Failure::internal("an enrolment lost every race against itself").into())
    }

    /// The device that has enrolled with this token and key.
    async fn again(
        &self,
        token: &EnrolmentToken,
        key: &RequestedKey,
    ) -> Result<Option<Enrolled>, Error> {
        let Some(device) = self.store.enrolled(token.id, key.point()).await? else {
            return Ok(None);
        };
        let (school, now) = (token.school.id, self.now());
        let certificate = self.certify(device, key)?;
        self.store
            .reissue(school, device, &certificate, now)
            .await?;
        audit::by_device("device_enrolled_again", device, token.id);
        Ok(Some(Enrolled {
            device,
            school,
            certificate,
        }))
    }

    async fn enrol_new(
        &self,
        token: &EnrolmentToken,
        key: &RequestedKey,
        enrolling: &Enrolling,
    ) -> Result<Option<Enrolled>, Error> {
        let device = DeviceId::new();
        let certificate = self.certify(device, key)?;
        let is_new = self
            .store
            .enrol(token, device, &enrolling.says, &certificate, self.now())
            .await?;
        if !is_new {
            return Ok(None);
        }
        audit::by_device("device_enrolled", device, token.id);
        Ok(Some(Enrolled {
            device,
            school: token.school.id,
            certificate,
        }))
    }

    /// Another certificate for the calling device.
    pub(crate) async fn renew(
        &self,
        incoming: &Incoming,
        certificate_request: &[u8],
        os: &Line,
        agent_version: &Line,
    ) -> Result<Issued, Error> {
        let device = self.calling_device(incoming).await?;
        let key = key_of(certificate_request)?;
        let certificate = self.certify(device.get().id, &key)?;
        self.store
            .renew(&device, &certificate, os, agent_version, self.now())
            .await?;
        audit::by_device("certificate_renewed", device.get().id, &certificate.serial);
        Ok(certificate)
    }

    fn certify(&self, device: DeviceId, key: &RequestedKey) -> Result<Issued, Error> {
        let life = self.timing.certificate;
        Ok(self.authority.issue(key, device, life, self.now())?)
    }
}

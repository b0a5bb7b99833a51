//! How a device comes by its certificate, and by the next one.

use preau_kernel::ids::{DeviceId, SchoolId};
use preau_mesh::identity::RequestedKey;
use preau_rpc::Incoming;

use super::Fleet;
use crate::audit;
use crate::authority::{Issued, key_of};
use crate::convert::Enrolling;
use crate::domain::{Line, Refusal, is_proof};
use crate::error::Error;
use crate::store::Enrolled;

/// A device that is enrolled, and where.
#[derive(Debug)]
pub(crate) struct Enrolment {
    pub(crate) school: SchoolId,
    pub(crate) enrolled: Enrolled,
}

impl Fleet {
    /// Enrols a device: the token and the request are its proof. The same key with the same token again is the same
    /// device, and takes no further use, as long as the token is neither expired nor revoked.
    pub(crate) async fn enrol(
        &self,
        enrolling: &Enrolling,
        certificate_request: &[u8],
    ) -> Result<Enrolment, Error> {
        let secret = enrolling.secret.as_ref().ok_or(Refusal::TokenUnknown)?;
        let token = self.store.token_of_secret(secret.sha256()).await?;
        let token = token.ok_or(Refusal::TokenUnknown)?;
        let now = self.now();
        token.admits(enrolling.school, now)?;
        let key = key_of(certificate_request)?;
        let certify = |device| self.certify(device, &key);
        let enrolled = self
            .store
            .enrol(&token, key.point(), &enrolling.says, certify, now)
            .await?;
        let action = match enrolled.is_known {
            true => "device_enrolled_again",
            false => "device_enrolled",
        };
        audit::by_device(action, enrolled.device, token.id);
        Ok(Enrolment {
            school: token.school.id,
            enrolled,
        })
    }

    /// Another certificate for the calling device.
    pub(crate) async fn renew(
        &self,
        incoming: &Incoming,
        certificate_request: &[u8],
        proof: &[u8],
        os: &Line,
        agent_version: &Line,
    ) -> Result<Issued, Error> {
        let device = self.calling_device(incoming).await?;
        let key = key_of(certificate_request)?;
        let keys = self.store.keys(device.get().id, self.now()).await?;
        if !is_proof(proof, certificate_request, &keys) {
            return Err(Error::RenewalRefused);
        }
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

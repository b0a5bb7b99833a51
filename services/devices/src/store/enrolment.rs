//! Devices that enrol: one use of a token, one device, its first certificate, in one transaction.

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{DeviceId, EnrolmentTokenId};
use preau_kernel::names::fold;
use preau_storage_database::{Scope, Tx, params};

use super::certificates::{insert_certificate, reissue};
use super::rows::{parse, token, token_columns};
use super::{Store, retrying};
use crate::authority::Issued;
use crate::domain::{Description, EnrolmentToken, Refusal, sha256};
use crate::error::Error;

/// A device with a new certificate.
#[derive(Debug)]
pub(crate) struct Enrolled {
    pub(crate) device: DeviceId,
    pub(crate) certificate: Issued,
    /// It had enrolled with the same token and key before.
    pub(crate) is_known: bool,
}

impl Store {
    /// Uses the token once for a new device, or not at all for the one that has enrolled with it and the same key
    /// before and was not retired. `certify` signs that key for a device; devices of one token come one after the other,
    /// so it is to be quick.
    ///
    /// # Errors
    /// The [`Refusal`]s of tokens; those of `certify`.
    pub(crate) async fn enrol(
        &self,
        token: &EnrolmentToken,
        public_key: &[u8],
        says: &Description,
        certify: impl Fn(DeviceId) -> Result<Issued, Error>,
        now: Timestamp,
    ) -> Result<Enrolled, Error> {
        let tenant = token.school.id.to_string();
        retrying(async || {
            let mut tx = self.db.begin(Scope::Tenant(&tenant)).await?;
            let token = take(&mut tx, token.id).await?;
            token.admits(None, now)?;
            let known = enrolled(&mut tx, token.id, public_key).await?;
            let device = known.unwrap_or_else(DeviceId::new);
            let certificate = certify(device)?;
            if known.is_some() {
                reissue(&mut tx, token.school.id, device, &certificate, now).await?;
            } else {
                use_once(&mut tx, &token, now).await?;
                insert_device(&mut tx, &token, device, says, &certificate, now).await?;
            }
            tx.commit().await?;
            Ok(Enrolled {
                device,
                certificate,
                is_known: known.is_some(),
            })
        })
        .await
    }
}

/// The token as it is now. Nobody else uses or revokes it until the end of the transaction.
async fn take(tx: &mut Tx, id: EnrolmentTokenId) -> Result<EnrolmentToken, Error> {
    let row = tx
        .fetch_optional(
            concat!(
                "UPDATE enrolment_tokens SET uses = uses WHERE token_id = $1 RETURNING ",
                token_columns!()
            ),
            params![id.to_string()],
        )
        .await?;
    row.as_ref()
        .map(token)
        .transpose()?
        .ok_or_else(|| Refusal::TokenUnknown.into())
}

async fn enrolled(
    tx: &mut Tx,
    token: EnrolmentTokenId,
    public_key: &[u8],
) -> Result<Option<DeviceId>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT device_id FROM devices WHERE token_id = $1 AND key_sha256 = $2 AND retired_at IS NULL",
            params![token.to_string(), sha256(public_key)],
        )
        .await?;
    row.map(|row| parse(row.str(0)?, "a device")).transpose()
}

async fn use_once(tx: &mut Tx, token: &EnrolmentToken, now: Timestamp) -> Result<(), Error> {
    let used = tx
        .execute(
            "UPDATE enrolment_tokens
             SET uses = uses + 1, ended_at = CASE WHEN uses + 1 = max_uses THEN $2 ELSE ended_at END
             WHERE token_id = $1 AND uses < max_uses",
            params![token.id.to_string(), now.0],
        )
        .await?;
    match used {
        0 => Err(Refusal::TokenUsedUp.into()),
        _ => Ok(()),
    }
}

async fn insert_device(
    tx: &mut Tx,
    token: &EnrolmentToken,
    device: DeviceId,
    says: &Description,
    certificate: &Issued,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO devices
             (device_id, school_id, authority_id, token_id, key_sha256, name, name_key, model, os,
              agent_version, enrolled_at, certificate_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            device.to_string(),
            token.school.id.to_string(),
            token.school.authority.to_string(),
            token.id.to_string(),
            sha256(&certificate.public_key),
            says.name.as_str(),
            fold(says.name.as_str()),
            says.model.as_str(),
            says.os.as_str(),
            says.agent_version.as_str(),
            now.0,
            certificate.expires.0,
        ],
    )
    .await?;
    insert_certificate(tx, token.school.id, device, certificate).await
}

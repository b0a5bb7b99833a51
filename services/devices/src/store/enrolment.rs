//! Devices that enrol: one use of a token, one device, its first certificate, in one transaction.

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{DeviceId, EnrolmentTokenId};
use preau_storage_database::{Scope, Tx, params};

use super::certificates::insert_certificate;
use super::rows::parse;
use super::{Store, retrying};
use crate::authority::Issued;
use crate::domain::{Description, EnrolmentToken, Refusal, sha256};
use crate::error::Error;
use preau_kernel::names::fold;

impl Store {
    /// The device that has enrolled with this token and key and was not retired.
    pub(crate) async fn enrolled(
        &self,
        token: EnrolmentTokenId,
        public_key: &[u8],
    ) -> Result<Option<DeviceId>, Error> {
        let row = self
            .db
            .fetch_optional(
                Scope::Platform,
                "SELECT device_id FROM devices WHERE token_id = $1 AND key_sha256 = $2 AND retired_at IS NULL",
                params![token.to_string(), sha256(public_key)],
            )
            .await?;
        row.map(|row| parse(row.str(0)?, "a device")).transpose()
    }

    /// Uses the token once for a new device with this certificate. `false`, and nothing was changed, when the same key
    /// enrolled with the same token in the meantime.
    ///
    /// # Errors
    /// [`Refusal::TokenUsedUp`]; [`Refusal::TokenUnknown`] of one that was ended meanwhile.
    pub(crate) async fn enrol(
        &self,
        token: &EnrolmentToken,
        device: DeviceId,
        says: &Description,
        certificate: &Issued,
        now: Timestamp,
    ) -> Result<bool, Error> {
        retrying(|| self.insert_device(token, device, says, certificate, now)).await
    }

    async fn insert_device(
        &self,
        token: &EnrolmentToken,
        device: DeviceId,
        says: &Description,
        certificate: &Issued,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let tenant = token.school.id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&tenant)).await?;
        use_token(&mut tx, token, now).await?;
        let inserted = tx
            .execute(
                "INSERT INTO devices
                     (device_id, school_id, authority_id, token_id, key_sha256, name, name_key, model, os,
                      agent_version, enrolled_at, certificate_until)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                 ON CONFLICT DO NOTHING",
                params![
                    device.to_string(),
                    &tenant,
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
        if inserted == 0 {
            return Ok(false);
        }
        insert_certificate(&mut tx, token.school.id, device, certificate).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// One use more, if there is one. Whoever comes at the same time waits here, and then sees what is left.
async fn use_token(tx: &mut Tx, token: &EnrolmentToken, now: Timestamp) -> Result<(), Error> {
    let id = token.id.to_string();
    let used = tx
        .execute(
            "UPDATE enrolment_tokens
             SET uses = uses + 1, ended_at = CASE WHEN uses + 1 = max_uses THEN $2 ELSE ended_at END
             WHERE token_id = $1 AND uses < max_uses AND revoked_at IS NULL AND expires_at > $2",
            params![&id, now.0],
        )
        .await?;
    if used == 1 {
        return Ok(());
    }
    let row = tx
        .fetch_optional(
            "SELECT revoked_at, expires_at FROM enrolment_tokens WHERE token_id = $1",
            params![&id],
        )
        .await?;
    let refusal = match row {
        None => Refusal::TokenUnknown,
        Some(row) if row.opt_int(0)?.is_some() => Refusal::TokenRevoked,
        Some(row) if row.int(1)? <= now.0 => Refusal::TokenExpired,
        Some(_) => Refusal::TokenUsedUp,
    };
    Err(refusal.into())
}

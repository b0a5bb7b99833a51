//! Sessions of devices that cannot show their certificate, found by the hash of their token.

use preau_kernel::clock::Timestamp;
use preau_storage_database::{Scope, params};

use super::rows::{device, device_columns, devices_seen};
use super::{Store, retrying};
use crate::domain::{Assertion, Device};
use crate::error::Error;

/// Sessions that one device has at most: signing in more often ends the oldest.
const MAX_SESSIONS: u32 = 10;

impl Store {
    /// Begins a session with an assertion; `false`, and nothing was changed, when it was accepted before or the device
    /// was retired meanwhile.
    pub(crate) async fn begin_session(
        &self,
        of: &Device,
        assertion: &Assertion,
        token_sha256: [u8; 32],
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        retrying(|| self.insert_session(of, assertion, token_sha256, expires, now)).await
    }

    async fn insert_session(
        &self,
        of: &Device,
        assertion: &Assertion,
        token_sha256: [u8; 32],
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let (tenant, id) = (of.school.id.to_string(), of.id.to_string());
        let mut tx = self.db.begin(Scope::Tenant(&tenant)).await?;
        // Has the row until the end: a retirement comes before it, or finds this session and ends it.
        let in_service = tx
            .execute(
                "UPDATE devices SET retired_at = NULL WHERE device_id = $1 AND school_id = $2 AND retired_at IS NULL",
                params![&id, &tenant],
            )
            .await?;
        let is_first = tx
            .execute(
                "INSERT INTO assertions (device_id, jti, school_id, expires_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (device_id, jti) DO NOTHING",
                params![&id, assertion.jti.as_str(), &tenant, assertion.expires.0],
            )
            .await?;
        if in_service == 0 || is_first == 0 {
            return Ok(false);
        }
        tx.execute(
            "INSERT INTO device_sessions (token_sha256, device_id, school_id, expires_at) VALUES ($1, $2, $3, $4)",
            params![token_sha256, &id, &tenant, expires.0],
        )
        .await?;
        tx.execute(
            "DELETE FROM device_sessions WHERE device_id = $1 AND token_sha256 <> $4 AND (expires_at <= $2 OR token_sha256 NOT IN
                 (SELECT token_sha256 FROM device_sessions WHERE device_id = $1
                  ORDER BY expires_at DESC, token_sha256 LIMIT $3))",
            params![&id, now.0, MAX_SESSIONS, token_sha256],
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The device whose session this is, while it lasts.
    pub(crate) async fn device_of_session(
        &self,
        token_sha256: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Device>, Error> {
        let row = self
            .db
            .fetch_optional(
                Scope::Platform,
                concat!(
                    "SELECT ",
                    device_columns!(),
                    devices_seen!(),
                    "JOIN device_sessions n ON n.device_id = d.device_id
                     WHERE n.token_sha256 = $2 AND n.expires_at > $1"
                ),
                params![now.0, token_sha256],
            )
            .await?;
        row.as_ref().map(device).transpose()
    }
}

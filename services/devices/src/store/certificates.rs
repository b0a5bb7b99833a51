//! Certificates of devices, and the keys in them.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{DeviceId, SchoolId};
use preau_storage_database::{Scope, Tx, params};

use super::rows::{device, device_columns, devices_seen};
use super::{Store, retrying};
use crate::authority::{Issued, Shown};
use crate::domain::{Device, Line, Refusal};
use crate::error::Error;

/// Certificates that one device has at most: renewing more often voids the oldest.
const MAX_CERTIFICATES: u32 = 20;

impl Store {
    /// The device whose certificate this is, if it is one that was issued and is still good.
    pub(crate) async fn device_of_certificate(
        &self,
        shown: &Shown,
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
                    "JOIN certificates c ON c.device_id = d.device_id
                     WHERE c.serial = $2 AND c.device_id = $3 AND c.public_key = $4 AND c.not_after > $1"
                ),
                params![
                    now.0,
                    shown.serial.as_str(),
                    shown.device.to_string(),
                    shown.public_key.as_slice(),
                ],
            )
            .await?;
        row.as_ref().map(device).transpose()
    }

    /// The keys of a device that a certificate is good for, the latest first: uncompressed points.
    pub(crate) async fn keys(&self, id: DeviceId, now: Timestamp) -> Result<Vec<Vec<u8>>, Error> {
        let rows = self
            .db
            .fetch_all(
                Scope::Platform,
                "SELECT public_key, MAX(not_after) FROM certificates WHERE device_id = $1 AND not_after > $2
                 GROUP BY public_key ORDER BY 2 DESC",
                params![id.to_string(), now.0],
            )
            .await?;
        rows.iter().map(|row| Ok(row.bytes(0)?)).collect()
    }

    /// One certificate more, and what the device is by now. Lines that are empty change nothing.
    ///
    /// # Errors
    /// [`Refusal::DeviceRetired`], when it was meanwhile.
    pub(crate) async fn renew(
        &self,
        device: &Authorized<Device>,
        certificate: &Issued,
        os: &Line,
        agent_version: &Line,
        now: Timestamp,
    ) -> Result<(), Error> {
        let device = device.get();
        retrying(async || {
            let (tenant, id) = (device.school.id.to_string(), device.id.to_string());
            let mut tx = self.db.begin(Scope::Tenant(&tenant)).await?;
            let renewed = tx
                .execute(
                    "UPDATE devices
                     SET certificate_until = CASE WHEN certificate_until > $3 THEN certificate_until ELSE $3 END,
                         os = CASE WHEN $4 = '' THEN os ELSE $4 END,
                         agent_version = CASE WHEN $5 = '' THEN agent_version ELSE $5 END
                     WHERE device_id = $1 AND school_id = $2 AND retired_at IS NULL",
                    params![
                        &id,
                        &tenant,
                        certificate.expires.0,
                        os.as_str(),
                        agent_version.as_str(),
                    ],
                )
                .await?;
            if renewed == 0 {
                return Err(Refusal::DeviceRetired.into());
            }
            insert_certificate(&mut tx, device.school.id, device.id, certificate).await?;
            trim(&mut tx, &id, certificate, now).await?;
            Ok(tx.commit().await?)
        })
        .await
    }
}

/// One certificate more for a device that enrols again.
pub(super) async fn reissue(
    tx: &mut Tx,
    school: SchoolId,
    device: DeviceId,
    certificate: &Issued,
    now: Timestamp,
) -> Result<(), Error> {
    let id = device.to_string();
    tx.execute(
        "UPDATE devices SET certificate_until = $2 WHERE device_id = $1 AND certificate_until < $2",
        params![&id, certificate.expires.0],
    )
    .await?;
    insert_certificate(tx, school, device, certificate).await?;
    trim(tx, &id, certificate, now).await
}

pub(super) async fn insert_certificate(
    tx: &mut Tx,
    school: SchoolId,
    device: DeviceId,
    certificate: &Issued,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO certificates (serial, device_id, school_id, public_key, not_after) VALUES ($1, $2, $3, $4, $5)",
        params![
            certificate.serial.as_str(),
            device.to_string(),
            school.to_string(),
            certificate.public_key.as_slice(),
            certificate.expires.0,
        ],
    )
    .await?;
    Ok(())
}

/// Expired ones go, and the oldest where there are too many; never the one just issued.
async fn trim(tx: &mut Tx, device: &str, latest: &Issued, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM certificates WHERE device_id = $1 AND serial <> $4 AND (not_after <= $2 OR serial NOT IN
             (SELECT serial FROM certificates WHERE device_id = $1 ORDER BY not_after DESC, serial LIMIT $3))",
        params![device, now.0, MAX_CERTIFICATES, latest.serial.as_str()],
    )
    .await?;
    Ok(())
}

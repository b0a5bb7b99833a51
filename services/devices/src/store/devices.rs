//! Devices: found, listed, retired.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::DeviceId;
use preau_kernel::names::fold;
use preau_storage_database::{Row, Scope, params};

use super::issuing::RETIRED;
use super::rows::{device, device_columns, devices_seen};
use super::{Store, device_topic, retrying};
use crate::domain::{Device, School};
use crate::error::Error;

impl Store {
    /// A device: what an authorization is decided from, so it asks for none.
    pub(crate) async fn device(
        &self,
        id: DeviceId,
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
                    "WHERE d.device_id = $2"
                ),
                params![now.0, id.to_string()],
            )
            .await?;
        row.as_ref().map(device).transpose()
    }

    /// The device, and the hash of what its school's devices are to have: one look for a Watch that opens.
    pub(crate) async fn device_and_desired(
        &self,
        id: DeviceId,
        now: Timestamp,
    ) -> Result<Option<(Device, Vec<u8>)>, Error> {
        let row = self
            .db
            .fetch_optional(
                Scope::Platform,
                concat!(
                    "SELECT ",
                    device_columns!(),
                    ", h.hash",
                    devices_seen!(),
                    "LEFT JOIN desired_states h ON h.school_id = d.school_id WHERE d.device_id = $2"
                ),
                params![now.0, id.to_string()],
            )
            .await?;
        row.map(|row| Ok((device(&row)?, row.opt_bytes(13)?.unwrap_or_default())))
            .transpose()
    }

    /// The devices of a school after a place (folded name and id), by name.
    pub(crate) async fn devices_after(
        &self,
        school: &Authorized<School>,
        after: (&str, &str),
        with_retired: bool,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Device>, Error> {
        let tenant = school.get().id.to_string();
        let rows: Vec<Row> = self
            .db
            .fetch_all(
                Scope::Tenant(&tenant),
                concat!(
                    "SELECT ",
                    device_columns!(),
                    devices_seen!(),
                    "WHERE d.school_id = $2 AND (d.name_key, d.device_id) > ($3, $4)
                     AND ($5 = 1 OR d.retired_at IS NULL)
                     ORDER BY d.name_key, d.device_id LIMIT $6"
                ),
                params![now.0, &tenant, after.0, after.1, with_retired, limit],
            )
            .await?;
        rows.iter().map(device).collect()
    }

    /// Takes a device out of service: its sessions end, its commands expire, its Watch is told. Whether it was in
    /// service until now.
    pub(crate) async fn retire(
        &self,
        device: &Authorized<Device>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let device = device.get();
        retrying(|| self.retire_now(device, now)).await
    }

    async fn retire_now(&self, device: &Device, now: Timestamp) -> Result<bool, Error> {
        let (tenant, id) = (device.school.id.to_string(), device.id.to_string());
        let mut tx = self.db.begin(Scope::Tenant(&tenant)).await?;
        let retired = tx
            .execute(
                "UPDATE devices SET retired_at = $3
                 WHERE device_id = $1 AND school_id = $2 AND retired_at IS NULL",
                params![&id, &tenant, now.0],
            )
            .await?;
        if retired == 0 {
            return Ok(false);
        }
        tx.execute(
            "UPDATE commands SET state = 6, changed_at = $2, ended_at = $2, changes = changes + 1
             WHERE device_id = $1 AND ended_at IS NULL",
            params![&id, now.0],
        )
        .await?;
        tx.execute(
            "DELETE FROM device_sessions WHERE device_id = $1",
            params![&id],
        )
        .await?;
        let topic = device_topic(device.school.id, device.id)?;
        tx.publish(&topic, now.0, RETIRED).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// The place of a device in the list of its school.
pub(crate) fn device_place(device: &Device) -> [String; 2] {
    [fold(device.says.name.as_str()), device.id.to_string()]
}

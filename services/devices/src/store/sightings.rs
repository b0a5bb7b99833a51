//! Which devices were seen when, written for thousands of them by one statement: where the two databases differ, since
//! each takes a list apart in its own way.
//!
//! Measured by `fleet-heartbeats`: a device that is watched costs one row of an upsert each minute.

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{DeviceId, LeaseId, SchoolId};
use preau_storage_database::{Dialect, Scope, Value, params};

use super::{Store, retrying};
use crate::error::Error;

/// Devices of one statement: some milliseconds, and 80 KB of text.
const BATCH: usize = 1_000;

/// Rows of `$1`, a JSON array of arrays of a device and its school.
macro_rules! sqlite {
    ($lease:literal, $on_conflict:expr) => {
        concat!(
            "INSERT INTO sightings (device_id, school_id, seen_at, lease_id) SELECT e.value ->> 0, e.value ->> 1, $2, ",
            $lease,
            " FROM json_each($1) e WHERE true ",
            $on_conflict
        )
    };
}

macro_rules! postgres {
    ($lease:literal, $on_conflict:expr) => {
        concat!(
            "INSERT INTO sightings (device_id, school_id, seen_at, lease_id) SELECT e.value ->> 0, e.value ->> 1, $2, ",
            $lease,
            " FROM jsonb_array_elements(CAST($1 AS JSONB)) e ",
            $on_conflict
        )
    };
}

macro_rules! on_sight {
    () => {
        "ON CONFLICT (device_id) DO UPDATE SET seen_at = excluded.seen_at, lease_id = excluded.lease_id"
    };
}

macro_rules! on_loss {
    () => {
        "ON CONFLICT (device_id) DO UPDATE SET seen_at = excluded.seen_at,
             lease_id = NULLIF(sightings.lease_id, CAST($3 AS TEXT))"
    };
}

impl Store {
    /// These devices are watched at present, by the process that holds the lease.
    pub(crate) async fn see(
        &self,
        devices: &[(DeviceId, SchoolId)],
        lease: Option<LeaseId>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = match self.db.dialect() {
            Dialect::Sqlite => sqlite!("CAST($3 AS TEXT)", on_sight!()),
            Dialect::Postgres => postgres!("CAST($3 AS TEXT)", on_sight!()),
        };
        let lease = lease.map(|lease| lease.to_string());
        self.write(sql, devices, now, &Value::from(lease)).await
    }

    /// These devices' Watches were closed. Where another process serves them by now, it vouches for them on.
    pub(crate) async fn lose_sight(
        &self,
        devices: &[(DeviceId, SchoolId)],
        lease: Option<LeaseId>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = match self.db.dialect() {
            Dialect::Sqlite => sqlite!("CAST(NULL AS TEXT)", on_loss!()),
            Dialect::Postgres => postgres!("CAST(NULL AS TEXT)", on_loss!()),
        };
        let lease = lease.map(|lease| lease.to_string());
        self.write(sql, devices, now, &Value::from(lease)).await
    }

    async fn write(
        &self,
        sql: &'static str,
        devices: &[(DeviceId, SchoolId)],
        now: Timestamp,
        lease: &Value,
    ) -> Result<(), Error> {
        for batch in devices.chunks(BATCH) {
            // In one order, so that two processes never wait for each other's rows.
            let mut batch = batch.to_vec();
            batch.sort_unstable();
            batch.dedup_by_key(|(device, _)| *device);
            let rows = json(&batch);
            retrying(async || {
                let mut tx = self.db.begin(Scope::Platform).await?;
                tx.execute(sql, params![&rows, now.0, lease]).await?;
                Ok::<_, Error>(tx.commit().await?)
            })
            .await?;
        }
        Ok(())
    }
}

/// An id is hexadecimal digits and hyphens: nothing in it has to be escaped.
fn json(devices: &[(DeviceId, SchoolId)]) -> String {
    let rows: Vec<String> = devices
        .iter()
        .map(|(device, school)| format!("[\"{device}\",\"{school}\"]"))
        .collect();
    format!("[{}]", rows.join(","))
}

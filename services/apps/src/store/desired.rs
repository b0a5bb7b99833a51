//! What a school's devices are to have, as they and `devices` are told.

use preau_kernel::access::Authorized;
use preau_kernel::ids::SchoolId;
use preau_storage_database::{Scope, params};

use super::rows::{number, parse, wanted};
use super::{Store, retrying};
use crate::domain::{DesiredState, Device, Wanted, desired_hash};
use crate::error::Error;

/// What a school ($1) wants, by app, for [`wanted`].
pub(super) const WANTED: &str = "SELECT r.release_id, r.manifest, r.signature, r.key_id
     FROM assignments a JOIN releases r ON r.release_id = a.release_id
     WHERE a.school_id = $1 ORDER BY a.app";

impl Store {
    /// The hash of what the device's school wants: one row, since nearly everybody who asks knows it.
    pub(crate) async fn desired_hash(
        &self,
        device: &Authorized<Device>,
    ) -> Result<[u8; 32], Error> {
        let key = device.get().school.to_string();
        let sql = "SELECT hash FROM desired_states WHERE school_id = $1";
        let row = self
            .db
            .fetch_optional(Scope::Tenant(&key), sql, params![&key])
            .await?;
        match row {
            Some(row) => Ok(row.array(0)?),
            None => Ok(desired_hash(&[])),
        }
    }

    /// What the device's school wants, by app.
    pub(crate) async fn wanted(&self, device: &Authorized<Device>) -> Result<Vec<Wanted>, Error> {
        let key = device.get().school.to_string();
        let rows = self
            .db
            .fetch_all(Scope::Tenant(&key), WANTED, params![&key])
            .await?;
        rows.iter().map(wanted).collect()
    }

    /// Schools after one, in the order of their ids, whose devices may not have been told what they want now.
    pub(crate) async fn unannounced(
        &self,
        after: Option<SchoolId>,
        limit: u32,
    ) -> Result<Vec<(SchoolId, DesiredState)>, Error> {
        let after = after.map(|school| school.to_string()).unwrap_or_default();
        let rows = self
            .db
            .fetch_all(
                Scope::Platform,
                "SELECT school_id, hash, revision FROM desired_states
                 WHERE announced < revision AND school_id > $1 ORDER BY school_id LIMIT $2",
                params![after, limit],
            )
            .await?;
        let read = |row: &preau_storage_database::Row| {
            const WHAT: &str = "a desired state";
            let state = DesiredState {
                hash: row.array(1)?,
                revision: number(row.int(2)?, WHAT)?,
            };
            Ok((parse(row.str(0)?, WHAT)?, state))
        };
        rows.iter().map(read).collect()
    }

    /// `devices` has heard of this revision.
    pub(crate) async fn announced(&self, school: SchoolId, revision: u64) -> Result<(), Error> {
        let key = school.to_string();
        let revision = i64::try_from(revision).unwrap_or(i64::MAX);
        retrying(|| async {
            let mut tx = self.db.begin(Scope::Tenant(&key)).await?;
            tx.execute(
                "UPDATE desired_states SET announced = $2 WHERE school_id = $1 AND announced < $2",
                params![&key, revision],
            )
            .await?;
            Ok(tx.commit().await?)
        })
        .await
    }
}

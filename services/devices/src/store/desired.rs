//! The hash of what a school's devices are to have installed.

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::SchoolId;
use preau_storage_database::{Scope, params};

use super::{Store, desired_topic, retrying};
use crate::error::Error;

/// What `apps` announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Desired {
    pub(crate) school: SchoolId,
    pub(crate) hash: [u8; 32],
    /// Counted by `apps` for each school.
    pub(crate) revision: i64,
}

impl Store {
    /// Keeps what was announced and tells every Watch of the school, unless a later announcement came before.
    pub(crate) async fn announce(&self, desired: Desired, now: Timestamp) -> Result<(), Error> {
        retrying(async || {
            let tenant = desired.school.to_string();
            let mut tx = self.db.begin(Scope::Tenant(&tenant)).await?;
            let is_news = tx
                .execute(
                    "INSERT INTO desired_states (school_id, hash, revision) VALUES ($1, $2, $3)
                     ON CONFLICT (school_id) DO UPDATE SET hash = excluded.hash, revision = excluded.revision
                     WHERE desired_states.revision < excluded.revision",
                    params![&tenant, desired.hash, desired.revision],
                )
                .await?;
            if is_news == 0 {
                return Ok(());
            }
            // The hash itself: thousands of Watches read the event once, together, and ask nothing more.
            let topic = desired_topic(desired.school)?;
            tx.publish(&topic, now.0, &desired.hash).await?;
            Ok(tx.commit().await?)
        })
        .await
    }
}

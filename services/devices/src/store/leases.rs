//! What processes hold while they vouch for the Watches they serve.

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::LeaseId;
use preau_storage_database::{Scope, params};

use super::{Store, retrying};
use crate::error::Error;

impl Store {
    /// A new lease. Those that ran out go: what names them is not vouched for any more.
    pub(crate) async fn take_lease(
        &self,
        lease: LeaseId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        retrying(async || {
            let mut tx = self.db.begin(Scope::Platform).await?;
            tx.execute("DELETE FROM leases WHERE until <= $1", params![now.0])
                .await?;
            tx.execute(
                "INSERT INTO leases (lease_id, until) VALUES ($1, $2)",
                params![lease.to_string(), until.0],
            )
            .await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Renews a lease; whether it was still there.
    pub(crate) async fn renew_lease(
        &self,
        lease: LeaseId,
        until: Timestamp,
    ) -> Result<bool, Error> {
        retrying(async || {
            let mut tx = self.db.begin(Scope::Platform).await?;
            let renewed = tx
                .execute(
                    "UPDATE leases SET until = $2 WHERE lease_id = $1",
                    params![lease.to_string(), until.0],
                )
                .await?;
            tx.commit().await?;
            Ok(renewed == 1)
        })
        .await
    }
}

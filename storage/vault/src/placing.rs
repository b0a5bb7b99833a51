//! Objects on sites: putting them before anything refers to them, queueing them for deletion when nothing does.

use bytes::Bytes;
use futures::future::join_all;
use preau_storage_database::{DbError, Scope, Tx, params};
use preau_storage_sites::Site;
use uuid::Uuid;

use crate::VaultError;
use crate::vault::Inner;

/// All objects' names start so.
pub(crate) const PREFIX: &str = "c/";

/// A record on a site.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    pub(crate) site: String,
    pub(crate) object: String,
}

impl Inner {
    /// Puts a record on the first `durable` sites, under one new random name. Returns once all have it durably.
    pub(crate) async fn place(&self, tenant: &str, record: Bytes) -> Result<Vec<Copy>, VaultError> {
        let object = object_name();
        let sites = &self.sites[..self.config.durable];
        let puts = sites
            .iter()
            .map(|site| site.put_new(&object, record.clone()));
        let results = join_all(puts).await;
        let copies: Vec<Copy> = sites.iter().map(|site| copy(&**site, &object)).collect();
        match results.into_iter().find_map(Result::err) {
            None => Ok(copies),
            Some(error) => {
                // All of them, also where it failed: the reply may be all that was lost.
                self.doom(tenant, &copies).await;
                Err(error.into())
            }
        }
    }

    /// Queues objects that nothing refers to and nothing ever will. If even that fails, the sweep finds them as orphans.
    pub(crate) async fn doom(&self, tenant: &str, copies: &[Copy]) {
        let queued = async {
            let mut tx = self.db.begin(Scope::Tenant(tenant)).await?;
            for Copy { site, object } in copies {
                tx.execute(
                    "INSERT INTO vault_doomed (site, object, tenant, queued_at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT DO NOTHING",
                    params![site, object, tenant, self.now()],
                )
                .await?;
            }
            tx.commit().await
        };
        let queued: Result<(), DbError> = queued.await;
        if let Err(error) = queued {
            tracing::warn!(%error, "an unneeded object could not be queued for deletion; the orphan scan will find it");
        }
    }
}

/// Writes the placement rows of a chunk whose record is on these sites.
pub(crate) async fn insert_placements(
    tx: &mut Tx,
    tenant: &str,
    chunk: &str,
    copies: &[Copy],
    hash: &[u8; 32],
) -> Result<(), DbError> {
    for Copy { site, object } in copies {
        tx.execute(
            "INSERT INTO vault_placement (chunk, site, tenant, object, hash, state) VALUES ($1, $2, $3, $4, $5, 0)",
            params![chunk, site, tenant, object, hash],
        )
        .await?;
    }
    Ok(())
}

fn copy(site: &dyn Site, object: &str) -> Copy {
    Copy {
        site: site.name().to_owned(),
        object: object.to_owned(),
    }
}

/// `c/<h0h1>/<h2h3>/<uuid>.ck`: random, so that a name tells nothing and load spreads over 65,536 folders.
fn object_name() -> String {
    let id = Uuid::new_v4();
    let [a, b, ..] = *id.as_bytes();
    format!("{PREFIX}{a:02x}/{b:02x}/{id}.ck")
}

use preau_kernel::access::Authorized;
use preau_kernel::ids::PersonId;
use preau_storage_database::params;

use super::rows::publisher;
use super::{CATALOGUE, PLATFORM, Store, retrying};
use crate::domain::{Catalogue, MAX_PUBLISHERS, Publisher, Refusal};
use crate::error::Error;

impl Store {
    /// Adds a publisher, unless its key is known: then answers whom that belongs to.
    ///
    /// # Errors
    /// [`Refusal::TooManyPublishers`].
    pub(crate) async fn add_publisher(
        &self,
        _: &Authorized<Catalogue>,
        wanted: &Publisher,
        by: PersonId,
    ) -> Result<Publisher, Error> {
        retrying(|| self.insert_publisher(wanted, by)).await
    }

    async fn insert_publisher(&self, wanted: &Publisher, by: PersonId) -> Result<Publisher, Error> {
        let mut tx = self.db.begin(CATALOGUE).await?;
        let key = wanted.key.id();
        let added = tx
            .execute(
                "INSERT INTO publishers (key_id, tenant, name, public_key, added_at, added_by)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key_id) DO NOTHING",
                params![
                    key.as_str(),
                    PLATFORM,
                    wanted.name.as_str(),
                    wanted.key.bytes().as_slice(),
                    wanted.added_at.0,
                    by.to_string(),
                ],
            )
            .await?;
        if added == 1 {
            let count = tx.fetch_one("SELECT COUNT(*) FROM publishers", params![]);
            if count.await?.int(0)? > i64::from(MAX_PUBLISHERS) {
                return Err(Refusal::TooManyPublishers.into());
            }
        }
        let row = tx
            .fetch_one(
                "SELECT public_key, name, added_at FROM publishers WHERE key_id = $1",
                params![key.as_str()],
            )
            .await?;
        let found = publisher(&row)?;
        tx.commit().await?;
        Ok(found)
    }

    /// Everybody whose signature counts, by name.
    pub(crate) async fn publishers(&self) -> Result<Vec<Publisher>, Error> {
        let rows = self
            .db
            .fetch_all(
                CATALOGUE,
                "SELECT public_key, name, added_at FROM publishers ORDER BY name, key_id",
                params![],
            )
            .await?;
        rows.iter().map(publisher).collect()
    }
}

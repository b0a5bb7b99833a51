use preau_kernel::clock::Timestamp;
use preau_storage_database::{Scope, params};

use super::Store;
use super::rows::unreadable;
use crate::domain::LinkKey;
use crate::error::Error;

impl Store {
    /// The keys of download links that may still be needed, the latest first.
    pub(crate) async fn link_keys(&self, now: Timestamp) -> Result<Vec<LinkKey>, Error> {
        let rows = self
            .db
            .fetch_all(
                Scope::Platform,
                "SELECT key_id, secret, created_at FROM link_keys
                 WHERE created_at >= $1 ORDER BY created_at DESC, key_id",
                params![LinkKey::kept_since(now).0],
            )
            .await?;
        let key = |row: &preau_storage_database::Row| {
            let created_at = Timestamp(row.int(2)?);
            LinkKey::stored(&row.bytes(0)?, &row.bytes(1)?, created_at)
                .ok_or_else(|| unreadable("a key of download links", "its length"))
        };
        rows.iter().map(key).collect()
    }

    /// Stores a key, and forgets those that are needed no more.
    pub(crate) async fn add_link_key(&self, key: &LinkKey) -> Result<(), Error> {
        let mut tx = self.db.begin(Scope::Platform).await?;
        tx.execute(
            "DELETE FROM link_keys WHERE created_at < $1",
            params![LinkKey::kept_since(key.created_at()).0],
        )
        .await?;
        tx.execute(
            "INSERT INTO link_keys (key_id, secret, created_at) VALUES ($1, $2, $3)",
            params![key.id(), key.secret(), key.created_at().0],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

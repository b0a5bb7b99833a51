//! Letting go: references first, then salts, then objects.

use preau_storage_database::{Dialect, Tx, params};

use crate::vault::Inner;
use crate::{Vault, VaultError};

impl Vault {
    /// Gives up a content: when the caller's transaction commits, the salts of the chunks that nothing else refers to are gone,
    /// so that no copy of them can be read again, and their objects are queued for the sweep. Releasing again does nothing.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn release(
        &self,
        tx: &mut Tx,
        tenant: &str,
        content: &str,
    ) -> Result<(), VaultError> {
        let sql = "DELETE FROM vault_content WHERE id = $1 AND tenant = $2";
        if tx.execute(sql, params![content, tenant]).await? == 1 {
            self.inner.unlink_parts(tx, tenant, content).await?;
        }
        Ok(())
    }
}

impl Inner {
    /// Deletes a content's part rows, and the chunks that only they referred to. The condemned state marks those chunks within
    /// this transaction; nobody else ever sees it.
    pub(crate) async fn unlink_parts(
        &self,
        tx: &mut Tx,
        tenant: &str,
        content: &str,
    ) -> Result<(), VaultError> {
        if self.db.dialect() == Dialect::Postgres {
            // Waits for transactions that are adding references; the next statement then sees those. Ordered, so that two
            // releases sharing chunks cannot wait for each other. SQLite has one writer and needs none of this.
            let lock = "SELECT id FROM vault_chunk WHERE tenant = $1
                AND id IN (SELECT chunk FROM vault_part WHERE content = $2 AND tenant = $1)
                ORDER BY id FOR UPDATE";
            tx.execute(lock, params![tenant, content]).await?;
        }
        let condemn = "UPDATE vault_chunk SET state = 1 WHERE tenant = $1
            AND id IN (SELECT chunk FROM vault_part WHERE content = $2 AND tenant = $1)
            AND NOT EXISTS (SELECT 1 FROM vault_part other
                WHERE other.chunk = vault_chunk.id AND other.content <> $2)";
        tx.execute(condemn, params![tenant, content]).await?;
        let queue = "INSERT INTO vault_doomed (site, object, tenant, queued_at)
            SELECT l.site, l.object, l.tenant, CAST($2 AS BIGINT) FROM vault_placement l
            JOIN vault_chunk c ON c.id = l.chunk WHERE c.tenant = $1 AND c.state = 1
            ON CONFLICT DO NOTHING";
        tx.execute(queue, params![tenant, self.now()]).await?;
        let unplace = "DELETE FROM vault_placement WHERE chunk IN
            (SELECT id FROM vault_chunk WHERE tenant = $1 AND state = 1)";
        tx.execute(unplace, params![tenant]).await?;
        let unlink = "DELETE FROM vault_part WHERE content = $1 AND tenant = $2";
        tx.execute(unlink, params![content, tenant]).await?;
        let shred = "DELETE FROM vault_chunk WHERE tenant = $1 AND state = 1";
        tx.execute(shred, params![tenant]).await?;
        Ok(())
    }
}

//! Removing for good: rows, then the bytes that no row refers to any more.

use std::time::Duration;

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{NodeId, SpaceId};
use preau_storage_database::{DbError, Scope, Tx, params};
use preau_storage_vault::VaultError;

use super::Store;
use super::holding::Hold;
use crate::domain::Tenant;

/// How long what was deleted can be restored.
pub const KEPT_IN_TRASH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Trees looked up at a time.
const BATCH: u32 = 64;

impl Store {
    /// Removes a tree of the trash, whose space the transaction holds alone.
    pub(super) async fn remove(
        &self,
        tx: &mut Tx,
        tenant: &Tenant,
        node: NodeId,
    ) -> Result<u64, VaultError> {
        self.release_alone(tx, tenant).await?;
        let node = node.to_string();
        let contents = tx
            .fetch_all(
                "SELECT DISTINCT content_id FROM nodes
                 WHERE trash_id = $1 AND content_id IS NOT NULL AND NOT EXISTS (
                     SELECT 1 FROM nodes other
                     WHERE other.content_id = nodes.content_id
                       AND (other.trash_id IS NULL OR other.trash_id <> $1))",
                params![node.as_str()],
            )
            .await?;
        // References between nodes are checked at the statement's end on both databases, so the order of rows within
        // it does not matter.
        let gone = tx
            .execute(
                "DELETE FROM nodes WHERE trash_id = $1",
                params![node.as_str()],
            )
            .await?;
        for row in &contents {
            let content = row.str(0)?;
            self.vault.release(tx, tenant.as_str(), content).await?;
        }
        Ok(gone)
    }

    /// Removes what has been in the trash for [`KEPT_IN_TRASH`], each tree in its own transaction.
    pub(super) async fn empty_trash(&self, now: Timestamp) -> Result<(), VaultError> {
        let kept = i64::try_from(KEPT_IN_TRASH.as_micros()).unwrap_or(i64::MAX);
        let before = now.0.saturating_sub(kept);
        loop {
            let due = self
                .db
                .fetch_all(
                    Scope::Platform,
                    "SELECT node_id, space_id, school_id FROM nodes
                     WHERE trashed_at <= $1 ORDER BY trashed_at LIMIT $2",
                    params![before, BATCH],
                )
                .await?;
            for row in &due {
                let tenant = Tenant::stored(row.text(2)?);
                let (Ok(node), Ok(space)) = (row.str(0)?.parse(), row.str(1)?.parse()) else {
                    let text = "a node in the trash has no id".to_owned();
                    return Err(VaultError::Inconsistent(text));
                };
                self.remove_due(&tenant, space, node, before).await?;
            }
            if due.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    async fn remove_due(
        &self,
        tenant: &Tenant,
        space: SpaceId,
        node: NodeId,
        before: i64,
    ) -> Result<(), VaultError> {
        let mut tx = self.db.begin(Scope::Tenant(tenant.as_str())).await?;
        self.hold(&mut tx, space, Hold::Alone).await?;
        // Somebody may have restored it since, and deleted it again.
        if is_due(&mut tx, node, before).await? {
            self.remove(&mut tx, tenant, node).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

async fn is_due(tx: &mut Tx, node: NodeId, before: i64) -> Result<bool, DbError> {
    let found = tx
        .fetch_optional(
            "SELECT 1 FROM nodes WHERE node_id = $1 AND trashed_at <= $2",
            params![node.to_string(), before],
        )
        .await?;
    Ok(found.is_some())
}

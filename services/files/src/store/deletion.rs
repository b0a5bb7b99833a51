use preau_kernel::access::Authorized;
use preau_kernel::ids::NodeId;
use preau_storage_database::{Row, Scope, Tx, params};

use super::rows;
use super::{Store, retrying};
use crate::domain::{Deleter, MAX_DELETED, Refusal, Space};
use crate::error::Error;

impl Store {
    /// Deletes a node and all that is in it, and releases the bytes; answers how many nodes went: none when the node
    /// is not there.
    ///
    /// The deletion comes first and the rule is asked about what it took: what somebody else puts into the folder at
    /// the same moment is either seen by the rule or keeps the folder from going.
    ///
    /// # Errors
    /// [`Refusal::NotYours`], [`Refusal::TooMany`]: nothing is changed.
    pub(crate) async fn delete(
        &self,
        space: &Authorized<Space>,
        node: NodeId,
        deleter: Deleter,
    ) -> Result<usize, Error> {
        retrying(|| self.delete_once(space.get(), node, deleter)).await
    }

    async fn delete_once(
        &self,
        space: &Space,
        node: NodeId,
        deleter: Deleter,
    ) -> Result<usize, Error> {
        let school = space.school.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        check_size(&mut tx, space, node).await?;
        let taken = take(&mut tx, space, node).await?;
        let makers: Vec<_> = taken
            .iter()
            .map(|row| rows::parse(row.str(0)?, "a node"))
            .collect::<Result<_, Error>>()?;
        deleter.may_delete(makers)?;
        for row in &taken {
            if let Some(content) = row.opt_text(1)? {
                self.vault.release(&mut tx, &school, &content).await?;
            }
        }
        tx.commit().await?;
        Ok(taken.len())
    }
}

/// Counts no further than to one too many.
async fn check_size(tx: &mut Tx, space: &Space, node: NodeId) -> Result<(), Error> {
    let row = tx
        .fetch_one(
            "WITH RECURSIVE tree (id) AS (
                 SELECT node_id FROM nodes
                 WHERE node_id = $1 AND space_id = $2 AND parent_id IS NOT NULL
                 UNION ALL
                 SELECT n.node_id FROM nodes n JOIN tree t ON n.parent_id = t.id
             )
             SELECT COUNT(*) FROM (SELECT id FROM tree LIMIT $3) AS few",
            params![node.to_string(), space.id.to_string(), MAX_DELETED + 1],
        )
        .await?;
    if row.int(0)? > i64::from(MAX_DELETED) {
        return Err(Refusal::TooMany.into());
    }
    Ok(())
}

/// Deletes the node and what is under it; answers `created_by, content_id` of each. References between nodes are
/// checked at the statement's end on both databases, so the order of rows within it does not matter.
async fn take(tx: &mut Tx, space: &Space, node: NodeId) -> Result<Vec<Row>, Error> {
    let taken = tx
        .fetch_all(
            "WITH RECURSIVE tree (id) AS (
                 SELECT node_id FROM nodes
                 WHERE node_id = $1 AND space_id = $2 AND parent_id IS NOT NULL
                 UNION ALL
                 SELECT n.node_id FROM nodes n JOIN tree t ON n.parent_id = t.id
             )
             DELETE FROM nodes WHERE node_id IN (SELECT id FROM tree)
             RETURNING created_by, content_id",
            params![node.to_string(), space.id.to_string()],
        )
        .await?;
    Ok(taken)
}

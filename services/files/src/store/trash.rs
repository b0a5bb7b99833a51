use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::failure::Failure;
use preau_kernel::ids::{NodeId, PersonId};
use preau_storage_database::{Scope, Tx, Value, params};

use super::holding::Hold;
use super::moving::free_for;
use super::nodes::node_now;
use super::rows::{self, node_columns, parent_key, tree};
use super::trees::{self, Summary};
use super::{Store, retrying};
use crate::domain::{Editor, Folder, Node, Refusal, Space};
use crate::error::Error;

/// Who deletes, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deletion {
    pub(crate) editor: Editor,
    pub(crate) person: PersonId,
    pub(crate) at: Timestamp,
}

/// The key of a node in the trash: when it was deleted, and its id.
pub(crate) type TrashKey = (Timestamp, String);

impl Store {
    /// Moves a node and all below it to the trash; nothing when the node is not there.
    ///
    /// # Errors
    /// [`Refusal::NotYours`], [`Refusal::TooMany`]: nothing is changed.
    pub(crate) async fn trash(
        &self,
        space: &Authorized<Space>,
        node: NodeId,
        deletion: Deletion,
    ) -> Result<(), Error> {
        retrying(|| self.trash_once(space.get(), node, deletion)).await
    }

    async fn trash_once(
        &self,
        space: &Space,
        node: NodeId,
        deletion: Deletion,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin(Scope::Tenant(space.tenant.as_str())).await?;
        self.hold(&mut tx, space.id, Hold::Alone).await?;
        let tree = trees::summary(&mut tx, space, node).await?;
        if tree.makers.is_empty() {
            return Ok(());
        }
        deletion.editor.may_change(tree.makers)?;
        let node = node.to_string();
        tx.execute(
            concat!(
                tree!(),
                "UPDATE nodes SET trash_id = $1 WHERE node_id IN (SELECT id FROM tree)"
            ),
            params![node.as_str(), space.id.to_string()],
        )
        .await?;
        tx.execute(
            "UPDATE nodes
             SET trashed_at = $3, trashed_by = $4, trashed_from = parent_id,
                 parent_id = space_id, name_fold = $2
             WHERE node_id = $1",
            params![
                node.as_str(),
                trash_fold(&node),
                deletion.at.0,
                deletion.person.to_string(),
            ],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Up to `limit` deleted nodes after `after`, the latest first; with `only`, those that this person made or deleted.
    pub(crate) async fn trash_after(
        &self,
        space: &Authorized<Space>,
        only: Option<PersonId>,
        after: &TrashKey,
        limit: u32,
    ) -> Result<Vec<Node>, Error> {
        let space = space.get();
        let only = only.map_or(Value::Text(String::new()), |person| {
            person.to_string().into()
        });
        let rows = self
            .db
            .fetch_all(
                Scope::Tenant(space.tenant.as_str()),
                concat!(
                    "SELECT ",
                    node_columns!(),
                    " FROM nodes
                     WHERE space_id = $1 AND trashed_at IS NOT NULL
                       AND (trashed_at < $2 OR (trashed_at = $2 AND node_id < $3))
                       AND ($4 = '' OR created_by = $4 OR trashed_by = $4)
                     ORDER BY trashed_at DESC, node_id DESC
                     LIMIT $5"
                ),
                params![
                    space.id.to_string(),
                    after.0.0,
                    after.1.as_str(),
                    only,
                    limit
                ],
            )
            .await?;
        rows.iter().map(rows::node).collect()
    }

    /// Puts a deleted node and all below it back where it was, or into the root when that folder is gone.
    ///
    /// # Errors
    /// [`Refusal`]s and [`Error::NameTaken`]: nothing is changed.
    pub(crate) async fn restore(
        &self,
        space: &Authorized<Space>,
        node: NodeId,
        editor: Editor,
    ) -> Result<Node, Error> {
        retrying(|| self.restore_once(space.get(), node, editor)).await
    }

    async fn restore_once(
        &self,
        space: &Space,
        node: NodeId,
        editor: Editor,
    ) -> Result<Node, Error> {
        let mut tx = self.db.begin(Scope::Tenant(space.tenant.as_str())).await?;
        self.hold(&mut tx, space.id, Hold::Alone).await?;
        let found = in_trash(&mut tx, space, node).await?;
        let mut node = found.ok_or_else(|| Failure::not_found("node in the trash"))?;
        let tree = deleted_with(&mut tx, node.id).await?;
        editor.may_change(tree.makers.iter().copied())?;
        let target = match node.parent {
            None => Folder::ROOT,
            Some(parent) => node_now(&mut tx, space, parent)
                .await?
                .map_or(Ok(Folder::ROOT), |parent| parent.as_folder())?,
        };
        let depth = target.tree_depth(tree.below(&node))?;
        free_for(&mut tx, space, target.id, &node.name, node.id).await?;
        revive(&mut tx, space, &node, target, depth).await?;
        tx.commit().await?;
        node.parent = target.id;
        node.depth = depth;
        node.deleted_at = None;
        Ok(node)
    }

    /// Removes a deleted node and all below it for good, and the bytes that nothing else refers to; answers how many
    /// nodes went: none when the node is not there.
    ///
    /// # Errors
    /// [`Refusal::NotYours`], [`Refusal::NotInTrash`]: nothing is changed.
    pub(crate) async fn purge(
        &self,
        space: &Authorized<Space>,
        node: NodeId,
        editor: Editor,
    ) -> Result<u64, Error> {
        retrying(|| self.purge_once(space.get(), node, editor)).await
    }

    async fn purge_once(&self, space: &Space, node: NodeId, editor: Editor) -> Result<u64, Error> {
        let mut tx = self.db.begin(Scope::Tenant(space.tenant.as_str())).await?;
        self.hold(&mut tx, space.id, Hold::Alone).await?;
        if in_trash(&mut tx, space, node).await?.is_none() {
            return match node_now(&mut tx, space, node).await? {
                Some(_) => Err(Refusal::NotInTrash.into()),
                None => Ok(0),
            };
        }
        let tree = deleted_with(&mut tx, node).await?;
        editor.may_change(tree.makers)?;
        let gone = self.remove(&mut tx, &space.tenant, node).await?;
        tx.commit().await?;
        Ok(gone)
    }
}

/// What stands in for the folded name of a deleted node: nobody can ask for it, since no name holds a slash.
fn trash_fold(node: &str) -> String {
    format!("/{node}")
}

async fn in_trash(tx: &mut Tx, space: &Space, node: NodeId) -> Result<Option<Node>, Error> {
    let row = tx
        .fetch_optional(
            concat!(
                "SELECT ",
                node_columns!(),
                " FROM nodes WHERE node_id = $1 AND space_id = $2 AND trashed_at IS NOT NULL"
            ),
            params![node.to_string(), space.id.to_string()],
        )
        .await?;
    row.as_ref().map(rows::node).transpose()
}

/// The tree that went into the trash as one.
async fn deleted_with(tx: &mut Tx, node: NodeId) -> Result<Summary, Error> {
    let rows = tx
        .fetch_all(
            "SELECT created_by, MAX(depth), COUNT(*) FROM nodes WHERE trash_id = $1 GROUP BY created_by",
            params![node.to_string()],
        )
        .await?;
    Summary::of(&rows)
}

async fn revive(
    tx: &mut Tx,
    space: &Space,
    node: &Node,
    target: Folder,
    depth: u32,
) -> Result<(), Error> {
    let id = node.id.to_string();
    tx.execute(
        "UPDATE nodes SET trash_id = NULL, depth = depth + $2 WHERE trash_id = $1",
        params![id.as_str(), i64::from(depth) - i64::from(node.depth)],
    )
    .await?;
    tx.execute(
        "UPDATE nodes
         SET parent_id = $2, name_fold = $3, trashed_at = NULL, trashed_by = NULL, trashed_from = NULL
         WHERE node_id = $1",
        params![id.as_str(), parent_key(target.id, space.id), node.name.folded()],
    )
    .await?;
    Ok(())
}

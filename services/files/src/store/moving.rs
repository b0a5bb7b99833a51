use preau_kernel::access::Authorized;
use preau_kernel::ids::NodeId;
use preau_kernel::names::Name;
use preau_storage_database::{Scope, Tx, params};

use super::holding::Hold;
use super::nodes::{folder, holder_of};
use super::rows::{parent_key, tree};
use super::trees;
use super::{Store, retrying};
use crate::domain::{Editor, Folder, Node, Refusal, Space};
use crate::error::Error;

impl Store {
    /// Gives a node another name where it is.
    ///
    /// # Errors
    /// [`Refusal::NotYours`], [`Error::NameTaken`]: nothing is changed.
    pub(crate) async fn rename(
        &self,
        space: &Authorized<Space>,
        node: NodeId,
        name: &Name,
        editor: Editor,
    ) -> Result<Node, Error> {
        retrying(|| self.rename_once(space.get(), node, name, editor)).await
    }

    async fn rename_once(
        &self,
        space: &Space,
        node: NodeId,
        name: &Name,
        editor: Editor,
    ) -> Result<Node, Error> {
        let mut tx = self.db.begin(Scope::Tenant(space.tenant.as_str())).await?;
        self.hold(&mut tx, space.id, Hold::Alone).await?;
        let mut node = trees::live(&mut tx, space, node).await?;
        editor.may_change([node.created_by])?;
        free_for(&mut tx, space, node.parent, name, node.id).await?;
        tx.execute(
            "UPDATE nodes SET name = $2, name_fold = $3 WHERE node_id = $1",
            params![node.id.to_string(), name.as_str(), name.folded()],
        )
        .await?;
        tx.commit().await?;
        node.name = name.clone();
        Ok(node)
    }

    /// Moves a node and all below it into a folder (`None`: the root) of a space of the same tenant.
    ///
    /// # Errors
    /// [`Refusal`]s and [`Error::NameTaken`]: nothing is changed.
    pub(crate) async fn move_node(
        &self,
        from: &Authorized<Space>,
        node: NodeId,
        to: &Authorized<Space>,
        parent: Option<NodeId>,
        editor: Editor,
    ) -> Result<Node, Error> {
        if from.get().tenant != to.get().tenant {
            return Err(Refusal::AcrossSchools.into());
        }
        retrying(|| self.move_once([from.get(), to.get()], node, parent, editor)).await
    }

    async fn move_once(
        &self,
        [from, to]: [&Space; 2],
        node: NodeId,
        parent: Option<NodeId>,
        editor: Editor,
    ) -> Result<Node, Error> {
        let mut tx = self.db.begin(Scope::Tenant(from.tenant.as_str())).await?;
        self.hold_both(&mut tx, [from, to], Hold::Alone).await?;
        let mut node = trees::live(&mut tx, from, node).await?;
        let target = folder(&mut tx, to, parent).await?;
        if let Some(parent) = parent
            && trees::contains(&mut tx, from, node.id, parent).await?
        {
            return Err(Refusal::IntoItself.into());
        }
        let tree = trees::summary(&mut tx, from, node.id).await?;
        editor.may_change(tree.makers.iter().copied())?;
        let depth = target.tree_depth(tree.below(&node))?;
        free_for(&mut tx, to, parent, &node.name, node.id).await?;
        relocate(&mut tx, from, &node, to, target, depth).await?;
        tx.commit().await?;
        node.space = to.id;
        node.parent = parent;
        node.depth = depth;
        Ok(node)
    }
}

/// The name is free in the folder, or the node's own.
pub(super) async fn free_for(
    tx: &mut Tx,
    space: &Space,
    parent: Option<NodeId>,
    name: &Name,
    node: NodeId,
) -> Result<(), Error> {
    match holder_of(tx, space, parent, name).await? {
        Some(by) if by != node => Err(Error::NameTaken { by: Some(by) }),
        _ => Ok(()),
    }
}

/// The tree first, while its top is still where it was found; then the top.
async fn relocate(
    tx: &mut Tx,
    from: &Space,
    node: &Node,
    to: &Space,
    target: Folder,
    depth: u32,
) -> Result<(), Error> {
    tx.execute(
        concat!(
            tree!(),
            "UPDATE nodes SET space_id = $3, depth = depth + $4 WHERE node_id IN (SELECT id FROM tree)"
        ),
        params![
            node.id.to_string(),
            from.id.to_string(),
            to.id.to_string(),
            i64::from(depth) - i64::from(node.depth),
        ],
    )
    .await?;
    tx.execute(
        "UPDATE nodes SET parent_id = $2 WHERE node_id = $1",
        params![node.id.to_string(), parent_key(target.id, to.id)],
    )
    .await?;
    Ok(())
}

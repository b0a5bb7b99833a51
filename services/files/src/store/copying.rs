use std::collections::HashMap;

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::failure::Failure;
use preau_kernel::ids::{NodeId, PersonId};
use preau_kernel::names::Name;
use preau_storage_database::{Scope, Tx};

use super::holding::Hold;
use super::nodes::{folder, insert};
use super::trees;
use super::{Store, retrying};
use crate::domain::{Node, Refusal, Space};
use crate::error::Error;

/// What a copy shall be: where, under which name, whose.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    /// `None`: in the root.
    pub(crate) parent: Option<NodeId>,
    /// `None`: the same.
    pub(crate) name: Option<Name>,
    pub(crate) person: PersonId,
}

impl Store {
    /// Copies a node and all below it into a space of the same tenant. The copies refer to the same contents, which
    /// cannot go meanwhile: whoever purges holds the space of what is copied alone.
    ///
    /// # Errors
    /// [`Refusal`]s and [`Error::NameTaken`]: nothing is changed.
    pub(crate) async fn copy(
        &self,
        from: &Authorized<Space>,
        node: NodeId,
        to: &Authorized<Space>,
        copy: &Copy,
        now: Timestamp,
    ) -> Result<Node, Error> {
        if from.get().tenant != to.get().tenant {
            return Err(Refusal::AcrossSchools.into());
        }
        retrying(|| self.copy_once([from.get(), to.get()], node, copy, now)).await
    }

    async fn copy_once(
        &self,
        [from, to]: [&Space; 2],
        node: NodeId,
        copy: &Copy,
        now: Timestamp,
    ) -> Result<Node, Error> {
        let mut tx = self.db.begin(Scope::Tenant(from.tenant.as_str())).await?;
        self.hold_both(&mut tx, [from, to], Hold::Together).await?;
        let originals = trees::nodes(&mut tx, from, node).await?;
        let top = originals
            .first()
            .ok_or_else(|| Failure::not_found("node"))?;
        let lowest = originals.last().map_or(top.depth, |node| node.depth);
        let target = folder(&mut tx, to, copy.parent).await?;
        let depth = target.tree_depth(lowest.saturating_sub(top.depth))?;
        let first = Node {
            id: NodeId::new(),
            space: to.id,
            parent: copy.parent,
            depth,
            name: copy.name.clone().unwrap_or_else(|| top.name.clone()),
            body: top.body.clone(),
            created_by: copy.person,
            created_at: now,
            deleted_at: None,
        };
        insert(&mut tx, to, &first).await?;
        copy_below(&mut tx, to, &originals, &first).await?;
        tx.commit().await?;
        Ok(first)
    }
}

/// Copies what is below the first of `originals`, whose copy is `first`: higher ones first, so that a folder's copy is
/// there before what goes into it.
async fn copy_below(
    tx: &mut Tx,
    to: &Space,
    originals: &[Node],
    first: &Node,
) -> Result<(), Error> {
    let Some((top, below)) = originals.split_first() else {
        return Ok(());
    };
    let mut copies = HashMap::from([(top.id, first.id)]);
    for original in below {
        let parent = original.parent.and_then(|parent| copies.get(&parent));
        let copy = Node {
            id: NodeId::new(),
            space: to.id,
            parent: Some(*parent.ok_or_else(|| Failure::internal("a tree with a node apart"))?),
            depth: first.depth + (original.depth - top.depth),
            created_by: first.created_by,
            created_at: first.created_at,
            ..original.clone()
        };
        insert(tx, to, &copy).await?;
        copies.insert(original.id, copy.id);
    }
    Ok(())
}

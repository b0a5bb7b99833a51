use preau_kernel::ids::{NodeId, SpaceId};
use preau_kernel::paging::{Keyset, cut};
use preau_rpc::Incoming;

use super::nodes::editor;
use super::{Files, Page};
use crate::domain::Node;
use crate::error::Error;
use crate::store::TrashKey;

impl Files {
    /// What was deleted and can be restored, the latest first: all of it for whoever may change all, else what the caller
    /// made or deleted.
    pub(crate) async fn list_trash(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        size: u32,
        after: &TrashKey,
    ) -> Result<Page<Node>, Error> {
        let caller = incoming.caller()?;
        let space = self.reach(incoming, &caller, space).await?;
        let only = editor(&caller, &space).sees_only();
        let nodes = self
            .store
            .trash_after(&space, only, after, size + 1)
            .await?;
        let (rows, next) = cut(nodes, size, |node| {
            let deleted_at = node.deleted_at.map_or(0, |at| at.0);
            Keyset(vec![deleted_at.to_string(), node.id.to_string()])
        });
        Ok(Page { rows, next })
    }

    /// Puts a deleted node back.
    pub(crate) async fn restore(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        node: NodeId,
    ) -> Result<Node, Error> {
        let caller = incoming.caller()?;
        let space = self.reach(incoming, &caller, space).await?;
        let editor = editor(&caller, &space);
        self.store.restore(&space, node, editor).await
    }

    /// Removes a deleted node for good; nothing when it is not there.
    pub(crate) async fn purge(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        node: NodeId,
    ) -> Result<(), Error> {
        let caller = incoming.caller()?;
        let space = self.reach(incoming, &caller, space).await?;
        let editor = editor(&caller, &space);
        self.store.purge(&space, node, editor).await?;
        Ok(())
    }
}

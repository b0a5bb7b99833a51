use preau_kernel::access::Authorized;
use preau_kernel::failure::Failure;
use preau_kernel::ids::{NodeId, SpaceId};
use preau_kernel::names::Name;
use preau_kernel::paging::{Keyset, cut};
use preau_rpc::Incoming;

use super::{Files, Page};
use crate::domain::{Deleter, Draft, Folder, Node, NodePath, Space};
use crate::error::Error;

/// How a node is named.
pub(crate) enum Which {
    Id(NodeId),
    Path(NodePath),
}

impl Files {
    /// What is in a folder (`None`: the root), by folded name.
    pub(crate) async fn list(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        folder: Option<NodeId>,
        size: u32,
        after: &str,
    ) -> Result<Page<Node>, Error> {
        let space = self.reach(incoming, &incoming.caller()?, space).await?;
        let folder = match folder {
            None => Folder::ROOT,
            Some(folder) => self.node_in(&space, folder, "folder").await?.as_folder()?,
        };
        let nodes = self.store.children_after(&space, folder, after, size + 1);
        let (rows, next) = cut(nodes.await?, size, |node| Keyset(vec![node.name.folded()]));
        Ok(Page { rows, next })
    }

    /// One node.
    pub(crate) async fn get(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        which: &Which,
    ) -> Result<Node, Error> {
        let space = self.reach(incoming, &incoming.caller()?, space).await?;
        match which {
            Which::Id(node) => self.node_in(&space, *node, "node").await,
            Which::Path(path) => self.node_at(&space, path).await,
        }
    }

    /// Makes a folder in a folder (`None`: in the root).
    pub(crate) async fn create_folder(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        parent: Option<NodeId>,
        name: Name,
    ) -> Result<Node, Error> {
        let caller = incoming.caller()?;
        let space = self.reach(incoming, &caller, space).await?;
        let person = caller.principal().person;
        let draft = Draft {
            parent,
            name,
            person,
        };
        self.store
            .create_folder(&space, &draft, self.clock.now())
            .await
    }

    /// Deletes a node and all that is in it; nothing when it is not there, so that a deletion whose answer was lost
    /// can be repeated.
    pub(crate) async fn delete(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        node: NodeId,
    ) -> Result<(), Error> {
        let caller = incoming.caller()?;
        let space = self.reach(incoming, &caller, space).await?;
        let deleter = Deleter::new(space.relation(), caller.principal().person);
        self.store.delete(&space, node, deleter).await?;
        Ok(())
    }

    /// A node of the space, or NOT_FOUND of `what` the caller takes it for.
    pub(super) async fn node_in(
        &self,
        space: &Authorized<Space>,
        node: NodeId,
        what: &str,
    ) -> Result<Node, Error> {
        let node = self.store.node(space, node).await?;
        Ok(node.ok_or_else(|| Failure::not_found(what))?)
    }

    async fn node_at(&self, space: &Authorized<Space>, path: &NodePath) -> Result<Node, Error> {
        let mut found: Option<Node> = None;
        for name in path.names() {
            let parent = found.as_ref().map(|node| node.id);
            let child = self.store.child(space, parent, name).await?;
            found = Some(child.ok_or_else(|| Failure::not_found("path"))?);
        }
        Ok(found.ok_or_else(|| Failure::not_found("path"))?)
    }
}

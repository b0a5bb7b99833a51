use preau_kernel::access::{Authorized, Caller};
use preau_kernel::failure::Failure;
use preau_kernel::ids::{NodeId, SpaceId};
use preau_kernel::names::Name;
use preau_kernel::paging::{Keyset, cut};
use preau_rpc::Incoming;

use super::{Files, Page};
use crate::domain::{Draft, Editor, Folder, Node, NodePath, Space};
use crate::error::Error;
use crate::store::{Copy, Deletion};

/// How a node is named.
pub(crate) enum Which {
    Id(NodeId),
    Path(NodePath),
}

/// A folder (`None`: the root) of a space.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) space: SpaceId,
    pub(crate) parent: Option<NodeId>,
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

    /// Gives a node another name.
    pub(crate) async fn rename(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        node: NodeId,
        name: &Name,
    ) -> Result<Node, Error> {
        let caller = incoming.caller()?;
        let space = self.reach(incoming, &caller, space).await?;
        let editor = editor(&caller, &space);
        self.store.rename(&space, node, name, editor).await
    }

    /// Moves a node and all below it. Whoever moves is at home in both spaces.
    pub(crate) async fn move_node(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        node: NodeId,
        to: Place,
    ) -> Result<Node, Error> {
        let caller = incoming.caller()?;
        let from = self.reach(incoming, &caller, space).await?;
        let target = self.reach(incoming, &caller, to.space).await?;
        let editor = editor(&caller, &from);
        self.store
            .move_node(&from, node, &target, to.parent, editor)
            .await
    }

    /// Copies a node and all below it, under a name or its own. Whoever copies is at home in both spaces.
    pub(crate) async fn copy(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        node: NodeId,
        to: Place,
        name: Option<Name>,
    ) -> Result<Node, Error> {
        let caller = incoming.caller()?;
        let from = self.reach(incoming, &caller, space).await?;
        let target = self.reach(incoming, &caller, to.space).await?;
        let copy = Copy {
            parent: to.parent,
            name,
            person: caller.principal().person,
        };
        self.store
            .copy(&from, node, &target, &copy, self.clock.now())
            .await
    }

    /// Moves a node and all that is in it to the trash; nothing when it is not there, so that a deletion whose answer was
    /// lost can be repeated.
    pub(crate) async fn delete(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        node: NodeId,
    ) -> Result<(), Error> {
        let caller = incoming.caller()?;
        let space = self.reach(incoming, &caller, space).await?;
        let deletion = Deletion {
            editor: editor(&caller, &space),
            person: caller.principal().person,
            at: self.clock.now(),
        };
        self.store.trash(&space, node, deletion).await
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

/// What the caller may change in the space, by the relation that was proved.
pub(super) fn editor(caller: &Caller, space: &Authorized<Space>) -> Editor {
    Editor::new(space.relation(), caller.principal().person)
}

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{ContentId, NodeId, PersonId, SpaceId};
use preau_kernel::names::Name;

use super::Refusal;

/// How many names a path has at most.
pub(crate) const MAX_DEPTH: u32 = 32;

/// A folder or a file in a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) space: SpaceId,
    /// `None`: in the root. In the trash: where it was.
    pub(crate) parent: Option<NodeId>,
    /// Names from the root, this one included.
    pub(crate) depth: u32,
    pub(crate) name: Name,
    pub(crate) body: Body,
    pub(crate) created_by: PersonId,
    pub(crate) created_at: Timestamp,
    /// Set while the node lies in the trash.
    pub(crate) deleted_at: Option<Timestamp>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Folder,
    File(FileBody),
}

/// The immutable bytes of a file: which, how many, and what `b3sum` prints of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileBody {
    pub(crate) content: ContentId,
    pub(crate) size: u64,
    pub(crate) blake3: [u8; 32],
}

impl Node {
    /// The node as a place for others.
    pub(crate) fn as_folder(&self) -> Result<Folder, Refusal> {
        match self.body {
            Body::Folder => Ok(Folder {
                id: Some(self.id),
                depth: self.depth,
            }),
            Body::File(_) => Err(Refusal::NotAFolder),
        }
    }

    /// The node's bytes.
    pub(crate) fn as_file(&self) -> Result<&FileBody, Refusal> {
        match &self.body {
            Body::File(file) => Ok(file),
            Body::Folder => Err(Refusal::NotAFile),
        }
    }
}

/// A folder as a place for nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    /// `None`: the root.
    pub(crate) id: Option<NodeId>,
    pub(crate) depth: u32,
}

impl Folder {
    /// The folder that every space has.
    pub(crate) const ROOT: Folder = Folder { id: None, depth: 0 };

    /// The depth of what is put in here, if anything may be.
    pub(crate) fn child_depth(&self) -> Result<u32, Refusal> {
        self.tree_depth(0)
    }

    /// The depth of the top of a tree that is put in here, if one that goes `below` further down may be.
    pub(crate) fn tree_depth(&self, below: u32) -> Result<u32, Refusal> {
        let top = self.depth.saturating_add(1);
        if top.saturating_add(below) <= MAX_DEPTH {
            Ok(top)
        } else {
            Err(Refusal::TooDeep)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_end_at_the_greatest_depth() {
        let at = |depth| Folder { id: None, depth };
        assert_eq!(Folder::ROOT.child_depth(), Ok(1));
        assert_eq!(at(MAX_DEPTH - 1).child_depth(), Ok(MAX_DEPTH));
        assert_eq!(at(MAX_DEPTH).child_depth(), Err(Refusal::TooDeep));
        assert_eq!(Folder::ROOT.tree_depth(MAX_DEPTH - 1), Ok(1));
        assert_eq!(Folder::ROOT.tree_depth(MAX_DEPTH), Err(Refusal::TooDeep));
    }
}

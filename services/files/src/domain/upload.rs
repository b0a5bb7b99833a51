use preau_kernel::access::Facts;
use preau_kernel::ids::{NodeId, PersonId, SpaceId, UploadId};
use preau_kernel::names::Name;

use super::{Refusal, Tenant};

/// A file on its way in: whose, and what it shall become. Its bytes are the vault's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upload {
    pub(crate) id: UploadId,
    pub(crate) space: SpaceId,
    pub(crate) tenant: Tenant,
    /// Where the file shall be; `None`: in the root.
    pub(crate) parent: Option<NodeId>,
    pub(crate) name: Name,
    pub(crate) person: PersonId,
    pub(crate) state: UploadState,
}

/// Open → committed, or open → aborted; nothing leads back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UploadState {
    Open,
    /// It became this file.
    Committed(NodeId),
    Aborted,
}

impl Upload {
    /// What the upload says about a caller: it is its maker's alone.
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            owner: Some(self.person),
            ..Facts::default()
        }
    }

    /// Whether it still takes parts.
    pub(crate) fn check_open(&self) -> Result<(), Refusal> {
        match self.state {
            UploadState::Open => Ok(()),
            UploadState::Committed(_) => Err(Refusal::Committed),
            UploadState::Aborted => Err(Refusal::Aborted),
        }
    }
}

/// A node that somebody wants to be: who, where, under which name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    /// `None`: in the root.
    pub(crate) parent: Option<NodeId>,
    pub(crate) name: Name,
    pub(crate) person: PersonId,
}

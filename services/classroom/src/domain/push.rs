use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{NodeId, PersonId, PushId};

use super::{Line, Link};

/// Pushes of a lesson at most: with a receipt of each pupil, what one answer holds.
pub(crate) const MAX_PUSHES: u32 = 200;

/// What was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Link(Link),
    /// Whether it is there and may be opened is for the service that keeps it to say, when a pupil opens it.
    Node(NodeId),
}

/// Something a teacher sent to every pupil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Push {
    pub(crate) id: PushId,
    pub(crate) what: What,
    pub(crate) title: Line,
    pub(crate) at: Timestamp,
}

impl Push {
    /// Whether `other`, under the same id, is the same push sent again.
    pub(crate) fn is_again(&self, other: &Push) -> bool {
        self.what == other.what && self.title == other.title
    }
}

/// What a pupil did with a push; the later includes the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Given {
    Received,
    Opened,
}

/// A pupil's answer to a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) person: PersonId,
    pub(crate) given: Given,
    pub(crate) at: Timestamp,
}

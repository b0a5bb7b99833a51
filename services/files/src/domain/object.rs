use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{ContentId, ObjectId};

use super::Refusal;

/// The tenant of all objects, whatever service keeps them: the platform, whose id no school has.
pub(crate) const PLATFORM: &str = "platform";

/// The workload that keeps an object here: its service's name, as the mesh has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner(String);

impl Owner {
    pub(crate) fn new(service: &str) -> Self {
        Self(service.to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Bytes that another service keeps here. They are in no space and have no name, so no user's call leads to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) id: ObjectId,
    pub(crate) size: u64,
    pub(crate) part_size: u32,
    pub(crate) part_count: u32,
    /// When it has to be committed.
    pub(crate) expires_at: Timestamp,
    pub(crate) state: ObjectState,
}

/// Open → committed; nothing leads back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObjectState {
    Open,
    Committed(Stored),
}

/// What an object became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) content: ContentId,
    pub(crate) blake3: [u8; 32],
}

impl Object {
    /// Whether it still takes parts.
    pub(crate) fn check_open(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.state {
            ObjectState::Committed(_) => Err(Refusal::ObjectCommitted),
            ObjectState::Open if self.expires_at <= now => Err(Refusal::ObjectExpired),
            ObjectState::Open => Ok(()),
        }
    }

    /// What there is to read.
    pub(crate) fn stored(&self) -> Result<Stored, Refusal> {
        match self.state {
            ObjectState::Committed(stored) => Ok(stored),
            ObjectState::Open => Err(Refusal::ObjectOpen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(state: ObjectState) -> Object {
        Object {
            id: ObjectId::new(),
            size: 1,
            part_size: 1024,
            part_count: 1,
            expires_at: Timestamp(1000),
            state,
        }
    }

    #[test]
    fn an_object_takes_parts_until_its_time_is_up_and_is_read_once_committed() {
        let open = object(ObjectState::Open);
        assert_eq!(open.check_open(Timestamp(999)), Ok(()));
        assert_eq!(
            open.check_open(Timestamp(1000)),
            Err(Refusal::ObjectExpired)
        );
        assert_eq!(open.stored(), Err(Refusal::ObjectOpen));

        let stored = Stored {
            content: ContentId::new(),
            blake3: [7; 32],
        };
        let committed = object(ObjectState::Committed(stored));
        assert_eq!(committed.stored(), Ok(stored));
        assert_eq!(
            committed.check_open(Timestamp(999)),
            Err(Refusal::ObjectCommitted)
        );
    }
}

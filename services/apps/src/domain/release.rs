use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{ObjectId, PersonId, ReleaseId};

use super::{AppId, KeyId, Line, Refusal, Signed, Version};

/// The platform's catalogue: what the operators' proof is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Catalogue;

/// A version of an app that somebody published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) id: ReleaseId,
    pub(crate) app: AppId,
    pub(crate) version: Version,
    pub(crate) name: Line,
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) signed: Signed,
    pub(crate) publisher: KeyId,
    pub(crate) created_at: Timestamp,
    pub(crate) state: ReleaseState,
}

/// Uploading → available; nothing leads back. An upload that is given up takes its release with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReleaseState {
    /// Its bytes come into this object; `None`: there is none just now.
    Uploading(Option<ObjectId>),
    Available(ObjectId),
}

/// Who announces a release, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announcement {
    pub(crate) by: PersonId,
    pub(crate) at: Timestamp,
}

impl Release {
    /// The bytes, once they are all there.
    pub(crate) fn available(&self) -> Result<ObjectId, Refusal> {
        match self.state {
            ReleaseState::Available(object) => Ok(object),
            ReleaseState::Uploading(_) => Err(Refusal::ReleaseNotAvailable),
        }
    }

    /// Where the bytes go while they come.
    pub(crate) fn uploading(&self) -> Result<ObjectId, Refusal> {
        match self.state {
            ReleaseState::Uploading(Some(object)) => Ok(object),
            ReleaseState::Uploading(None) => Err(Refusal::UploadExpired),
            ReleaseState::Available(_) => Err(Refusal::ReleaseAvailable),
        }
    }
}

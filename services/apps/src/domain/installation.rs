use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{DeviceId, ReleaseId};

use super::{AppId, Line};

/// What a device says became of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) app: AppId,
    pub(crate) outcome: Outcome,
}

/// Of which release, except where the app is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Fetching(ReleaseId),
    Installed(ReleaseId),
    /// And why, in the device's words.
    Failed(ReleaseId, Line),
    Removed,
}

impl Outcome {
    pub(crate) fn release(&self) -> Option<ReleaseId> {
        match self {
            Outcome::Fetching(release)
            | Outcome::Installed(release)
            | Outcome::Failed(release, _) => Some(*release),
            Outcome::Removed => None,
        }
    }
}

/// What a device last said of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Installation {
    pub(crate) device: DeviceId,
    pub(crate) report: Report,
    /// Of the release; empty where the app is gone.
    pub(crate) version: String,
    pub(crate) at: Timestamp,
}

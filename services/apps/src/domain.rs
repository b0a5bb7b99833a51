//! Publishers, releases, what schools want and devices have: types and rules. No I/O, no wire, no SQL.

mod app;
mod desired;
mod installation;
mod line;
mod manifest;
mod publisher;
mod release;

pub(crate) use app::{AppId, Version};
pub(crate) use desired::{
    Assignment, DesiredState, Device, MAX_APPS, MAX_FETCHES, School, Wanted, desired_hash,
};
pub(crate) use installation::{Installation, Outcome, Report};
pub(crate) use line::Line;
pub(crate) use manifest::{MAX_MANIFEST, MAX_SIZE, Manifest, Signed, check_file_name};
pub(crate) use publisher::{KeyId, MAX_PUBLISHERS, PublicKey, Publisher};
pub(crate) use release::{Announcement, Catalogue, Release, ReleaseState};

use preau_kernel::ids::ReleaseId;

/// Why a rule of the apps says no: the state is such, or a signature or hash is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// No publisher's key made the signature.
    #[error("no publisher of the platform signed this manifest: add the publisher, or sign again")]
    SignatureWrong,
    /// Another manifest, or another signature, of the same app and version.
    #[error("this app has another release of that version: choose a new version")]
    ReleaseExists {
        /// Which.
        release: ReleaseId,
    },
    /// A part for a release that is whole.
    #[error("the release is available and takes no more: publish a new version")]
    ReleaseAvailable,
    /// Assigned before its bytes were there.
    #[error("the release's bytes are not all there yet: finish it first")]
    ReleaseNotAvailable,
    /// The bytes were not all there in time, or somebody began anew.
    #[error(
        "this upload of the release's bytes is over: announce the release again and send them anew"
    )]
    UploadExpired,
    /// The bytes are not those that the publisher signed.
    #[error("the bytes are not those of the manifest and were dropped: send them again")]
    HashWrong,
    /// More than [`MAX_APPS`].
    #[error("the school's devices are to have {MAX_APPS} apps already: unassign one first")]
    TooManyApps,
    /// More than [`MAX_FETCHES`].
    #[error(
        "the device fetches {MAX_FETCHES} times at once already: end one first, then try again"
    )]
    TooManyFetches,
    /// More than [`MAX_PUBLISHERS`].
    #[error("the platform has {MAX_PUBLISHERS} publishers already, the most there can be")]
    TooManyPublishers,
}

//! Spaces, folders, files, uploads: types and rules. No I/O, no wire, no SQL.

mod editing;
mod link;
mod link_key;
mod node;
mod object;
mod path;
mod space;
mod upload;

pub(crate) use editing::{Editor, MAX_TREE};
pub(crate) use link::Link;
pub(crate) use link_key::{LinkKey, LinkToken, link_lifetime};
pub(crate) use node::{Body, FileBody, Folder, MAX_DEPTH, Node};
pub(crate) use object::{Object, ObjectState, Owner, PLATFORM, Stored};
pub(crate) use path::NodePath;
pub(crate) use space::{Holder, MyClass, PERSONAL, Space, Tenant};
pub(crate) use upload::{Draft, Upload, UploadState};

/// Files that a person reads at once, at most. Whoever opens one after the other and reads none of them holds some
/// megabytes of the platform's memory with each.
pub(crate) const MAX_READS: u32 = 16;

/// Why a rule of the files says no: the request is not wrong in itself, the state or the caller's part is such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Deeper than [`MAX_DEPTH`].
    #[error(
        "folders go {MAX_DEPTH} deep and this one is at the bottom: choose a folder further up"
    )]
    TooDeep,
    /// A pupil changes what somebody else made.
    #[error("this is, or holds, what somebody else made: ask a teacher of the class to do it")]
    NotYours,
    /// More than [`MAX_TREE`] nodes at once.
    #[error("the folder holds more than {MAX_TREE} things: do it for the folders in it first")]
    TooMany,
    /// A folder moves into itself, or into one below it.
    #[error("a folder cannot go into itself or below itself: choose a folder elsewhere")]
    IntoItself,
    /// From one tenant to another: the bytes are sealed under the first one's key.
    #[error("the two spaces belong to different schools: download it here and upload it there")]
    AcrossSchools,
    /// A node is purged that was not deleted.
    #[error("this is not in the trash: delete it first")]
    NotInTrash,
    /// A file where a folder is asked for.
    #[error("that is a file, not a folder: name a folder")]
    NotAFolder,
    /// A folder where a file is asked for.
    #[error("that is a folder, not a file: list it instead")]
    NotAFile,
    /// More than [`MAX_READS`].
    #[error("{MAX_READS} files are being read at once already: let one end first, then try again")]
    TooManyReads,
    /// The upload became a file already.
    #[error(
        "the upload is committed and takes no more: commit again to learn its file, or begin a new upload"
    )]
    Committed,
    /// The upload was given up.
    #[error("the upload was aborted: begin a new one")]
    Aborted,
    /// A part for an object that is whole.
    #[error("the object is committed and takes no more: create a new one")]
    ObjectCommitted,
    /// Its time was up before it was committed.
    #[error("the object was not committed in time: create a new one")]
    ObjectExpired,
    /// Bytes are read that may not be all there.
    #[error("the object is not committed yet: commit it first")]
    ObjectOpen,
}

//! Spaces, folders, files, uploads: types and rules. No I/O, no wire, no SQL.

mod deletion;
mod node;
mod path;
mod space;
mod upload;

pub(crate) use deletion::{Deleter, MAX_DELETED};
pub(crate) use node::{Body, FileBody, Folder, MAX_DEPTH, Node};
pub(crate) use path::NodePath;
pub(crate) use space::{MyClass, Space};
pub(crate) use upload::{Draft, Upload, UploadState};

/// Why a rule of the files says no: the request is not wrong in itself, the state or the caller's part is such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Deeper than [`MAX_DEPTH`].
    #[error(
        "folders go {MAX_DEPTH} deep and this one is at the bottom: choose a folder further up"
    )]
    TooDeep,
    /// A pupil deletes what somebody else made.
    #[error("this is, or holds, what somebody else made: ask a teacher of the class to delete it")]
    NotYours,
    /// More than [`MAX_DELETED`] nodes at once.
    #[error("the folder holds more than {MAX_DELETED} things: delete the folders in it first")]
    TooMany,
    /// A file where a folder is asked for.
    #[error("that is a file, not a folder: name a folder")]
    NotAFolder,
    /// A folder where a file is asked for.
    #[error("that is a folder, not a file: list it instead")]
    NotAFile,
    /// The upload became a file already.
    #[error(
        "the upload is committed and takes no more: commit again to learn its file, or begin a new upload"
    )]
    Committed,
    /// The upload was given up.
    #[error("the upload was aborted: begin a new one")]
    Aborted,
}

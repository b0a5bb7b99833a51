//! Files between this machine and a space: what `preau files` does.
//!
//! Every byte is checked end to end: parts by SHA-256 as they arrive at the server, the whole by
//! BLAKE3, computed here and there independently.

mod get;
mod listing;
mod notes;
mod progress;
mod put;
mod reader;
mod remote;
mod spaces;

pub(crate) use get::get;
pub(crate) use listing::{list, list_spaces, make_folder, remove};
pub(crate) use progress::bar;
pub(crate) use put::put;
pub(crate) use remote::RemoteName;

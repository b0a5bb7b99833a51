//! Decode, call, encode. No rule lives here.

pub(crate) mod devices;
pub(crate) mod directory;
pub(crate) mod imports;
pub(crate) mod session;

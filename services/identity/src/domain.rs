//! Types and rules of identity; no I/O, no tonic, no sqlx.

pub(crate) mod attempts;
pub(crate) mod directory;
pub(crate) mod first_use;
pub(crate) mod grants;
pub(crate) mod import;
pub(crate) mod keyring;
pub(crate) mod login;
pub(crate) mod password;
pub(crate) mod session;
pub(crate) mod session_token;

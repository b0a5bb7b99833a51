//! Use cases: authorize, apply the rule, store, leave an audit entry.

pub(crate) mod devices;
pub(crate) mod directory;
pub(crate) mod first_admin;
pub(crate) mod first_use;
pub(crate) mod granting;
pub(crate) mod imports;
pub(crate) mod keys;
pub(crate) mod minting;
pub(crate) mod sessions;

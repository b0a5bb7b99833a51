//! Stories through the mesh: real mutual TLS, real tokens, a real database.
#![expect(clippy::unwrap_used, reason = "tests")]

mod devices;
mod directory;
mod first_use;
mod granting;
mod import_rights;
mod importing;
mod names;
mod resetting;
mod sign_in;
mod world;

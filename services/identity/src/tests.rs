//! Stories through the mesh: real mutual TLS, real tokens, a real database.
#![expect(clippy::unwrap_used, reason = "tests")]

mod directory;
mod granting;
mod sign_in;
mod world;

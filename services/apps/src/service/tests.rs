//! Stories over the service's own surface: real mutual TLS, a real database, and `files`, `identity` and `devices` made
//! up for tests.
#![expect(clippy::unwrap_used, reason = "tests")]

mod catalogue;
mod delivery;
mod deployment;
mod directory;
mod files;
mod fleet;
mod person;
mod publisher;
mod sweeping;
mod uploading;
mod world;

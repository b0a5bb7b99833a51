//! The arrows between crates and the form of the sources.

#![expect(clippy::unwrap_used, reason = "tests")]

mod arrows;
mod lock;
mod sources;
mod workspace;

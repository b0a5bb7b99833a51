//! Stories through the mesh: a control plane on loopback, and processes that join it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod joining;
mod renewing;
mod world;

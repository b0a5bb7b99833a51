//! The shape of the workspace, kept by tests: which crate may know which, and
//! what every source file looks like.
//!
//! Everything is in `tests/`: `arrows` (who may depend on whom), `sources`
//! (files and their form), `lock` (what the build may contain). This crate knows
//! the layout of the repository and nothing of what the crates do.

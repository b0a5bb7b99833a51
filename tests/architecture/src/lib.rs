//! The arrows between crates, kept.

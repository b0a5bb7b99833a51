//! Releases, assignments, and what devices have of them.

//! Stories over the whole platform: the real binary, its own data directory and
//! ports, driven from outside. All of them are in `tests/`, one module a topic,
//! one test binary.
//!
//! What it must not know: anything that only holds inside a crate. That has its
//! tests there.

//! Use cases: who becomes a workload, and for how long.

pub(crate) mod tokens;
pub(crate) mod workloads;

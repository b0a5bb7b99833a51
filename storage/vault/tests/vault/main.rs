//! The vault through its public face: on both databases, under faults, against a model.
#![expect(clippy::unwrap_used, reason = "tests")]

mod corruption;
mod dedup;
mod faults;
mod lifecycle;
mod model;
mod orphans;
mod races;
mod reading;
mod refusals;
mod sealed;
mod support;

//! Types and rules of the control plane; no I/O.

pub(crate) mod join_token;
pub(crate) mod roles;

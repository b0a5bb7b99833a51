//! Apps from this machine: what `preau apps` does.

mod deployment;
mod publish;
mod publishers;
mod sign;

pub(crate) use deployment::{assign, releases, status, table, unassign};
pub(crate) use publish::publish;
pub(crate) use publishers::{add as add_publisher, list as publishers, make_key};
pub(crate) use sign::{Description, sign};

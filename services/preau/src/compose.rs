//! The composition root: a process built out of roles, once, top to bottom; run; drained.

mod admin_http;
mod database;
mod demo;
mod first_admin;
mod identities;
mod kek;
mod lock;
mod ports;
mod process;
mod roles;
mod signals;
mod signing_keys;
mod upkeep;

pub(crate) use database::migrate;
pub(crate) use first_admin::{FirstAdmin, create_first_admin};
pub(crate) use process::{Options, run};
pub(crate) use signals::Signals;

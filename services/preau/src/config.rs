//! Configuration: one TOML file, the environment over it, flags over that.

mod explain;
mod layers;
mod registry;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use layers::{Flags, load};
pub(crate) use registry::{markdown, table};
pub(crate) use settings::{Config, LogFormat};
pub(crate) use settings::{ROLES, is_role, parent};

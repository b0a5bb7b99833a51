//! The contract's services: decode → call → encode, nothing else.

mod catalogue;
mod delivery;
mod deployment;

pub(crate) use catalogue::Catalogue;
pub(crate) use delivery::Delivery;
pub(crate) use deployment::Deployment;

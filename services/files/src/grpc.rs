//! The contract's services: decode → call → encode, nothing else.

mod downloads;
mod nodes;
mod objects;
mod spaces;
mod uploads;

pub(crate) use downloads::Downloads;
pub(crate) use nodes::Nodes;
pub(crate) use objects::Objects;
pub(crate) use spaces::Spaces;
pub(crate) use uploads::Uploads;

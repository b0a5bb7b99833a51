//! The contract's services: decode → call → encode, nothing else.

mod downloads;
mod nodes;
mod spaces;
mod uploads;

pub(crate) use downloads::Downloads;
pub(crate) use nodes::Nodes;
pub(crate) use spaces::Spaces;
pub(crate) use uploads::Uploads;

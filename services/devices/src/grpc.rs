//! The contract's services: decode → call → encode, nothing else.

mod agent;
mod credentials;
mod fleet;

use std::sync::Arc;

use crate::service::Fleet;

/// The services of the role over the use cases.
pub(crate) struct Handler {
    fleet: Arc<Fleet>,
}

impl Handler {
    pub(crate) fn new(fleet: Arc<Fleet>) -> Self {
        Self { fleet }
    }
}

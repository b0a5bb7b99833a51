//! Use cases, each in the same order: look the object up → authorize → rule → store.

mod announcing;
mod catalogue;
mod delivery;
mod deployment;
mod fleet;
mod objects;
#[cfg(test)]
mod tests;
mod uploading;

use preau_kernel::at_once::AtOnce;
use preau_kernel::clock::Clock;
use preau_kernel::ids::DeviceId;
use preau_rpc::Schools;

pub use announcing::Swept;
pub(crate) use delivery::{Desired, Frame, Span};
pub(crate) use fleet::Fleet;
pub(crate) use objects::{Objects, Plan};

use crate::domain::MAX_FETCHES;
use crate::store::Store;

/// The use cases of the apps.
pub(crate) struct Apps {
    store: Store,
    objects: Objects,
    schools: Schools,
    fleet: Fleet,
    fetches: AtOnce<DeviceId>,
    clock: Clock,
}

/// A page of a list, and the token of the next one (empty on the last).
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) next: String,
}

impl Apps {
    pub(crate) fn new(
        store: Store,
        objects: Objects,
        schools: Schools,
        fleet: Fleet,
        clock: Clock,
    ) -> Self {
        Self {
            store,
            objects,
            schools,
            fleet,
            fetches: AtOnce::new(MAX_FETCHES),
            clock,
        }
    }
}

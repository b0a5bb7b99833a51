//! Use cases, each in the same order: look the object up → authorize → rule → store.

mod memberships;
mod nodes;
mod reading;
mod roster;
mod spaces;
#[cfg(test)]
mod tests;
mod uploads;

use preau_kernel::access::{Authorized, Caller};
use preau_kernel::clock::Clock;
use preau_kernel::failure::Failure;
use preau_kernel::ids::SpaceId;
use preau_rpc::Incoming;

pub use memberships::MEMBERSHIP_TTL;
pub(crate) use nodes::Which;
pub(crate) use reading::Span;
pub(crate) use roster::Roster;
pub(crate) use uploads::{MAX_PARALLEL, Progress};

use crate::domain::Space;
use crate::error::Error;
use crate::store::Store;
use memberships::Memberships;

/// The use cases of the files.
pub(crate) struct Files {
    store: Store,
    roster: Roster,
    memberships: Memberships,
    clock: Clock,
}

/// A page of a list, and the token of the next one (empty on the last).
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) next: String,
}

impl Files {
    pub(crate) fn new(store: Store, roster: Roster, clock: Clock) -> Self {
        Self {
            memberships: Memberships::new(roster.clone(), clock.clone()),
            store,
            roster,
            clock,
        }
    }

    /// The space, if the caller may do in it what the method does; else the same answer as for an unknown id.
    async fn reach(
        &self,
        incoming: &Incoming,
        caller: &Caller,
        space: SpaceId,
    ) -> Result<Authorized<Space>, Error> {
        let space = self
            .store
            .space(space)
            .await?
            .ok_or_else(|| Failure::not_found("space"))?;
        let person = caller.principal().person;
        let part = self
            .memberships
            .part(incoming.call(), space.class, person)
            .await?;
        Ok(caller.authorize_hidden("space", &space.facts(part), space)?)
    }
}

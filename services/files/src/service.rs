//! Use cases, each in the same order: look the object up → authorize → rule → store.

mod link_keys;
mod links;
mod nodes;
mod objects;
mod reading;
mod roster;
mod spaces;
#[cfg(test)]
mod tests;
mod trash;
mod uploads;

use preau_kernel::access::{Authorized, Caller, Part};
use preau_kernel::at_once::AtOnce;
use preau_kernel::clock::Clock;
use preau_kernel::failure::Failure;
use preau_kernel::ids::{PersonId, SpaceId};
use preau_mesh::Channel;
use preau_rpc::{Incoming, Memberships};

pub(crate) use links::MintedLink;
pub(crate) use nodes::{Place, Which};
pub(crate) use reading::Span;
pub(crate) use spaces::MySpace;
pub(crate) use uploads::{MAX_PARALLEL, Progress};

use crate::domain::{Holder, MAX_READS, Space};
use crate::error::Error;
use crate::store::Store;
use link_keys::LinkKeys;
use roster::Roster;

/// The use cases of the files.
pub(crate) struct Files {
    store: Store,
    roster: Roster,
    memberships: Memberships,
    link_keys: LinkKeys,
    reads: AtOnce<PersonId>,
    clock: Clock,
}

/// A page of a list, and the token of the next one (empty on the last).
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) next: String,
}

impl Files {
    /// `roster`: the way to it.
    pub(crate) fn new(store: Store, roster: Channel, clock: Clock) -> Self {
        Self {
            memberships: Memberships::new(roster.clone(), clock.clone()),
            link_keys: LinkKeys::default(),
            reads: AtOnce::new(MAX_READS),
            store,
            roster: Roster::new(roster),
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
        let part = self.part_in(incoming, caller, &space).await?;
        Ok(caller.authorize_hidden("space", &space.facts(part), space)?)
    }

    /// The caller's part in the space's class, as it was lately; nobody has a part in a person's space.
    async fn part_in(
        &self,
        incoming: &Incoming,
        caller: &Caller,
        space: &Space,
    ) -> Result<Option<Part>, Error> {
        let Holder::Class { id, .. } = space.holder else {
            return Ok(None);
        };
        let person = caller.principal().person;
        Ok(self.memberships.part(incoming.call(), id, person).await?)
    }
}

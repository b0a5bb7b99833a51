//! Use cases, each in the same order: look the object up → authorize → rule → store.

mod classes;
mod enrolments;
mod imports;
mod people;
#[cfg(test)]
mod tests;

use preau_kernel::access::{Authorized, Caller};
use preau_kernel::clock::Clock;
use preau_kernel::failure::Failure;
use preau_kernel::ids::ClassId;
use preau_rpc::Schools;

pub(crate) use classes::NewClass;
pub use imports::Recovered;
pub(crate) use imports::{Imports, PeopleImport};
pub(crate) use people::People;

use crate::domain::Class;
use crate::error::Error;
use crate::store::Store;

/// The roster's use cases.
pub(crate) struct Roster {
    store: Store,
    schools: Schools,
    people: People,
    clock: Clock,
}

/// A page of a list, and the token of the next one (empty on the last).
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) next: String,
}

impl Roster {
    pub(crate) fn new(store: Store, schools: Schools, people: People, clock: Clock) -> Self {
        Self {
            store,
            schools,
            people,
            clock,
        }
    }

    /// The class, if the caller may do to it what the method does; else the same answer as for an unknown id.
    async fn reach(&self, caller: &Caller, class: ClassId) -> Result<Authorized<Class>, Error> {
        let person = caller.principal().person;
        let standing = self
            .store
            .standing(class, person)
            .await?
            .ok_or_else(|| Failure::not_found("class"))?;
        let facts = standing.class.facts(standing.part);
        Ok(caller.authorize_hidden("class", &facts, standing.class)?)
    }
}

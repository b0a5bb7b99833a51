//! Use cases, each in the same order: look the object up → authorize → rule → store.

mod lessons;
mod presence;
mod roster;
mod teaching;
#[cfg(test)]
mod tests;
mod timing;
mod watching;

use preau_kernel::access::{Authorized, Part};
use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::failure::Failure;
use preau_kernel::ids::LessonId;
use preau_mesh::Channel;
use preau_rpc::{Incoming, Memberships};

pub(crate) use lessons::Snapshot;
pub use timing::Timing;
pub(crate) use watching::Following;

use crate::domain::{Lesson, Member};
use crate::error::Error;
use crate::store::{Store, Swept};
use presence::Presences;
use roster::Roster;

/// The use cases of the classroom.
pub(crate) struct Lessons {
    store: Store,
    roster: Roster,
    memberships: Memberships,
    presences: Presences,
    clock: Clock,
    timing: Timing,
}

/// A lesson that the caller may act on, and the caller in it.
struct Reached {
    lesson: Authorized<Lesson>,
    caller: Member,
}

impl Lessons {
    /// `roster`: the way to it.
    pub(crate) fn new(store: Store, roster: Channel, clock: Clock, timing: Timing) -> Self {
        Self {
            memberships: Memberships::new(roster.clone(), clock.clone()),
            presences: Presences::new(store.clone(), clock.clone()),
            store,
            roster: Roster::new(roster),
            clock,
            timing,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The lesson, if the caller may do in it what the method does; else the same answer as for an unknown id.
    async fn reach(&self, incoming: &Incoming, id: LessonId) -> Result<Reached, Error> {
        let hidden = || Failure::not_found("lesson");
        let lesson = self.store.lesson(id).await?.ok_or_else(hidden)?;
        let caller = incoming.caller()?;
        let person = caller.principal().person;
        let part = self
            .memberships
            .part(incoming.call(), lesson.class, person)
            .await?;
        let facts = lesson.facts(part);
        let lesson = caller.authorize_hidden("lesson", &facts, lesson)?;
        let part = part.ok_or_else(hidden)?;
        Ok(Reached {
            lesson,
            caller: Member { person, part },
        })
    }

    pub(crate) async fn sweep(&self) -> Result<Swept, Error> {
        self.presences.settle().await?;
        self.store.sweep(self.now()).await
    }

    pub(crate) async fn purge(&self) -> Result<u64, Error> {
        self.store.purge(self.now()).await
    }

    pub(crate) fn end_watches(&self) {
        self.presences.stop();
    }
}

impl Reached {
    fn teaches(&self) -> bool {
        self.caller.part == Part::Teacher
    }
}

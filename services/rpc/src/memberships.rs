//! Who is in which class, as the roster says: asked by a service on its own account, and believed for a few seconds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use preau_kernel::access::Part;
use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::failure::Failure;
use preau_kernel::ids::{ClassId, PersonId};
use preau_mesh::{Call, Channel};
use preau_proto::roster::v1::GetMembershipRequest;
use preau_proto::roster::v1::class_service_client::ClassServiceClient;

use crate::{convert, failure_of};

/// How long a membership is believed without asking the roster again: who is taken out of a class loses what is the
/// class's within this time, in every process. Who is put into one has it at once, since only memberships are remembered,
/// not their absence.
pub const MEMBERSHIP_TTL: Duration = Duration::from_secs(5);

/// Memberships remembered at most, 64 bytes or so each: a school day's readers of one process.
const MAX_KNOWN: usize = 20_000;

/// The roster's answers, remembered for [`MEMBERSHIP_TTL`].
pub struct Memberships {
    roster: ClassServiceClient<Channel>,
    clock: Clock,
    known: Mutex<Known>,
}

impl Memberships {
    /// Asks over a connection to the roster. Remembers nothing yet.
    #[must_use]
    pub fn new(roster: Channel, clock: Clock) -> Self {
        Self {
            roster: ClassServiceClient::new(roster),
            clock,
            known: Mutex::default(),
        }
    }

    /// The part a person has in a class, as it was at most [`MEMBERSHIP_TTL`] ago.
    ///
    /// # Errors
    /// The roster does not answer.
    pub async fn part(
        &self,
        call: &Call,
        class: ClassId,
        person: PersonId,
    ) -> Result<Option<Part>, Failure> {
        let now = self.clock.now();
        let known = self.lock().get(class, person, now);
        match known {
            Some(part) => Ok(Some(part)),
            None => self.part_now(call, class, person).await,
        }
    }

    /// The part a person has in a class, as the roster says now: one call.
    ///
    /// # Errors
    /// The roster does not answer.
    pub async fn part_now(
        &self,
        call: &Call,
        class: ClassId,
        person: PersonId,
    ) -> Result<Option<Part>, Failure> {
        // The age of an answer counts from the question: it may have been true no longer when it arrived.
        let asked = self.clock.now();
        let part = self.ask(call, class, person).await?;
        self.lock().set(class, person, part, asked);
        Ok(part)
    }

    async fn ask(
        &self,
        call: &Call,
        class: ClassId,
        person: PersonId,
    ) -> Result<Option<Part>, Failure> {
        let request = call.detached_request(GetMembershipRequest {
            class_id: class.to_string(),
            person_id: person.to_string(),
        });
        let response = self.roster.clone().get_membership(request).await;
        let response = response.map_err(|status| failure_of("roster", &status))?;
        Ok(convert::part(response.get_ref().part()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Known {
    parts: HashMap<(ClassId, PersonId), (Part, Timestamp)>,
}

impl Known {
    fn get(&self, class: ClassId, person: PersonId, now: Timestamp) -> Option<Part> {
        let (part, asked) = self.parts.get(&(class, person))?;
        fresh(*asked, now).then_some(*part)
    }

    fn set(&mut self, class: ClassId, person: PersonId, part: Option<Part>, asked: Timestamp) {
        let Some(part) = part else {
            self.parts.remove(&(class, person));
            return;
        };
        if self.parts.len() >= MAX_KNOWN {
            self.parts.retain(|_, (_, then)| fresh(*then, asked));
        }
        // Still full of fresh ones: forgetting all of them costs some questions, and no memory.
        if self.parts.len() >= MAX_KNOWN {
            self.parts.clear();
        }
        self.parts.insert((class, person), (part, asked));
    }
}

/// A clock that was set back must not keep an answer alive.
fn fresh(asked: Timestamp, now: Timestamp) -> bool {
    asked <= now && now.since(asked) < MEMBERSHIP_TTL
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000_000_000);

    #[test]
    fn a_membership_is_believed_for_its_time_and_no_longer() {
        let (class, person) = (ClassId::new(), PersonId::new());
        let mut known = Known::default();
        known.set(class, person, Some(Part::Student), START);

        let last = Timestamp(START.plus(MEMBERSHIP_TTL).0 - 1);
        assert_eq!(known.get(class, person, last), Some(Part::Student));
        assert_eq!(known.get(class, person, START.plus(MEMBERSHIP_TTL)), None);
        assert_eq!(known.get(class, person, Timestamp(START.0 - 1)), None);
        assert_eq!(known.get(ClassId::new(), person, START), None);
    }

    #[test]
    fn the_news_that_somebody_left_forgets_them() {
        let (class, person) = (ClassId::new(), PersonId::new());
        let mut known = Known::default();
        known.set(class, person, Some(Part::Teacher), START);
        known.set(class, person, None, START);
        assert_eq!(known.get(class, person, START), None);
    }

    #[test]
    fn no_more_is_remembered_than_memory_allows() {
        let class = ClassId::new();
        let mut known = Known::default();
        for _ in 0..=MAX_KNOWN {
            known.set(class, PersonId::new(), Some(Part::Student), START);
        }
        assert!(known.parts.len() <= MAX_KNOWN);
    }
}

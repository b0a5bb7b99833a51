//! What happens during a lesson: hands, pushes and their receipts, the focus.

use preau_kernel::failure::Failure;
use preau_kernel::ids::{LessonId, PersonId, PushId};
use preau_rpc::Incoming;

use super::{Lessons, Reached};
use crate::domain::{Focus, Given, Line, Member, Push, Receipt, Refusal};
use crate::error::Error;

impl Lessons {
    /// Raises or lowers the caller's hand, or, for a teacher, lowers somebody else's.
    pub(crate) async fn set_hand(
        &self,
        incoming: &Incoming,
        id: LessonId,
        person: Option<PersonId>,
        raised: bool,
    ) -> Result<(), Error> {
        let reached = self.reach(incoming, id).await?;
        let member = match person {
            Some(person) if person != reached.caller.person => {
                self.somebody_else(incoming, &reached, person, raised)
                    .await?
            }
            _ => reached.caller,
        };
        self.store
            .set_hand(&reached.lesson, member, raised, self.now())
            .await
    }

    async fn somebody_else(
        &self,
        incoming: &Incoming,
        reached: &Reached,
        person: PersonId,
        raised: bool,
    ) -> Result<Member, Error> {
        if !reached.teaches() {
            return Err(Refusal::NotTheTeacher.into());
        }
        if raised {
            let problem =
                "somebody else's hand can only be lowered: leave person_id empty for your own";
            return Err(Failure::invalid("raised", problem).into());
        }
        let class = reached.lesson.get().class;
        let part = self
            .memberships
            .part(incoming.call(), class, person)
            .await?;
        let part = part.ok_or_else(|| Failure::not_found("person"))?;
        Ok(Member { person, part })
    }

    /// Sends something to every pupil.
    pub(crate) async fn push(
        &self,
        incoming: &Incoming,
        id: LessonId,
        wanted: &Push,
    ) -> Result<Push, Error> {
        let Reached { lesson, .. } = self.reach(incoming, id).await?;
        self.store.push(&lesson, wanted).await
    }

    /// The calling pupil's receipt.
    pub(crate) async fn acknowledge(
        &self,
        incoming: &Incoming,
        id: LessonId,
        push: PushId,
        given: Given,
    ) -> Result<(), Error> {
        let Reached { lesson, caller } = self.reach(incoming, id).await?;
        let now = self.now();
        let receipt = Receipt {
            person: caller.person,
            given,
            at: now,
        };
        self.store.acknowledge(&lesson, push, receipt, now).await
    }

    /// Takes or renews the focus for the caller.
    pub(crate) async fn hold_focus(
        &self,
        incoming: &Incoming,
        id: LessonId,
        message: &Line,
    ) -> Result<Focus, Error> {
        let Reached { lesson, caller } = self.reach(incoming, id).await?;
        self.store
            .hold_focus(&lesson, caller.person, message, self.now())
            .await
    }

    /// Ends the caller's focus.
    pub(crate) async fn release_focus(
        &self,
        incoming: &Incoming,
        id: LessonId,
    ) -> Result<(), Error> {
        let Reached { lesson, caller } = self.reach(incoming, id).await?;
        self.store
            .release_focus(&lesson, caller.person, self.now())
            .await
    }
}

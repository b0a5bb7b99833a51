use preau_kernel::ids::{ClassId, PersonId};
use preau_kernel::paging::{Keyset, cut};
use preau_rpc::Incoming;

use super::{Page, Roster};
use crate::domain::{Member, Standing};
use crate::error::Error;

impl Roster {
    /// Enrols a person of the school, or changes the part of one who is enrolled.
    pub(crate) async fn enrol(
        &self,
        incoming: &Incoming,
        class: ClassId,
        member: Member,
    ) -> Result<(), Error> {
        let class = self.reach(&incoming.caller()?, class).await?;
        class.get().admits(member.person, member.part)?;
        let (school, now) = (class.get().school.id, self.clock.now());
        self.people
            .belongs(incoming.call(), member.person, school, now)
            .await?;
        self.store.enrol(&class, member, now).await
    }

    /// Takes a person out of a class; nothing when the person is not in it.
    pub(crate) async fn unenrol(
        &self,
        incoming: &Incoming,
        class: ClassId,
        person: PersonId,
    ) -> Result<(), Error> {
        let class = self.reach(&incoming.caller()?, class).await?;
        class.get().lets_go(person)?;
        self.store.unenrol(&class, person).await
    }

    /// The members of a class, in the order of their ids.
    pub(crate) async fn members(
        &self,
        incoming: &Incoming,
        class: ClassId,
        size: u32,
        after: &str,
    ) -> Result<Page<Member>, Error> {
        let class = self.reach(&incoming.caller()?, class).await?;
        let rows = self.store.members_after(&class, after, size + 1).await?;
        let (rows, next) = cut(rows, size, |member| Keyset(vec![member.person.to_string()]));
        Ok(Page { rows, next })
    }

    /// How a person stands to a class: for other services, which the mesh has let through; `None` for no such class.
    pub(crate) async fn membership(
        &self,
        class: ClassId,
        person: PersonId,
    ) -> Result<Option<Standing>, Error> {
        self.store.standing(class, person).await
    }
}

use preau_kernel::access::Authorized;
use preau_kernel::ids::{ClassId, PersonId, SchoolId};
use preau_kernel::names::Name;
use preau_kernel::paging::{Keyset, cut};
use preau_rpc::Incoming;

use super::{Page, Roster};
use crate::domain::{Class, MyClass, School};
use crate::error::Error;

/// A class that somebody wants to be.
pub(crate) struct NewClass {
    pub(crate) school: SchoolId,
    pub(crate) name: Name,
    pub(crate) main_teacher: PersonId,
}

impl Roster {
    /// Makes a class with its main teacher, who is of its school, in it.
    pub(crate) async fn create_class(
        &self,
        incoming: &Incoming,
        wanted: NewClass,
    ) -> Result<Class, Error> {
        let school = self.reach_school(incoming, wanted.school).await?;
        self.people
            .belongs(
                incoming.call(),
                wanted.main_teacher,
                wanted.school,
                self.clock.now(),
            )
            .await?;
        let class = Class {
            id: ClassId::new(),
            school: *school.get(),
            name: wanted.name,
            main_teacher: wanted.main_teacher,
        };
        self.store
            .create_class(&school, &class, self.clock.now())
            .await?;
        Ok(class)
    }

    /// One class.
    pub(crate) async fn class(&self, incoming: &Incoming, class: ClassId) -> Result<Class, Error> {
        let class = self.reach(&incoming.caller()?, class).await?;
        Ok(class.into_inner())
    }

    /// The classes the caller is enrolled in.
    pub(crate) async fn my_classes(&self, incoming: &Incoming) -> Result<Vec<MyClass>, Error> {
        let person = incoming.caller()?.authorize_self()?;
        self.store.classes_of(&person).await
    }

    /// The classes of a school by name.
    pub(crate) async fn classes(
        &self,
        incoming: &Incoming,
        school: SchoolId,
        size: u32,
        after: &str,
    ) -> Result<Page<Class>, Error> {
        let school = self.reach_school(incoming, school).await?;
        let rows = self.store.classes_after(&school, after, size + 1).await?;
        let (rows, next) = cut(rows, size, |class| Keyset(vec![class.name.folded()]));
        Ok(Page { rows, next })
    }

    async fn reach_school(
        &self,
        incoming: &Incoming,
        school: SchoolId,
    ) -> Result<Authorized<School>, Error> {
        let caller = incoming.caller()?;
        let authority = self.schools.authority(incoming.call(), school).await?;
        let school = School {
            id: school,
            authority,
        };
        Ok(caller.authorize_hidden("school", &school.facts(), school)?)
    }
}

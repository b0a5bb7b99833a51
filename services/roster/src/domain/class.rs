use preau_kernel::access::{Facts, Part};
use preau_kernel::ids::{AuthorityId, ClassId, PersonId, SchoolId};
use preau_kernel::names::Name;

use super::Refusal;

/// A school as far as a class must know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct School {
    pub(crate) id: SchoolId,
    pub(crate) authority: AuthorityId,
}

impl School {
    /// What the school alone says about a caller's standing.
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            school: Some(self.id),
            authority: Some(self.authority),
            ..Facts::default()
        }
    }
}

/// A class of a school. Its name is unique there under casefold(NFC).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) id: ClassId,
    pub(crate) school: School,
    pub(crate) name: Name,
    /// The teacher answerable for the class: enrolled as its teacher as long as the class exists.
    pub(crate) main_teacher: PersonId,
}

impl Class {
    /// What the class says about a caller who has `part` in it.
    pub(crate) fn facts(&self, part: Option<Part>) -> Facts {
        Facts {
            part,
            ..self.school.facts()
        }
    }

    /// Whether `person` may have `part` in the class.
    pub(crate) fn admits(&self, person: PersonId, part: Part) -> Result<(), Refusal> {
        if person == self.main_teacher && part != Part::Teacher {
            return Err(Refusal::MainTeacherTeaches);
        }
        Ok(())
    }

    /// Whether `person` may leave the class.
    pub(crate) fn lets_go(&self, person: PersonId) -> Result<(), Refusal> {
        if person == self.main_teacher {
            return Err(Refusal::MainTeacherStays);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class() -> Class {
        Class {
            id: ClassId::new(),
            school: School {
                id: SchoolId::new(),
                authority: AuthorityId::new(),
            },
            name: Name::parse("2nde B").expect("a name"),
            main_teacher: PersonId::new(),
        }
    }

    #[test]
    fn the_main_teacher_stays_and_teaches() {
        let class = class();
        let main = class.main_teacher;
        assert_eq!(class.lets_go(main), Err(Refusal::MainTeacherStays));
        assert_eq!(
            class.admits(main, Part::Student),
            Err(Refusal::MainTeacherTeaches)
        );
        assert_eq!(class.admits(main, Part::Teacher), Ok(()));
    }

    #[test]
    fn anybody_else_comes_and_goes() {
        let class = class();
        let person = PersonId::new();
        assert_eq!(class.admits(person, Part::Student), Ok(()));
        assert_eq!(class.admits(person, Part::Teacher), Ok(()));
        assert_eq!(class.lets_go(person), Ok(()));
    }
}

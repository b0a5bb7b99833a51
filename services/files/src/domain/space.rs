use std::fmt;

use preau_kernel::access::{Facts, Grant, Part, Principal, Role, Scope};
use preau_kernel::ids::{AuthorityId, ClassId, PersonId, SchoolId, SpaceId};

/// What a personal space is called where nobody knows better; whoever shows it goes by its kind.
pub(crate) const PERSONAL: &str = "Personal";

/// A place for files: one per class, named after it, and one per person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    pub(crate) id: SpaceId,
    pub(crate) holder: Holder,
    /// The tenant of everything in the space.
    pub(crate) tenant: Tenant,
    /// The class's name when its space was last listed.
    pub(crate) name: String,
}

/// Whose a space is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Class {
        id: ClassId,
        school: SchoolId,
        authority: AuthorityId,
    },
    Person(PersonId),
}

impl Space {
    /// What the space says about a caller who has `part` in its class.
    pub(crate) fn facts(&self, part: Option<Part>) -> Facts {
        match self.holder {
            Holder::Class {
                school, authority, ..
            } => Facts {
                owner: None,
                school: Some(school),
                authority: Some(authority),
                part,
            },
            Holder::Person(owner) => Facts {
                owner: Some(owner),
                ..Facts::default()
            },
        }
    }
}

/// Whose key seals the bytes and whose rows they are: the school's. Somebody without a school is a tenant through
/// their authority, or alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tenant(String);

impl Tenant {
    /// As it was stored.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    /// A person's own.
    pub(crate) fn of(person: &Principal) -> Self {
        match (person.school, person.authority) {
            (Some(school), _) => school.into(),
            (None, Some(authority)) => Self(authority.to_string()),
            (None, None) => Self(person.person.to_string()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<SchoolId> for Tenant {
    fn from(school: SchoolId) -> Self {
        Self(school.to_string())
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A class of the caller's, as the roster tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MyClass {
    pub(crate) id: ClassId,
    pub(crate) school: SchoolId,
    pub(crate) authority: AuthorityId,
    pub(crate) name: String,
    /// The caller's.
    pub(crate) part: Part,
}

impl MyClass {
    /// Whether the caller may change what others made in the class's space: as the TEACHES rules of the contract have
    /// it, for whom both the part and the grant must be a teacher's.
    pub(crate) fn is_moderated_by(&self, caller: &Principal) -> bool {
        let teaches_here = |grant: &Grant| {
            grant.role == Role::Teacher
                && match grant.scope {
                    Scope::Platform => true,
                    Scope::Authority(authority) => authority == self.authority,
                    Scope::School(school) => school == self.school,
                }
        };
        self.part == Part::Teacher && caller.grants.iter().any(teaches_here)
    }
}

#[cfg(test)]
mod tests {
    use preau_kernel::ids::SessionId;

    use super::*;

    fn teacher_at(school: SchoolId) -> Principal {
        Principal {
            person: PersonId::new(),
            session: SessionId::new(),
            school: Some(school),
            authority: Some(AuthorityId::new()),
            grants: vec![Grant {
                role: Role::Teacher,
                scope: Scope::School(school),
            }],
        }
    }

    #[test]
    fn a_person_is_a_tenant_through_the_nearest_that_holds_them() {
        let mut person = teacher_at(SchoolId::new());
        let tenant = |person: &Principal| Tenant::of(person).to_string();
        assert_eq!(
            Some(tenant(&person)),
            person.school.map(|id| id.to_string())
        );
        person.school = None;
        assert_eq!(
            Some(tenant(&person)),
            person.authority.map(|id| id.to_string())
        );
        person.authority = None;
        assert_eq!(tenant(&person), person.person.to_string());
    }

    #[test]
    fn who_moderates_has_both_the_part_and_the_grant_of_a_teacher() {
        let mut class = MyClass {
            id: ClassId::new(),
            school: SchoolId::new(),
            authority: AuthorityId::new(),
            name: "2nde B".to_owned(),
            part: Part::Teacher,
        };
        let (here, elsewhere) = (teacher_at(class.school), teacher_at(SchoolId::new()));
        assert!(class.is_moderated_by(&here));
        assert!(!class.is_moderated_by(&elsewhere));
        class.part = Part::Student;
        assert!(!class.is_moderated_by(&here));
    }
}

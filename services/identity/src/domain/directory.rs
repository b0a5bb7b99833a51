//! Authorities, schools and people.

use preau_kernel::access::{Facts, Principal, Relation, Role, Scope};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{AuthorityId, PersonId, SchoolId};
use preau_kernel::names::{Name, fold};
use preau_kernel::uai::Uai;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::grants::DatedGrant;
use super::login::Login;

/// A local authority that equips schools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) id: AuthorityId,
    pub(crate) name: Name,
}

/// A school of an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct School {
    pub(crate) id: SchoolId,
    pub(crate) authority: AuthorityId,
    pub(crate) uai: Uai,
    pub(crate) name: Name,
}

impl School {
    /// What relations to this school go by.
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            school: Some(self.id),
            authority: Some(self.authority),
            ..Facts::default()
        }
    }
}

/// Where a person's rows live: the tenant of row-level security.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// A person of the platform or of an authority.
    Platform,
    /// A person of a school, and that school's authority.
    School {
        id: SchoolId,
        authority: AuthorityId,
    },
}

impl Home {
    pub(crate) fn tenant(self) -> String {
        match self {
            Home::Platform => "platform".to_owned(),
            Home::School { id, .. } => id.to_string(),
        }
    }

    pub(crate) fn school(self) -> Option<SchoolId> {
        match self {
            Home::Platform => None,
            Home::School { id, .. } => Some(id),
        }
    }

    pub(crate) fn authority(self) -> Option<AuthorityId> {
        match self {
            Home::Platform => None,
            Home::School { authority, .. } => Some(authority),
        }
    }
}

/// A person with everything on record about what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: PersonId,
    pub(crate) home: Home,
    pub(crate) given: Name,
    pub(crate) family: Name,
    /// None without a local account.
    pub(crate) login: Option<String>,
    pub(crate) grants: Vec<DatedGrant>,
}

impl Person {
    /// What relations to this person go by.
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            owner: Some(self.id),
            school: self.home.school(),
            authority: self.home.authority(),
            ..Facts::default()
        }
    }

    /// Hides the login from whoever only teaches here: it is half of what signs a person in.
    pub(crate) fn shown_to(mut self, principal: &Principal, relation: Relation) -> Person {
        let administers = |school| {
            let grant = |g: &preau_kernel::access::Grant| {
                g.role == Role::SchoolAdmin && g.scope == Scope::School(school)
            };
            principal.grants.iter().any(grant)
        };
        let shown = match relation {
            Relation::Itself | Relation::Authority | Relation::Platform => true,
            Relation::School => {
                principal.person == self.id || self.home.school().is_some_and(administers)
            }
            Relation::Member | Relation::Teaches => false,
        };
        if !shown {
            self.login = None;
        }
        self
    }
}

/// What a person is called, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PersonName {
    pub(crate) id: PersonId,
    pub(crate) given: Name,
    pub(crate) family: Name,
}

/// A person about to be stored, with a first grant and perhaps an account.
#[derive(Clone, Debug)]
pub(crate) struct NewPerson {
    pub(crate) id: PersonId,
    pub(crate) home: Home,
    pub(crate) given: Name,
    pub(crate) family: Name,
    pub(crate) account: Option<NewAccount>,
    pub(crate) grant: DatedGrant,
    pub(crate) created: Timestamp,
}

/// A local account about to be stored.
#[derive(Clone, Debug)]
pub(crate) struct NewAccount {
    pub(crate) login: Login,
    /// A PHC string.
    pub(crate) password_hash: String,
}

impl From<NewPerson> for Person {
    fn from(new: NewPerson) -> Person {
        Person {
            id: new.id,
            home: new.home,
            given: new.given,
            family: new.family,
            login: new.account.map(|account| account.login.text().to_owned()),
            grants: vec![new.grant],
        }
    }
}

/// What people are sorted by: without case and accents, so that Éric comes before Fanny.
pub(crate) fn sort_key(name: &Name) -> String {
    fold(name.as_str())
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_case_do_not_change_the_order() {
        let key = |text: &str| sort_key(&Name::parse(text).expect("a name"));
        assert_eq!(key("ÉRIC"), key("eric"));
        assert!(key("Éric") < key("Fanny"));
        assert!(key("Çelik") < key("Da Silva"));
    }
}

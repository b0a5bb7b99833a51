//! Who is calling, how the caller stands to an object, and the proof that it suffices.
//!
//! The mesh has checked the calling workload, the token and the caller's roles. What it cannot know is the object:
//! the use case loads it, states the [`Facts`], and [`Caller::authorize`] says whether one of the relations that the
//! contract declared holds. Only then there is an [`Authorized`] value, and only with one the store can be called.

use std::fmt;
use std::sync::Arc;

use crate::failure::{Failure, Kind};
use crate::ids::{AuthorityId, PersonId, SchoolId, SessionId};

/// The roles of the contract that a grant can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A pupil of a school.
    Student,
    /// A teacher of a school.
    Teacher,
    /// Administers a school.
    SchoolAdmin,
    /// Administers every school of an authority.
    AuthorityAdmin,
    /// Operates the platform.
    PlatformAdmin,
    /// An enrolled device of a school. No grant that anybody gives: `identity` says it of devices only.
    Device,
}

/// What a grant is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everything.
    Platform,
    /// One authority and all its schools.
    Authority(AuthorityId),
    /// One school.
    School(SchoolId),
}

/// A role on a scope, in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// What it is on.
    pub scope: Scope,
}

/// A verified person behind a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Who.
    pub person: PersonId,
    /// Through which sign-in.
    pub session: SessionId,
    /// The person's school, for whoever belongs to one.
    pub school: Option<SchoolId>,
    /// Its authority, or the person's own.
    pub authority: Option<AuthorityId>,
    /// What the person may be, at most 64.
    pub grants: Vec<Grant>,
}

impl Principal {
    /// Whether a grant of whatever role of people reaches the object's school. Being enrolled in a class without it is
    /// no right: whoever has left a school may still stand in its lists. A device is nobody at its school in this sense.
    #[must_use]
    pub fn reaches(&self, facts: &Facts) -> bool {
        self.grants
            .iter()
            .any(|grant| grant.role != Role::Device && within(grant.scope, facts))
    }
}

/// The relations of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The object is the caller, or the caller's.
    Itself,
    /// The caller is enrolled in the object's class.
    Member,
    /// The caller teaches the object's class.
    Teaches,
    /// The caller's grant is on the object's school.
    School,
    /// The caller's grant is on the object's authority.
    Authority,
    /// The caller's grant is on the platform.
    Platform,
}

/// A way to be allowed that the caller's roles fit: one rule of the method's policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Roles the rule speaks of.
    pub roles: Vec<Role>,
    /// What must hold.
    pub relation: Relation,
}

/// The part somebody has in a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Learns there.
    Student,
    /// Teaches there.
    Teacher,
}

/// What a use case knows of an object. What it does not know does not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whom the object is or belongs to.
    pub owner: Option<PersonId>,
    /// The object's school.
    pub school: Option<SchoolId>,
    /// The object's authority, or its school's.
    pub authority: Option<AuthorityId>,
    /// The caller's part in the object's class.
    pub part: Option<Part>,
}

/// A principal at one method, with the rules it may use and the duty to show that one holds.
#[derive(Clone)]
pub struct Caller {
    principal: Principal,
    rules: Vec<Rule>,
    on_proof: Arc<dyn Fn() + Send + Sync>,
}

/// Proof that a relation of the contract holds between the caller and `T`.
///
/// Only [`Caller::authorize`] makes one, and a store that asks for one cannot be called without.
#[derive(Debug)]
pub struct Authorized<T> {
    object: T,
    relation: Relation,
}

impl<T> Authorized<T> {
    /// The object.
    pub fn get(&self) -> &T {
        &self.object
    }

    /// The object, the proof used up.
    pub fn into_inner(self) -> T {
        self.object
    }

    /// Which relation held: the first of the policy's that did.
    pub fn relation(&self) -> Relation {
        self.relation
    }

    /// A proof about something that belongs to the object, as a folder to its space.
    pub fn map<U>(self, part: impl FnOnce(T) -> U) -> Authorized<U> {
        Authorized {
            object: part(self.object),
            relation: self.relation,
        }
    }
}

impl Caller {
    /// A caller with the rules of the method that its roles fit. `on_proof` is called at every proof: the mesh
    /// withholds an answer that was given without one.
    pub fn new(
        principal: Principal,
        rules: Vec<Rule>,
        on_proof: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            principal,
            rules,
            on_proof: Arc::new(on_proof),
        }
    }

    /// Who is calling.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The relation that holds, if one of the method's does.
    #[must_use]
    pub fn relation(&self, facts: &Facts) -> Option<Relation> {
        self.rules
            .iter()
            .find(|rule| self.holds(rule, facts))
            .map(|rule| rule.relation)
    }

    /// A proof about `object`, or the failure for whoever may know that it exists.
    ///
    /// # Errors
    /// PERMISSION_DENIED. Where even existence is secret use [`Caller::authorize_hidden`].
    pub fn authorize<T>(&self, facts: &Facts, object: T) -> Result<Authorized<T>, Failure> {
        self.prove(facts, object).ok_or_else(|| {
            let text = "your roles do not reach this: ask an administrator of the school";
            Failure::new(Kind::PermissionDenied, "RELATION_MISSING", text)
        })
    }

    /// A proof about `object`, or the same failure as for an id that was never given out.
    ///
    /// # Errors
    /// NOT_FOUND of `what`.
    pub fn authorize_hidden<T>(
        &self,
        what: &str,
        facts: &Facts,
        object: T,
    ) -> Result<Authorized<T>, Failure> {
        self.prove(facts, object)
            .ok_or_else(|| Failure::not_found(what))
    }

    /// A proof about the caller's own things.
    ///
    /// # Errors
    /// PERMISSION_DENIED when the method's policy has no SELF rule for the caller.
    pub fn authorize_self(&self) -> Result<Authorized<PersonId>, Failure> {
        let person = self.principal.person;
        self.authorize(
            &Facts {
                owner: Some(person),
                ..Facts::default()
            },
            person,
        )
    }

    fn prove<T>(&self, facts: &Facts, object: T) -> Option<Authorized<T>> {
        let relation = self.relation(facts)?;
        (self.on_proof)();
        Some(Authorized { object, relation })
    }

    fn holds(&self, rule: &Rule, facts: &Facts) -> bool {
        let granted = |wanted: &dyn Fn(Scope) -> bool| {
            self.principal
                .grants
                .iter()
                .any(|grant| rule.roles.contains(&grant.role) && wanted(grant.scope))
        };
        match rule.relation {
            Relation::Itself => facts.owner == Some(self.principal.person) && granted(&|_| true),
            Relation::Member => facts.part.is_some() && granted(&|scope| within(scope, facts)),
            Relation::Teaches => {
                facts.part == Some(Part::Teacher) && granted(&|scope| within(scope, facts))
            }
            Relation::School => {
                granted(&|scope| matches!(scope, Scope::School(id) if facts.school == Some(id)))
            }
            Relation::Authority => granted(
                &|scope| matches!(scope, Scope::Authority(id) if facts.authority == Some(id)),
            ),
            Relation::Platform => granted(&|scope| scope == Scope::Platform),
        }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Caller")
            .field("principal", &self.principal)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// Whether a grant reaches the object's school: a teacher of two schools is a member only where the grant is.
fn within(scope: Scope, facts: &Facts) -> bool {
    match scope {
        Scope::Platform => true,
        Scope::Authority(id) => facts.authority == Some(id),
        Scope::School(id) => facts.school == Some(id),
    }
}

#[cfg(test)]
mod tests;

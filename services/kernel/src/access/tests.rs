//! Which facts satisfy which relation, for whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Caller, Facts, Grant, Part, Principal, Relation, Role, Rule, Scope};
use crate::failure::Kind;
use crate::ids::{AuthorityId, PersonId, SchoolId, SessionId};

struct World {
    school: SchoolId,
    authority: AuthorityId,
    discharged: Arc<AtomicBool>,
}

impl World {
    fn new() -> Self {
        Self {
            school: SchoolId::new(),
            authority: AuthorityId::new(),
            discharged: Arc::default(),
        }
    }

    fn caller(&self, role: Role, scope: Scope, relation: Relation) -> Caller {
        let principal = Principal {
            person: PersonId::new(),
            session: SessionId::new(),
            school: Some(self.school),
            authority: Some(self.authority),
            grants: vec![Grant { role, scope }],
        };
        let discharged = Arc::clone(&self.discharged);
        let rules = vec![Rule {
            roles: vec![role],
            relation,
        }];
        Caller::new(principal, rules, move || {
            discharged.store(true, Ordering::Release)
        })
    }

    fn facts(&self) -> Facts {
        Facts {
            school: Some(self.school),
            authority: Some(self.authority),
            ..Facts::default()
        }
    }
}

#[test]
fn a_pupil_of_the_class_is_a_member_and_others_find_nothing() {
    let world = World::new();
    let caller = world.caller(Role::Student, Scope::School(world.school), Relation::Member);
    let refused = caller
        .authorize_hidden("space", &world.facts(), ())
        .expect_err("no part in the class");
    assert_eq!(refused.kind, Kind::NotFound);
    assert!(!world.discharged.load(Ordering::Acquire));

    let facts = Facts {
        part: Some(Part::Student),
        ..world.facts()
    };
    let proof = caller
        .authorize_hidden("space", &facts, 7)
        .expect("a member");
    assert_eq!((*proof.get(), proof.relation()), (7, Relation::Member));
    assert!(world.discharged.load(Ordering::Acquire));
}

#[test]
fn a_grant_on_another_school_is_worth_nothing_here() {
    let world = World::new();
    let elsewhere = Scope::School(SchoolId::new());
    let facts = Facts {
        part: Some(Part::Teacher),
        ..world.facts()
    };
    for relation in [Relation::Member, Relation::Teaches, Relation::School] {
        let caller = world.caller(Role::Teacher, elsewhere, relation);
        assert_eq!(
            caller.authorize(&facts, ()).expect_err("foreign").kind,
            Kind::PermissionDenied
        );
    }
}

#[test]
fn only_teachers_of_the_class_teach_it() {
    let world = World::new();
    let caller = world.caller(
        Role::Teacher,
        Scope::School(world.school),
        Relation::Teaches,
    );
    assert!(
        caller
            .authorize(
                &Facts {
                    part: Some(Part::Student),
                    ..world.facts()
                },
                ()
            )
            .is_err()
    );
    assert!(
        caller
            .authorize(
                &Facts {
                    part: Some(Part::Teacher),
                    ..world.facts()
                },
                ()
            )
            .is_ok()
    );
}

#[test]
fn administrators_reach_exactly_their_scope() {
    let world = World::new();
    for (role, scope, relation) in [
        (
            Role::SchoolAdmin,
            Scope::School(world.school),
            Relation::School,
        ),
        (
            Role::AuthorityAdmin,
            Scope::Authority(world.authority),
            Relation::Authority,
        ),
        (Role::PlatformAdmin, Scope::Platform, Relation::Platform),
    ] {
        let caller = world.caller(role, scope, relation);
        assert!(caller.authorize(&world.facts(), ()).is_ok(), "{role:?}");
        let foreign = Facts {
            school: Some(SchoolId::new()),
            authority: Some(AuthorityId::new()),
            ..Facts::default()
        };
        assert_eq!(
            caller.authorize(&foreign, ()).is_ok(),
            scope == Scope::Platform,
            "{role:?} abroad"
        );
        assert_eq!(
            caller.authorize(&Facts::default(), ()).is_ok(),
            scope == Scope::Platform,
            "{role:?} unknown"
        );
    }
}

#[test]
fn oneself_is_the_owner_and_nobody_else() {
    let world = World::new();
    let caller = world.caller(Role::Student, Scope::School(world.school), Relation::Itself);
    assert!(caller.authorize_self().is_ok());
    let others = Facts {
        owner: Some(PersonId::new()),
        ..world.facts()
    };
    assert!(caller.authorize(&others, ()).is_err());
}

#[test]
fn a_rule_for_another_role_does_not_help() {
    let world = World::new();
    let caller = world.caller(Role::Student, Scope::School(world.school), Relation::School);
    let rules = vec![Rule {
        roles: vec![Role::SchoolAdmin],
        relation: Relation::School,
    }];
    let caller = Caller::new(caller.principal().clone(), rules, || ());
    assert!(caller.authorize(&world.facts(), ()).is_err());
}

#[test]
fn a_principal_reaches_the_schools_of_its_grants_and_no_others() {
    let world = World::new();
    let caller = world.caller(Role::Student, Scope::School(world.school), Relation::Itself);
    assert!(caller.principal().reaches(&world.facts()));
    let abroad = Facts {
        school: Some(SchoolId::new()),
        ..world.facts()
    };
    assert!(!caller.principal().reaches(&abroad));
    let nobody = Principal {
        grants: Vec::new(),
        ..caller.principal().clone()
    };
    assert!(!nobody.reaches(&world.facts()));
    let device = world.caller(Role::Device, Scope::School(world.school), Relation::Itself);
    assert!(!device.principal().reaches(&world.facts()));
}

use preau_kernel::ids::SchoolId;

use super::*;

const NOW: Timestamp = Timestamp(1_000);
const LATER: Timestamp = Timestamp(2_000);
const OPEN: Period = Period {
    begins: NOW,
    ends: None,
};

struct World {
    authority: AuthorityId,
    school: SchoolId,
}

impl World {
    fn new() -> World {
        World {
            authority: AuthorityId::new(),
            school: SchoolId::new(),
        }
    }

    fn school(&self) -> On {
        On {
            scope: Scope::School(self.school),
            authority: Some(self.authority),
        }
    }

    fn other_school(&self) -> On {
        On {
            scope: Scope::School(SchoolId::new()),
            authority: Some(self.authority),
        }
    }

    fn authority(&self) -> On {
        On {
            scope: Scope::Authority(self.authority),
            authority: Some(self.authority),
        }
    }
}

const PLATFORM: On = On {
    scope: Scope::Platform,
    authority: None,
};

fn held(role: Role, on: On, ends: Option<Timestamp>) -> Vec<DatedGrant> {
    let period = Period {
        begins: Timestamp(0),
        ends,
    };
    vec![DatedGrant {
        id: GrantId::new(),
        person: PersonId::new(),
        role,
        on,
        period,
    }]
}

#[test]
fn a_school_admin_grants_in_the_own_school_up_to_the_own_role() {
    let world = World::new();
    let own = held(Role::SchoolAdmin, world.school(), None);
    for role in [Role::Student, Role::Teacher, Role::SchoolAdmin] {
        assert_eq!(
            may_grant(&own, role, world.school(), OPEN, NOW),
            Ok(()),
            "{role:?}"
        );
        let abroad = may_grant(&own, role, world.other_school(), OPEN, NOW);
        assert_eq!(abroad, Err(GrantRefusal::NotHeld), "{role:?}");
    }
    let above = may_grant(&own, Role::AuthorityAdmin, world.authority(), OPEN, NOW);
    assert_eq!(above, Err(GrantRefusal::NotHeld));
    assert_eq!(
        may_grant(&own, Role::PlatformAdmin, PLATFORM, OPEN, NOW),
        Err(GrantRefusal::NotHeld)
    );
}

#[test]
fn an_authority_admin_grants_in_every_school_of_the_authority_and_no_other() {
    let world = World::new();
    let own = held(Role::AuthorityAdmin, world.authority(), None);
    assert_eq!(
        may_grant(&own, Role::SchoolAdmin, world.other_school(), OPEN, NOW),
        Ok(())
    );
    assert_eq!(
        may_grant(&own, Role::AuthorityAdmin, world.authority(), OPEN, NOW),
        Ok(())
    );
    let foreign = World::new();
    for (role, on) in [
        (Role::Student, foreign.school()),
        (Role::AuthorityAdmin, foreign.authority()),
    ] {
        assert_eq!(
            may_grant(&own, role, on, OPEN, NOW),
            Err(GrantRefusal::NotHeld),
            "{role:?}"
        );
    }
    assert_eq!(
        may_grant(&own, Role::PlatformAdmin, PLATFORM, OPEN, NOW),
        Err(GrantRefusal::NotHeld)
    );
}

#[test]
fn a_platform_admin_grants_everything_that_has_the_right_shape() {
    let world = World::new();
    let own = held(Role::PlatformAdmin, PLATFORM, None);
    assert_eq!(
        may_grant(&own, Role::PlatformAdmin, PLATFORM, OPEN, NOW),
        Ok(())
    );
    assert_eq!(
        may_grant(&own, Role::Student, world.school(), OPEN, NOW),
        Ok(())
    );
    for (role, on) in [
        (Role::Student, PLATFORM),
        (Role::Teacher, world.authority()),
        (Role::AuthorityAdmin, world.school()),
        (Role::PlatformAdmin, world.school()),
    ] {
        assert_eq!(
            may_grant(&own, role, on, OPEN, NOW),
            Err(GrantRefusal::Mismatch),
            "{role:?}"
        );
    }
}

#[test]
fn nobody_makes_anybody_a_device() {
    let world = World::new();
    let own = held(Role::PlatformAdmin, PLATFORM, None);
    for on in [world.school(), world.authority(), PLATFORM] {
        let answer = may_grant(&own, Role::Device, on, OPEN, NOW);
        assert_eq!(answer, Err(GrantRefusal::Mismatch), "{on:?}");
    }
}

#[test]
fn teachers_and_pupils_grant_nothing() {
    let world = World::new();
    for role in [Role::Student, Role::Teacher] {
        let own = held(role, world.school(), None);
        let answer = may_grant(&own, Role::Student, world.school(), OPEN, NOW);
        assert_eq!(answer, Err(GrantRefusal::NotHeld));
    }
}

#[test]
fn a_stand_in_cannot_become_permanent() {
    let world = World::new();
    let own = held(Role::SchoolAdmin, world.school(), Some(LATER));
    let until = |ends| Period { begins: NOW, ends };
    let grant = |role, ends| may_grant(&own, role, world.school(), until(ends), NOW);
    assert_eq!(grant(Role::SchoolAdmin, None), Err(GrantRefusal::Outlasts));
    assert_eq!(
        grant(Role::SchoolAdmin, Some(Timestamp(2_001))),
        Err(GrantRefusal::Outlasts)
    );
    assert_eq!(grant(Role::SchoolAdmin, Some(LATER)), Ok(()));
    assert_eq!(
        grant(Role::Student, None),
        Ok(()),
        "a pupil outlives the secretary"
    );
}

#[test]
fn only_grants_in_force_count() {
    let world = World::new();
    let over = held(Role::SchoolAdmin, world.school(), Some(NOW));
    assert_eq!(
        may_grant(&over, Role::Student, world.school(), OPEN, NOW),
        Err(GrantRefusal::NotHeld)
    );
    let period = Period {
        begins: NOW,
        ends: Some(LATER),
    };
    assert!(!period.is_in_force(Timestamp(999)));
    assert!(period.is_in_force(NOW));
    assert!(!period.is_in_force(LATER), "the end is exclusive");
}

#[test]
fn a_period_runs_forward_and_is_not_over() {
    assert!(Period::parse(NOW, Some(LATER), NOW).is_ok());
    assert_eq!(
        Period::parse(LATER, Some(LATER), NOW),
        Err(GrantRefusal::Backwards)
    );
    assert_eq!(
        Period::parse(Timestamp(1), Some(Timestamp(2)), NOW),
        Err(GrantRefusal::Backwards)
    );
}

#[test]
fn whoever_covers_a_role_now_may_revoke_it_however_long_it_runs() {
    let world = World::new();
    let stand_in = held(Role::SchoolAdmin, world.school(), Some(LATER));
    let revoke = |own: &[DatedGrant], on, now| may_revoke(own, Role::SchoolAdmin, on, now);
    assert_eq!(revoke(&stand_in, world.school(), NOW), Ok(()));
    for (on, now) in [(world.school(), LATER), (world.other_school(), NOW)] {
        let answer = revoke(&stand_in, on, now);
        assert_eq!(answer, Err(GrantRefusal::NotHeldToRevoke));
    }
    let teacher = held(Role::Teacher, world.school(), None);
    let answer = revoke(&teacher, world.school(), NOW);
    assert_eq!(answer, Err(GrantRefusal::NotHeldToRevoke));
    let above = held(Role::AuthorityAdmin, world.authority(), None);
    assert_eq!(revoke(&above, world.school(), NOW), Ok(()));
}

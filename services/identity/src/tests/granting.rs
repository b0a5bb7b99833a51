//! Who may make whom what, and for how long.

use std::time::{Duration, SystemTime};

use preau_kernel::ids::SchoolId;
use preau_proto::identity::v1::{
    Authority, GetMeRequest, GrantRoleRequest, Person, RevokeRoleRequest, School,
};
use preau_proto::policy::v1::Role;
use tonic::{Code, Status};

use super::world::{
    PASSWORD, ROOT, World, by, on_authority, on_platform, on_school, reason, unchecked, wrong_field,
};

struct Region {
    authority: Authority,
    home: School,
    abroad: School,
    chef: Person,
    prof: Person,
}

async fn region(world: &World) -> Region {
    let authority = world.authority().await;
    let home = world.school(&authority, "0951099D").await;
    let abroad = world.school(&authority, "0870003F").await;
    let chef = world.person(&home, "chef", Role::SchoolAdmin).await;
    let prof = world.person(&home, "prof", Role::Teacher).await;
    Region {
        authority,
        home,
        abroad,
        chef,
        prof,
    }
}

fn grant(
    person: &Person,
    role: Role,
    scope: Option<preau_proto::identity::v1::Scope>,
) -> GrantRoleRequest {
    GrantRoleRequest {
        person_id: person.person_id.clone(),
        role: role.into(),
        scope,
        begins_at: None,
        ends_at: None,
    }
}

fn time(from_now: Duration) -> Option<prost_types::Timestamp> {
    Some((SystemTime::now() + from_now).into())
}

async fn revoke(world: &World, login: &str, grant_id: &str) -> Result<(), Status> {
    let request = RevokeRoleRequest {
        grant_id: grant_id.to_owned(),
    };
    let token = world.token(login).await;
    world
        .directory()
        .revoke_role(by(&token, request))
        .await
        .map(drop)
}

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn nobody_grants_more_than_they_hold() {
    let world = World::new().await;
    let Region {
        authority,
        home,
        abroad,
        chef,
        prof,
    } = region(&world).await;
    let nowhere = SchoolId::new().to_string();
    for (role, scope) in [
        (Role::AuthorityAdmin, on_authority(&authority.authority_id)),
        (Role::PlatformAdmin, on_platform()),
        (Role::Teacher, on_school(&abroad.school_id)),
        (Role::SchoolAdmin, on_school(&abroad.school_id)),
        (Role::Teacher, on_school(&nowhere)),
    ] {
        for person in [&chef, &prof] {
            let status = world
                .grant("chef", grant(person, role, scope.clone()))
                .await
                .unwrap_err();
            assert_eq!(
                (status.code(), reason(&status).as_str()),
                (Code::PermissionDenied, "GRANT_NOT_HELD"),
                "{role:?}: {status}"
            );
        }
    }
    world
        .grant(
            "chef",
            grant(&prof, Role::SchoolAdmin, on_school(&home.school_id)),
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn people_of_another_school_are_not_found() {
    let world = World::new().await;
    let Region { home, abroad, .. } = region(&world).await;
    let stranger = world.person(&abroad, "autre", Role::Teacher).await;
    let status = world
        .grant(
            "chef",
            grant(&stranger, Role::Teacher, on_school(&home.school_id)),
        )
        .await;
    assert_eq!(status.unwrap_err().code(), Code::NotFound);
    let theirs = stranger.grants.first().unwrap().grant_id.clone();
    assert_eq!(
        revoke(&world, "chef", &theirs).await.unwrap_err().code(),
        Code::NotFound
    );
    world.token("autre").await;
}

#[tokio::test]
async fn an_authority_admin_administers_every_school_of_the_authority() {
    let world = World::new().await;
    let Region {
        authority,
        abroad,
        chef,
        ..
    } = region(&world).await;
    let request = grant(
        &chef,
        Role::AuthorityAdmin,
        on_authority(&authority.authority_id),
    );
    world.grant(ROOT, request).await.unwrap();
    let stranger = world.person(&abroad, "autre", Role::Teacher).await;
    world
        .grant(
            "chef",
            grant(&stranger, Role::SchoolAdmin, on_school(&abroad.school_id)),
        )
        .await
        .unwrap();
    let status = world
        .grant("chef", grant(&stranger, Role::PlatformAdmin, on_platform()))
        .await;
    assert_eq!(reason(&status.unwrap_err()), "GRANT_NOT_HELD");
}

#[tokio::test]
async fn a_role_goes_with_its_kind_of_scope_and_a_period_runs_forward() {
    let world = World::new().await;
    let Region { home, prof, .. } = region(&world).await;
    let base = || grant(&prof, Role::SchoolAdmin, on_school(&home.school_id));
    let cases = [
        (
            GrantRoleRequest {
                scope: on_platform(),
                ..base()
            },
            "scope",
        ),
        (
            GrantRoleRequest {
                scope: None,
                ..base()
            },
            "scope",
        ),
        (GrantRoleRequest { role: 99, ..base() }, "role"),
        (
            GrantRoleRequest {
                role: Role::Anonymous.into(),
                ..base()
            },
            "role",
        ),
        (
            GrantRoleRequest {
                begins_at: time(2 * DAY),
                ends_at: time(DAY),
                ..base()
            },
            "ends_at",
        ),
        (
            GrantRoleRequest {
                person_id: "x".into(),
                ..base()
            },
            "person_id",
        ),
    ];
    for (request, field) in cases {
        let status = world.grant(ROOT, request).await.unwrap_err();
        assert_eq!(
            (status.code(), wrong_field(&status).as_str()),
            (Code::InvalidArgument, field),
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_stand_in_is_not_able_to_stay() {
    let world = World::new().await;
    let Region { home, prof, .. } = region(&world).await;
    let stand_in = GrantRoleRequest {
        ends_at: time(7 * DAY),
        ..grant(&prof, Role::SchoolAdmin, on_school(&home.school_id))
    };
    world.grant(ROOT, stand_in).await.unwrap();
    let pupil = world.person(&home, "eleve", Role::Student).await;
    let open = grant(&pupil, Role::SchoolAdmin, on_school(&home.school_id));
    let status = world.grant("prof", open.clone()).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::PermissionDenied, "GRANT_OUTLASTS")
    );
    world
        .grant(
            "prof",
            GrantRoleRequest {
                ends_at: time(DAY),
                ..open
            },
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn a_grant_counts_from_its_beginning_to_its_end() {
    let world = World::new().await;
    let Region { home, prof, .. } = region(&world).await;
    let next_week = GrantRoleRequest {
        begins_at: time(7 * DAY),
        ends_at: time(8 * DAY),
        ..grant(&prof, Role::SchoolAdmin, on_school(&home.school_id))
    };
    world.grant(ROOT, next_week.clone()).await.unwrap();
    let twice = world.grant(ROOT, next_week).await.unwrap_err();
    assert_eq!(
        (twice.code(), reason(&twice).as_str()),
        (Code::AlreadyExists, "GRANT_EXISTS")
    );
    for (passed, grants) in [(Duration::ZERO, 1), (7 * DAY + DAY / 2, 2), (DAY, 1)] {
        world.pass(passed);
        let session = world.sign_in("prof", PASSWORD).await.unwrap();
        let token = world.mint(&session).await.unwrap();
        assert_eq!(grants_in(&token), grants);
    }
}

fn grants_in(token: &str) -> usize {
    unchecked(token, 1).matches("\"r\":").count()
}

#[tokio::test]
async fn a_revoked_role_is_gone_from_the_next_token_and_stays_on_record() {
    let world = World::new().await;
    let Region { chef, prof, .. } = region(&world).await;
    let session = world.sign_in("prof", PASSWORD).await.unwrap();
    assert_eq!(grants_in(&world.mint(&session).await.unwrap()), 1);
    let theirs = prof.grants.first().unwrap().grant_id.clone();
    for _ in 0..2 {
        revoke(&world, "chef", &theirs).await.unwrap();
    }
    let token = world.mint(&session).await.unwrap();
    assert_eq!(grants_in(&token), 0);
    let status = world
        .directory()
        .get_me(by(&token, GetMeRequest {}))
        .await
        .unwrap_err();
    assert_eq!(
        status.code(),
        Code::PermissionDenied,
        "no role is left to call with"
    );
    let own = chef.grants.first().unwrap().grant_id.clone();
    assert_eq!(
        revoke(&world, "prof", &own).await.unwrap_err().code(),
        Code::PermissionDenied
    );
}

#[tokio::test]
async fn a_granter_whose_own_role_was_just_revoked_grants_nothing_more() {
    let world = World::new().await;
    let Region {
        home, chef, prof, ..
    } = region(&world).await;
    let token = world.token("chef").await;
    revoke(&world, ROOT, &chef.grants.first().unwrap().grant_id)
        .await
        .unwrap();
    let request = by(
        &token,
        grant(&prof, Role::SchoolAdmin, on_school(&home.school_id)),
    );
    let status = world.directory().grant_role(request).await.unwrap_err();
    assert_eq!(
        reason(&status),
        "GRANT_NOT_HELD",
        "though the token still says so for a minute"
    );
}

#[tokio::test]
async fn a_revoker_whose_own_role_was_just_revoked_revokes_nothing_more() {
    let world = World::new().await;
    let Region { chef, prof, .. } = region(&world).await;
    let dismissed = world.token("chef").await;
    revoke(&world, ROOT, &chef.grants.first().unwrap().grant_id)
        .await
        .unwrap();
    let request = RevokeRoleRequest {
        grant_id: prof.grants.first().unwrap().grant_id.clone(),
    };
    let status = world
        .directory()
        .revoke_role(by(&dismissed, request))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::PermissionDenied, "GRANT_NOT_HELD"),
        "though the token still says so for a minute"
    );
    assert_eq!(
        grants_in(&world.token("prof").await),
        1,
        "the teacher stays one"
    );
}

#[tokio::test]
async fn the_last_platform_administrator_stays() {
    let world = World::new().await;
    let token = world.token(ROOT).await;
    let me = world
        .directory()
        .get_me(by(&token, GetMeRequest {}))
        .await
        .unwrap()
        .into_inner()
        .person
        .unwrap();
    let own = me.grants.first().unwrap().grant_id.clone();
    let status = revoke(&world, ROOT, &own).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::FailedPrecondition, "LAST_PLATFORM_ADMIN")
    );
    world.token(ROOT).await;
    let Region { chef, .. } = region(&world).await;
    world
        .grant(ROOT, grant(&chef, Role::PlatformAdmin, on_platform()))
        .await
        .unwrap();
    revoke(&world, "chef", &own).await.unwrap();
}

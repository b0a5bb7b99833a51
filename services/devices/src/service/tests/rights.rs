//! Who may do what with a school's fleet.

use preau_mesh::principal::ScopeClaim;
use preau_proto::devices::v1 as wire;
use preau_proto::policy::v1::Role;
use tonic::Code;

use super::admin::{Admin, message, order};
use super::world::{Answer, World, text};

/// What each method of FleetService answers, on things of the world's school.
async fn tries(world: &World, who: &Admin) -> Vec<Code> {
    let tablet = world.enrolled().await;
    let (token, _) = world.admin().token(world.school.id, 1).await.unwrap();
    let list = wire::ListDevicesRequest {
        school_id: text(world.school.id),
        ..wire::ListDevicesRequest::default()
    };
    let code = |answer: Answer<()>| answer.map_or_else(|refused| refused.code(), |()| Code::Ok);
    vec![
        code(who.token(world.school.id, 1).await.map(drop)),
        code(who.tokens(world.school.id).await.map(drop)),
        code(who.revoke(&token.token_id).await),
        code(who.list(list).await.map(drop)),
        code(who.get(&tablet.id).await.map(drop)),
        code(
            who.issue(order(&tablet.id, "a", message("Bonjour")))
                .await
                .map(drop),
        ),
        code(who.retire(&tablet.id).await),
    ]
}

#[tokio::test]
async fn administrators_of_the_school_its_authority_and_the_platform_may() {
    let world = World::new().await;
    let authority = ScopeClaim::Authority(text(world.school.authority));
    for who in [
        world.admin(),
        world.person(Role::AuthorityAdmin, authority),
        world.person(Role::PlatformAdmin, ScopeClaim::Platform),
    ] {
        assert_eq!(tries(&world, &who).await, [Code::Ok; 7]);
    }
}

#[tokio::test]
async fn to_administrators_of_other_schools_there_is_nothing() {
    let world = World::new().await;
    let school = ScopeClaim::School(text(world.elsewhere.id));
    let authority = ScopeClaim::Authority(text(world.elsewhere.authority));
    for who in [
        world.person(Role::SchoolAdmin, school),
        world.person(Role::AuthorityAdmin, authority),
    ] {
        assert_eq!(tries(&world, &who).await, [Code::NotFound; 7]);
    }
}

#[tokio::test]
async fn a_hidden_device_is_refused_in_the_words_for_one_that_never_was() {
    let world = World::new().await;
    let tablet = world.enrolled().await;
    let school = ScopeClaim::School(text(world.elsewhere.id));
    let stranger = world.person(Role::SchoolAdmin, school);
    let never = text(preau_kernel::ids::DeviceId::new());
    let hidden = stranger.get(&tablet.id).await.unwrap_err();
    let unknown = stranger.get(&never).await.unwrap_err();
    assert_eq!(hidden.message(), unknown.message());
    assert_eq!(hidden.code(), unknown.code());
}

#[tokio::test]
async fn teachers_pupils_and_devices_do_not_administer() {
    let world = World::new().await;
    for role in [Role::Teacher, Role::Student, Role::Device] {
        let who = world.person(role, ScopeClaim::School(text(world.school.id)));
        assert_eq!(tries(&world, &who).await, [Code::PermissionDenied; 7]);
    }
}

#[tokio::test]
async fn people_are_no_devices() {
    let world = World::new().await;
    let mut tablet = world.enrolled().await;
    let command = world
        .admin()
        .tell(&tablet.id, "a", message("Bonjour"))
        .await;
    tablet.told_from(0).await;
    // With a device's grant, of a device that there is not.
    let stranger = world.device_token(
        &text(preau_kernel::ids::DeviceId::new()),
        &text(world.school.id),
    );
    tablet.sign(&stranger);
    let refused = tablet.watch(0).await.err().unwrap();
    assert_eq!(refused.code(), Code::NotFound);
    let done = wire::CommandState::Done;
    let refused = tablet.says(&command, done).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    // The device, in a school that is not its own.
    let elsewhere = world.device_token(&tablet.id, &text(world.elsewhere.id));
    tablet.sign(&elsewhere);
    let refused = tablet.watch(0).await.err().unwrap();
    assert_eq!(refused.code(), Code::NotFound);
}

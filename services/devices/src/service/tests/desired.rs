//! What a school's devices are to have installed, passed on.

use preau_kernel::ids::SchoolId;
use preau_proto::devices::v1::AnnounceDesiredStateRequest;
use preau_proto::devices::v1::desired_state_service_client::DesiredStateServiceClient;
use tonic::{Code, Request};

use super::admin::unlock;
use super::world::{Answer, World, both, fields, text};

async fn announce(world: &World, school: SchoolId, hash: &[u8], revision: u64) -> Answer<()> {
    let mut client = DesiredStateServiceClient::new(world.channel_of_apps());
    let request = Request::new(AnnounceDesiredStateRequest {
        school_id: text(school),
        hash: hash.to_vec(),
        revision,
    });
    client.announce_desired_state(request).await.map(drop)
}

#[tokio::test]
async fn whoever_watches_is_told_at_once_and_whoever_comes_later_first() {
    both(async |world| {
        let tablet = world.enrolled().await;
        let school = world.school.id;
        let mut watching = tablet.watch(0).await.unwrap();
        assert!(
            watching
                .answer()
                .await
                .unwrap()
                .unwrap()
                .desired_state
                .is_empty()
        );
        announce(&world, school, &[1; 32], 5).await.unwrap();
        assert_eq!(
            watching.answer().await.unwrap().unwrap().desired_state,
            [1; 32]
        );
        // Again, one that was overtaken, and another school's: no news.
        announce(&world, school, &[1; 32], 5).await.unwrap();
        announce(&world, school, &[9; 32], 4).await.unwrap();
        announce(&world, world.elsewhere.id, &[8; 32], 9)
            .await
            .unwrap();
        announce(&world, school, &[2; 32], 6).await.unwrap();
        let answer = watching.answer().await.unwrap().unwrap();
        assert_eq!(answer.desired_state, [2; 32]);
        let mut late = tablet.watch(0).await.unwrap();
        assert_eq!(late.answer().await.unwrap().unwrap().desired_state, [2; 32]);
        // Other news does not say it again.
        let command = world.admin().tell(&tablet.id, "one", unlock()).await;
        let answer = late.answer().await.unwrap().unwrap();
        assert_eq!(answer.commands[0].command_id, command);
        assert!(answer.desired_state.is_empty());
    })
    .await;
}

#[tokio::test]
async fn only_apps_announces_and_only_hashes() {
    let world = World::new().await;
    for hash in [&[][..], &[1; 31], &[1; 33]] {
        let refused = announce(&world, world.school.id, hash, 1).await;
        assert_eq!(fields(refused), ["hash"]);
    }
    let refused = announce(&world, world.school.id, &[1; 32], u64::MAX).await;
    assert_eq!(fields(refused), ["revision"]);
    let mut gateway = DesiredStateServiceClient::new(world.channel());
    let request = AnnounceDesiredStateRequest::default();
    let refused = gateway.announce_desired_state(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

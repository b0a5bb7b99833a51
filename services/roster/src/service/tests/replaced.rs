//! Two imports of one school at once.

use preau_mesh::Reported;
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::ImportState;
use tonic::Code;

use super::world::{Person, World};
use crate::domain::School;
use crate::domain::oneroster::tests::fixture::Files;

async fn two(world: &World, school: School) -> (Person, Person) {
    let person = || world.person(Role::SchoolAdmin, school);
    (person(), person())
}

#[tokio::test]
async fn whoever_began_first_learns_that_somebody_began_another() {
    let world = World::new().await;
    let school = world.school();
    let (first, second) = two(&world, school).await;
    let zip = Files::small().zip();
    let ready = first.validated(school, &Files::small()).await;
    let later = second.begin(school, zip.len() as u64).await.unwrap();
    for refused in [
        first.validate(&ready.import_id).await.unwrap_err(),
        first.apply(&ready.import_id, 0).await.unwrap_err(),
        second.apply(&ready.import_id, 0).await.unwrap_err(),
        first
            .put(&ready.import_id, 0, &zip)
            .await
            .map(|_| ())
            .unwrap_err(),
    ] {
        assert_eq!(refused.code(), Code::FailedPrecondition);
        let told = Reported::of(&refused);
        assert_eq!(told.reason, "IMPORT_REPLACED");
        assert_eq!(told.metadata["begun_by"], second.id.to_string());
        assert_eq!(told.metadata["replaced_by_import_id"], later.import_id);
        assert!(refused.message().contains(&told.metadata["begun_by"]));
    }
    let seen = first.get_import(&ready.import_id).await.unwrap();
    assert_eq!(seen.replaced_by_import_id, later.import_id);
    assert_eq!(seen.state(), ImportState::Uploading);

    // The later one is untouched by all that, and goes through.
    second.put(&later.import_id, 0, &zip).await.unwrap();
    let valid = second.validate(&later.import_id).await.unwrap();
    assert_eq!(valid.state(), ImportState::Ready);
    assert_eq!(valid.replaced_by_import_id, "");
    second.apply(&later.import_id, 0).await.unwrap();
}

#[tokio::test]
async fn what_was_decided_is_replaced_by_nothing() {
    let world = World::new().await;
    let school = world.school();
    let (first, second) = two(&world, school).await;
    let applied = first.applied(school, &Files::small()).await;
    let decided = first.validated(school, &Files::small()).await.import_id;
    world.registry.state().unavailable = 1;
    let failed = first.apply(&decided, 0).await.unwrap_err();
    assert_eq!(failed.code(), Code::Unavailable);
    second.begin(school, 1).await.unwrap();
    for import in [&applied.import_id, &decided] {
        let now = first.apply(import, 0).await.unwrap();
        assert_eq!(now.state(), ImportState::Applied);
        assert_eq!(now.replaced_by_import_id, "");
    }
}

#[tokio::test]
async fn another_schools_import_replaces_nothing() {
    let world = World::new().await;
    let (school, other) = (world.school(), world.school());
    let admin = world.person(Role::SchoolAdmin, school);
    let neighbour = world.person(Role::SchoolAdmin, other);
    let ready = admin.validated(school, &Files::small()).await;
    neighbour.begin(other, 1).await.unwrap();
    admin.apply(&ready.import_id, 0).await.unwrap();
}

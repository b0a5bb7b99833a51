//! What a roster file may not do for whoever imports it.

use std::time::{Duration, SystemTime};

use preau_kernel::ids::ImportId;
use preau_proto::identity::v1::{
    GetPersonRequest, GrantRoleRequest, ImportedPerson, Person, RevokeRoleRequest, School,
    StagedOutcome,
};
use preau_proto::policy::v1::Role;
use tonic::Code;

use super::importing::{batch, commit, import, pupil, stage};
use super::world::{ROOT, World, by, on_authority, on_school, reason, wrong_field};

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

async fn school(world: &World) -> School {
    let authority = world.authority().await;
    world.school(&authority, "0951099D").await
}

async fn dismiss(world: &World, person: &Person) {
    let request = RevokeRoleRequest {
        grant_id: person.grants[0].grant_id.clone(),
    };
    let request = by(&world.token(ROOT).await, request);
    world.directory().revoke_role(request).await.unwrap();
}

async fn person(world: &World, id: &str) -> Person {
    let request = GetPersonRequest {
        person_id: id.to_owned(),
    };
    let request = by(&world.token(ROOT).await, request);
    let answer = world.directory().get_person(request).await.unwrap();
    answer.into_inner().person.unwrap()
}

fn administrator(given: &str, login: &str) -> ImportedPerson {
    let mut person = pupil(given, login);
    person.roles[0].role = Role::SchoolAdmin.into();
    person
}

#[tokio::test]
async fn an_import_whose_stager_was_dismissed_grants_nothing() {
    let world = World::new().await;
    let school = school(&world).await;
    let chef = world.person(&school, "chef", Role::SchoolAdmin).await;
    let id = ImportId::new().to_string();
    let people = vec![administrator("Crony", "crony"), pupil("Zoé", "zoe")];
    let staged = stage(&world, "chef", batch(&school, &id, 0, people)).await;
    let staged = staged.unwrap().people;
    for one in &staged {
        assert_eq!(one.outcome(), StagedOutcome::New);
    }
    let powers: Vec<_> = staged.iter().map(|one| one.becomes_administrator).collect();
    assert_eq!(powers, [true, false]);
    dismiss(&world, &chef).await;
    let refused = commit(&world, &id).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "IMPORT_REFUSED")
    );
    assert!(wrong_field(&refused).ends_with(".roles"), "{refused:?}");
    let login = world.person(&school, "crony", Role::Student).await;
    assert_eq!(login.login, "crony", "nobody has taken it");
}

#[tokio::test]
async fn an_import_brings_no_dismissed_administrator_back() {
    let world = World::new().await;
    let school = school(&world).await;
    let prof = world.person(&school, "prof", Role::Teacher).await;
    let chef = world.person(&school, "chef", Role::SchoolAdmin).await;
    let stand_in = GrantRoleRequest {
        person_id: prof.person_id,
        role: Role::SchoolAdmin.into(),
        scope: on_school(&school.school_id),
        begins_at: None,
        ends_at: Some((SystemTime::now() + WEEK).into()),
    };
    world.grant(ROOT, stand_in).await.unwrap();
    // While the chef is one, the file gives nothing that the stand-in would have to hold.
    let id = ImportId::new().to_string();
    let people = vec![administrator("Camille", "chef")];
    let staged = stage(&world, "prof", batch(&school, &id, 0, people)).await;
    assert_eq!(staged.unwrap().people[0].outcome(), StagedOutcome::Adopted);
    dismiss(&world, &chef).await;
    let refused = commit(&world, &id).await.unwrap_err();
    assert_eq!(reason(&refused), "IMPORT_REFUSED");
    let grants = person(&world, &chef.person_id).await.grants;
    assert!(grants.iter().all(|grant| grant.ends_at.is_some()));
}

#[tokio::test]
async fn whoever_administers_beyond_the_school_keeps_name_and_access() {
    let world = World::new().await;
    let school = school(&world).await;
    world.person(&school, "chef", Role::SchoolAdmin).await;
    let region = world.person(&school, "region", Role::Teacher).await;
    let above = GrantRoleRequest {
        person_id: region.person_id.clone(),
        role: Role::AuthorityAdmin.into(),
        scope: on_authority(&school.authority_id),
        begins_at: None,
        ends_at: None,
    };
    world.grant(ROOT, above).await.unwrap();
    let mut renamed = pupil("Mallory", "region");
    renamed.enabled = false;
    import(&world, &school, "chef", vec![renamed]).await;
    let now = person(&world, &region.person_id).await;
    assert_eq!(
        (&now.given_name, &now.family_name),
        (&region.given_name, &region.family_name)
    );
    world.token("region").await;
}

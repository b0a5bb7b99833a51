//! A roster file's people through the mesh: as the roster calls, on an administrator's behalf.

use std::time::Duration;

use preau_kernel::ids::{ImportId, PersonId};
use preau_mesh::{Channel, own_request};
use preau_proto::identity::v1::people_import_service_client::PeopleImportServiceClient;
use preau_proto::identity::v1::{
    AbortPeopleRequest, CommitPeopleRequest, ImportedPerson, ImportedRole, ListSchoolsRequest,
    School, StagePeopleRequest, StagePeopleResponse, StagedOutcome,
};
use preau_proto::policy::v1::Role;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::world::{ROOT, World, by, on_authority, reason, wrong_field};

fn roster(world: &World) -> PeopleImportServiceClient<Channel> {
    PeopleImportServiceClient::new(world.pair.client_as("roster"))
}

pub(super) fn pupil(given: &str, login: &str) -> ImportedPerson {
    ImportedPerson {
        person_id: PersonId::new().to_string(),
        given_name: given.to_owned(),
        family_name: "Martin".to_owned(),
        login: login.to_owned(),
        enabled: true,
        roles: vec![ImportedRole {
            role: Role::Student.into(),
            begins_at: None,
            ends_at: None,
        }],
    }
}

pub(super) fn batch(
    school: &School,
    import: &str,
    batch: u32,
    people: Vec<ImportedPerson>,
) -> StagePeopleRequest {
    StagePeopleRequest {
        import_id: import.to_owned(),
        school_id: school.school_id.clone(),
        batch,
        people,
        absent_person_ids: Vec::new(),
    }
}

pub(super) async fn stage(
    world: &World,
    login: &str,
    request: StagePeopleRequest,
) -> Result<StagePeopleResponse, Status> {
    let request = by(&world.token(login).await, request);
    Ok(roster(world).stage_people(request).await?.into_inner())
}

pub(super) async fn commit(world: &World, import: &str) -> Result<u32, Status> {
    let request = CommitPeopleRequest {
        import_id: import.to_owned(),
    };
    let answer = roster(world).commit_people(own_request(request)).await?;
    Ok(answer.into_inner().accounts_without_password)
}

/// Stages and commits people in one batch.
pub(super) async fn import(
    world: &World,
    school: &School,
    login: &str,
    people: Vec<ImportedPerson>,
) {
    let id = ImportId::new().to_string();
    let staged = stage(world, login, batch(school, &id, 0, people))
        .await
        .unwrap();
    for person in staged.people {
        assert_ne!(person.outcome(), StagedOutcome::Refused, "{person:?}");
    }
    commit(world, &id).await.unwrap();
}

struct Schools {
    world: World,
    home: School,
    abroad: School,
}

async fn schools() -> Schools {
    let world = World::new().await;
    let authority = world.authority().await;
    let home = world.school(&authority, "0951099D").await;
    let abroad = world.school(&authority, "0870003F").await;
    world.person(&home, "chef", Role::SchoolAdmin).await;
    world.person(&home, "other", Role::SchoolAdmin).await;
    Schools {
        world,
        home,
        abroad,
    }
}

#[tokio::test]
async fn an_import_is_committed_once_and_answers_the_same_again() {
    let Schools { world, home, .. } = schools().await;
    let id = ImportId::new().to_string();
    let staged = stage(
        &world,
        "chef",
        batch(&home, &id, 0, vec![pupil("Zoé", "zoe")]),
    )
    .await
    .unwrap();
    assert_eq!(staged.people[0].outcome(), StagedOutcome::New);
    let staged = stage(
        &world,
        "chef",
        batch(&home, &id, 1, vec![pupil("Max", "max")]),
    )
    .await
    .unwrap();
    assert_eq!(staged.people[0].outcome(), StagedOutcome::New);
    assert_eq!(commit(&world, &id).await.unwrap(), 2);
    assert_eq!(commit(&world, &id).await.unwrap(), 2);
    let status = stage(&world, "chef", batch(&home, &id, 0, vec![]))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "IMPORT_COMMITTED");
}

#[tokio::test]
async fn two_commits_at_once_answer_the_same() {
    let Schools { world, home, .. } = schools().await;
    let id = ImportId::new().to_string();
    stage(
        &world,
        "chef",
        batch(&home, &id, 0, vec![pupil("Zoé", "zoe")]),
    )
    .await
    .unwrap();
    let (one, other) = tokio::join!(commit(&world, &id), commit(&world, &id));
    assert_eq!((one.unwrap(), other.unwrap()), (1, 1));
}

#[tokio::test]
async fn what_the_file_gets_wrong_is_said_by_person_and_field_and_nothing_is_taken_over() {
    let Schools { world, home, .. } = schools().await;
    let id = ImportId::new().to_string();
    let mut unnamed = pupil("", "unnamed");
    unnamed.person_id = PersonId::new().to_string();
    let mut above = pupil("Zoé", "above");
    above.roles[0].role = Role::AuthorityAdmin.into();
    let mut backwards = pupil("Zoé", "backwards");
    backwards.roles[0].begins_at = Some(prost_types::Timestamp {
        seconds: 10,
        nanos: 0,
    });
    backwards.roles[0].ends_at = Some(prost_types::Timestamp {
        seconds: 5,
        nanos: 0,
    });
    let people = vec![
        unnamed.clone(),
        pupil("Zoé", "two words"),
        above,
        backwards,
        pupil("Ada", ROOT),
        pupil("Good", "good"),
    ];
    let staged = stage(&world, "chef", batch(&home, &id, 0, people))
        .await
        .unwrap();
    let said: Vec<_> = staged
        .people
        .iter()
        .map(|one| (one.reason.as_str(), one.field.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("INVALID_NAME", "given_name"),
            ("INVALID_LOGIN", "login"),
            ("INVALID_ROLE", "roles"),
            ("INVALID_ROLE", "roles"),
            ("LOGIN_TAKEN", "login"),
            ("", ""),
        ]
    );
    assert!(staged.people[..5].iter().all(|one| !one.message.is_empty()));
    let status = commit(&world, &id).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::FailedPrecondition, "IMPORT_REFUSED")
    );
    let fields = status.get_details_bad_request().unwrap().field_violations;
    assert_eq!(fields.len(), 5);
    assert_eq!(
        fields[0].field,
        format!("people[{}].given_name", unnamed.person_id)
    );
    let status = world.sign_in("good", "whatever").await.unwrap_err();
    assert_eq!(reason(&status), "SIGN_IN_REFUSED");
    // Batch 0 begins anew.
    stage(
        &world,
        "chef",
        batch(&home, &id, 0, vec![pupil("Good", "good")]),
    )
    .await
    .unwrap();
    assert_eq!(commit(&world, &id).await.unwrap(), 1);
}

#[tokio::test]
async fn nobody_stages_for_a_school_or_an_import_that_is_not_theirs() {
    let Schools {
        world,
        home,
        abroad,
    } = schools().await;
    let id = ImportId::new().to_string();
    let status = stage(&world, "chef", batch(&abroad, &id, 0, vec![]))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let status = stage(&world, "chef", batch(&home, &id, 1, vec![]))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound, "no batch before the first");
    stage(&world, "chef", batch(&home, &id, 0, vec![]))
        .await
        .unwrap();
    let status = stage(&world, "other", batch(&home, &id, 1, vec![]))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "IMPORT_OF_ANOTHER");
    let status = stage(&world, ROOT, batch(&abroad, &id, 0, vec![]))
        .await
        .unwrap_err();
    assert_eq!(
        status.code(),
        Code::NotFound,
        "an import stays with its school"
    );
    let gateway = PeopleImportServiceClient::new(world.pair.client());
    let request = CommitPeopleRequest {
        import_id: id.clone(),
    };
    let mut gateway = gateway;
    let status = gateway
        .commit_people(own_request(request))
        .await
        .unwrap_err();
    assert_eq!(
        status.code(),
        Code::PermissionDenied,
        "only the roster commits"
    );
}

#[tokio::test]
async fn an_aborted_and_a_forgotten_import_are_unknown() {
    let Schools { world, home, .. } = schools().await;
    let id = ImportId::new().to_string();
    stage(
        &world,
        "chef",
        batch(&home, &id, 0, vec![pupil("Zoé", "zoe")]),
    )
    .await
    .unwrap();
    for _ in 0..2 {
        let request = AbortPeopleRequest {
            import_id: id.clone(),
        };
        roster(&world)
            .abort_people(own_request(request))
            .await
            .unwrap();
    }
    assert_eq!(
        commit(&world, &id).await.unwrap_err().code(),
        Code::NotFound
    );
    let unknown = ImportId::new().to_string();
    assert_eq!(
        commit(&world, &unknown).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn batches_have_a_size() {
    let Schools { world, home, .. } = schools().await;
    let id = ImportId::new().to_string();
    let people = (0..501).map(|n| pupil("Zoé", &format!("zoe{n}"))).collect();
    let status = stage(&world, "chef", batch(&home, &id, 0, people))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), wrong_field(&status).as_str()),
        (Code::InvalidArgument, "people")
    );
    let mut request = batch(&home, &id, 0, vec![]);
    request.absent_person_ids = vec!["nobody".to_owned()];
    let status = stage(&world, "chef", request).await.unwrap_err();
    assert_eq!(wrong_field(&status), "absent_person_ids[0]");
    let status = stage(&world, "chef", batch(&home, &id, 1000, vec![]))
        .await
        .unwrap_err();
    assert_eq!(wrong_field(&status), "batch");
}

#[tokio::test]
async fn administrators_list_the_schools_they_administer_by_name_and_page() {
    let Schools {
        world,
        home,
        abroad,
    } = schools().await;
    let list = async |login: &str, size: u32, token: &str| {
        let request = ListSchoolsRequest {
            page_size: size,
            page_token: token.to_owned(),
        };
        let request = by(&world.token(login).await, request);
        let answer = world.directory().list_schools(request).await;
        answer.map(tonic::Response::into_inner)
    };
    let own = list("chef", 0, "").await.unwrap();
    assert_eq!(
        (own.schools, own.next_page_token.as_str()),
        (vec![home.clone()], "")
    );
    let first = list(ROOT, 1, "").await.unwrap();
    assert_eq!(
        first.schools,
        std::slice::from_ref(&abroad),
        "0870003F comes before 0951099D"
    );
    let second = list(ROOT, 1, &first.next_page_token).await.unwrap();
    assert_eq!(
        (second.schools, second.next_page_token.as_str()),
        (vec![home.clone()], "")
    );
    let region = world.person(&home, "region", Role::Teacher).await;
    let grant = preau_proto::identity::v1::GrantRoleRequest {
        person_id: region.person_id,
        role: Role::AuthorityAdmin.into(),
        scope: on_authority(&home.authority_id),
        begins_at: None,
        ends_at: Some((std::time::SystemTime::now() + Duration::from_secs(600)).into()),
    };
    world.grant(ROOT, grant).await.unwrap();
    assert_eq!(list("region", 0, "").await.unwrap().schools, [abroad, home]);
    let status = list(ROOT, 0, "nonsense").await.unwrap_err();
    assert_eq!(wrong_field(&status), "page_token");
}

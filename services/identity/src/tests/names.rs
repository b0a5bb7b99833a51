//! Names of a class list, in one call.

use preau_kernel::ids::PersonId;
use preau_proto::identity::v1::{
    CreatePersonRequest, GetPeopleRequest, GrantRoleRequest, PersonName, School,
};
use preau_proto::policy::v1::Role;
use tonic::{Code, Status};

use super::world::{ROOT, World, by, on_school, wanted, wrong_field};

async fn names(
    world: &World,
    login: &str,
    school: &School,
    people: Vec<String>,
) -> Result<Vec<PersonName>, Status> {
    let request = GetPeopleRequest {
        school_id: school.school_id.clone(),
        person_ids: people,
    };
    let request = by(&world.token(login).await, request);
    let answer = world.directory().get_people(request).await?;
    Ok(answer.into_inner().people)
}

#[tokio::test]
async fn a_teacher_reads_the_names_of_the_schools_people_and_of_nobody_else() {
    let world = World::new().await;
    let authority = world.authority().await;
    let here = world.school(&authority, "0951099D").await;
    let there = world.school(&authority, "0870003F").await;
    world.person(&here, "prof", Role::Teacher).await;
    let pupil = world.person(&here, "pupil", Role::Student).await;
    let stranger = world.person(&there, "stranger", Role::Student).await;
    let guest = world.person(&there, "guest", Role::Teacher).await;
    let role_here = GrantRoleRequest {
        person_id: guest.person_id.clone(),
        role: Role::Teacher.into(),
        scope: on_school(&here.school_id),
        ..GrantRoleRequest::default()
    };
    world.grant(ROOT, role_here).await.unwrap();

    let asked = [&pupil, &stranger, &guest].map(|person| person.person_id.clone());
    let mut asked = asked.to_vec();
    asked.push(PersonId::new().to_string());
    let mut expected = [&pupil, &guest].map(|person| PersonName {
        person_id: person.person_id.clone(),
        given_name: person.given_name.clone(),
        family_name: person.family_name.clone(),
    });
    for login in ["prof", ROOT] {
        let mut found = names(&world, login, &here, asked.clone()).await.unwrap();
        found.sort_by(|one, other| one.person_id.cmp(&other.person_id));
        expected.sort_by(|one, other| one.person_id.cmp(&other.person_id));
        assert_eq!(found, expected, "{login}");
    }
    let hidden = names(&world, "stranger", &here, asked.clone()).await;
    assert_eq!(hidden.unwrap_err().code(), Code::PermissionDenied);
    world.person(&there, "voisin", Role::Teacher).await;
    let hidden = names(&world, "voisin", &here, asked).await;
    assert_eq!(hidden.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn as_many_as_a_page_are_read_and_no_more() {
    let world = World::new().await;
    let here = world.school(&world.authority().await, "0951099D").await;
    world.person(&here, "prof", Role::Teacher).await;
    let (mut people, root) = (Vec::new(), world.token(ROOT).await);
    for n in 0..45 {
        let request = CreatePersonRequest {
            login: String::new(),
            password: String::new(),
            ..wanted(&here, &format!("pupil{n}"), Role::Student)
        };
        let created = world.directory().create_person(by(&root, request)).await;
        people.push(created.unwrap().into_inner().person.unwrap().person_id);
    }
    let found = names(&world, "prof", &here, people.clone()).await.unwrap();
    assert_eq!(found.len(), 45);
    for wrong in [Vec::new(), vec![people[0].clone(); 201], vec!["x".into()]] {
        let refused = names(&world, "prof", &here, wrong).await.unwrap_err();
        assert!(wrong_field(&refused).starts_with("person_ids"), "{refused}");
    }
}

//! Authorities, schools and people: who may create and see which.

use preau_kernel::ids::{PersonId, SchoolId};
use preau_proto::identity::v1::{
    CreateAuthorityRequest, CreatePersonRequest, CreateSchoolRequest, GetPersonRequest,
    GetSchoolRequest, ListPeopleRequest, School,
};
use preau_proto::policy::v1::Role;
use tonic::Code;

use super::world::{PASSWORD, ROOT, World, by, reason, seen, wanted, wrong_field};

async fn two_schools(world: &World) -> (School, School) {
    let authority = world.authority().await;
    (
        world.school(&authority, "0951099D").await,
        world.school(&authority, "0870003F").await,
    )
}

fn list(school: &School, page_size: u32, page_token: &str) -> ListPeopleRequest {
    ListPeopleRequest {
        school_id: school.school_id.clone(),
        page_size,
        page_token: page_token.into(),
    }
}

#[tokio::test]
async fn an_invalid_or_taken_uai_makes_no_school() {
    let world = World::new().await;
    let authority = world.authority().await;
    world.school(&authority, "0951099D").await;
    let token = world.token(ROOT).await;
    for (uai, code, said) in [
        ("0951098D", Code::InvalidArgument, "check letter"),
        ("095109", Code::InvalidArgument, "seven digits"),
        ("0951099d", Code::AlreadyExists, "another school"),
    ] {
        let request = CreateSchoolRequest {
            authority_id: authority.authority_id.clone(),
            uai: uai.to_owned(),
            name: "Lycée".into(),
        };
        let status = world
            .directory()
            .create_school(by(&token, request))
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), wrong_field(&status).as_str()),
            (code, "uai"),
            "{uai}: {status}"
        );
        assert!(
            status.message().contains(said),
            "{uai}: {}",
            status.message()
        );
    }
}

#[tokio::test]
async fn names_that_cannot_be_shown_are_refused_by_field() {
    let world = World::new().await;
    let token = world.token(ROOT).await;
    for name in ["", "  ", "a\0b", "\u{202E}x"] {
        let request = CreateAuthorityRequest {
            name: name.to_owned(),
        };
        let status = world
            .directory()
            .create_authority(by(&token, request))
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), wrong_field(&status).as_str()),
            (Code::InvalidArgument, "name")
        );
    }
}

#[tokio::test]
async fn a_school_admin_creates_people_at_home_and_finds_no_other_school() {
    let world = World::new().await;
    let (home, abroad) = two_schools(&world).await;
    world.person(&home, "chef", Role::SchoolAdmin).await;
    let token = world.token("chef").await;
    let request = by(&token, wanted(&home, "eleve", Role::Student));
    let created = world.directory().create_person(request).await.unwrap();
    let created = created.into_inner().person.unwrap();
    assert_eq!(
        (created.login.as_str(), created.school_id.as_str()),
        ("eleve", home.school_id.as_str())
    );
    world.sign_in("eleve", PASSWORD).await.unwrap();
    let mut nowhere = abroad.clone();
    nowhere.school_id = SchoolId::new().to_string();
    let mut answers = Vec::new();
    for school in [&abroad, &nowhere] {
        let request = by(&token, wanted(school, "autre", Role::Student));
        let status = world.directory().create_person(request).await.unwrap_err();
        answers.push(seen(&status));
    }
    answers.dedup();
    assert_eq!(
        answers.len(),
        1,
        "a foreign school looks like none: {answers:#?}"
    );
    assert!(answers.concat().starts_with("NotFound"), "{answers:?}");
    assert_eq!(
        world.sign_in("autre", PASSWORD).await.unwrap_err().code(),
        Code::Unauthenticated
    );
}

#[tokio::test]
async fn an_account_that_is_refused_leaves_no_person() {
    let world = World::new().await;
    let (home, _) = two_schools(&world).await;
    world.person(&home, "camille", Role::Student).await;
    let token = world.token(ROOT).await;
    let cases: [(&str, &str, Code, &str, &str); 8] = [
        (
            "CAMILLE",
            PASSWORD,
            Code::AlreadyExists,
            "LOGIN_TAKEN",
            "login",
        ),
        (
            "dominique",
            "court",
            Code::InvalidArgument,
            "PASSWORD_TOO_SHORT",
            "password",
        ),
        (
            "dominique",
            "Dominique",
            Code::InvalidArgument,
            "PASSWORD_IS_LOGIN",
            "password",
        ),
        (
            "dominique",
            "motdepasse",
            Code::InvalidArgument,
            "PASSWORD_TOO_COMMON",
            "password",
        ),
        (
            "dominique",
            "",
            Code::InvalidArgument,
            "INVALID_FIELD",
            "password",
        ),
        (
            "",
            PASSWORD,
            Code::InvalidArgument,
            "INVALID_FIELD",
            "login",
        ),
        (
            "a b",
            PASSWORD,
            Code::InvalidArgument,
            "INVALID_FIELD",
            "login",
        ),
        (
            "dominique",
            &"é".repeat(129),
            Code::InvalidArgument,
            "PASSWORD_TOO_LONG",
            "password",
        ),
    ];
    for (login, password, code, why, field) in cases {
        let request = CreatePersonRequest {
            login: login.to_owned(),
            password: password.to_owned(),
            ..wanted(&home, login, Role::Student)
        };
        let status = world
            .directory()
            .create_person(by(&token, request))
            .await
            .unwrap_err();
        assert_eq!(
            (
                status.code(),
                reason(&status).as_str(),
                wrong_field(&status).as_str()
            ),
            (code, why, field),
            "{status}"
        );
    }
    let people = world
        .directory()
        .list_people(by(&token, list(&home, 0, "")))
        .await
        .unwrap();
    assert_eq!(
        people.into_inner().people.len(),
        1,
        "only the first one is there"
    );
}

#[tokio::test]
async fn a_person_of_a_school_begins_with_a_role_of_the_school() {
    let world = World::new().await;
    let (home, _) = two_schools(&world).await;
    let token = world.token(ROOT).await;
    for role in [
        Role::Unspecified,
        Role::Anonymous,
        Role::AuthorityAdmin,
        Role::PlatformAdmin,
    ] {
        let status = world
            .directory()
            .create_person(by(&token, wanted(&home, "x", role)))
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), wrong_field(&status).as_str()),
            (Code::InvalidArgument, "role")
        );
    }
}

#[tokio::test]
async fn teachers_see_names_and_administrators_see_logins() {
    let world = World::new().await;
    let (home, abroad) = two_schools(&world).await;
    let pupil = world.person(&home, "eleve", Role::Student).await;
    world.person(&home, "prof", Role::Teacher).await;
    world.person(&home, "chef", Role::SchoolAdmin).await;
    world.person(&abroad, "prof2", Role::Teacher).await;
    for (login, seen) in [
        ("prof", ""),
        ("chef", "eleve"),
        (ROOT, "eleve"),
        ("eleve", "eleve"),
    ] {
        let request = GetPersonRequest {
            person_id: pupil.person_id.clone(),
        };
        let answer = world
            .directory()
            .get_person(by(&world.token(login).await, request))
            .await;
        assert_eq!(
            answer.unwrap().into_inner().person.unwrap().login,
            seen,
            "as {login}"
        );
    }
    let token = world.token("prof").await;
    let listed = world
        .directory()
        .list_people(by(&token, list(&home, 0, "")))
        .await
        .unwrap();
    let logins: Vec<String> = listed
        .into_inner()
        .people
        .into_iter()
        .map(|one| one.login)
        .collect();
    assert_eq!(
        logins,
        ["", "", "prof"],
        "a teacher's own login is theirs to see"
    );
    let token = world.token("prof2").await;
    for person_id in [pupil.person_id.clone(), PersonId::new().to_string()] {
        let status = world
            .directory()
            .get_person(by(&token, GetPersonRequest { person_id }))
            .await;
        assert_eq!(status.unwrap_err().code(), Code::NotFound);
    }
}

#[tokio::test]
async fn pupils_see_their_school_and_themselves_only() {
    let world = World::new().await;
    let (home, abroad) = two_schools(&world).await;
    world.person(&home, "eleve", Role::Student).await;
    let other = world.person(&home, "autre", Role::Student).await;
    let token = world.token("eleve").await;
    let get = |id: &str| GetSchoolRequest {
        school_id: id.to_owned(),
    };
    let school = world
        .directory()
        .get_school(by(&token, get(&home.school_id)))
        .await
        .unwrap();
    assert_eq!(school.into_inner().school, Some(home.clone()));
    let status = world
        .directory()
        .get_school(by(&token, get(&abroad.school_id)))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let status = world
        .directory()
        .list_people(by(&token, list(&home, 0, "")))
        .await
        .unwrap_err();
    assert_eq!(
        status.code(),
        Code::PermissionDenied,
        "the mesh knows that no pupil lists people"
    );
    let request = GetPersonRequest {
        person_id: other.person_id,
    };
    let status = world
        .directory()
        .get_person(by(&token, request))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test]
async fn a_school_is_read_page_by_page() {
    let world = World::new().await;
    let (home, _) = two_schools(&world).await;
    for login in ["a1", "b2", "c3"] {
        world.person(&home, login, Role::Student).await;
    }
    let token = world.token(ROOT).await;
    let mut seen = Vec::new();
    let mut page = String::new();
    loop {
        let answer = world
            .directory()
            .list_people(by(&token, list(&home, 2, &page)))
            .await
            .unwrap()
            .into_inner();
        seen.extend(answer.people.into_iter().map(|person| person.login));
        page = answer.next_page_token;
        if page.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["a1", "b2", "c3"]);
    for (size, token_text, field) in [(201, "", "page_size"), (2, "nonsense", "page_token")] {
        let request = by(&token, list(&home, size, token_text));
        let status = world.directory().list_people(request).await.unwrap_err();
        assert_eq!(
            (status.code(), wrong_field(&status).as_str()),
            (Code::InvalidArgument, field)
        );
    }
}

#[tokio::test]
async fn ids_that_are_none_are_refused_by_field() {
    let world = World::new().await;
    let token = world.token(ROOT).await;
    let request = GetSchoolRequest {
        school_id: "../../etc".into(),
    };
    let status = world
        .directory()
        .get_school(by(&token, request))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), wrong_field(&status).as_str()),
        (Code::InvalidArgument, "school_id")
    );
}

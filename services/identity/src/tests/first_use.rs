//! First-use codes, the first sign-in with one, and how many guesses an account takes.

use std::time::Duration;

use preau_mesh::own_request;
use preau_proto::identity::v1::{
    ActivateRequest, ActivateResponse, FirstUseCode, GetMeRequest, IssueFirstUseCodesRequest,
    Person, School, SignOutEverywhereRequest,
};
use preau_proto::policy::v1::Role;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::importing::{import, pupil};
use super::world::{PASSWORD, ROOT, World, by, reason, seen, wrong_field};

const NEW: &str = "mon premier mot secret";

struct Stage {
    world: World,
    school: School,
    chef: Person,
}

/// A school whose administrator imported one pupil, Zoé, who has a login and no password.
async fn stage() -> Stage {
    let world = World::new().await;
    let school = world.school(&world.authority().await, "0951099D").await;
    let chef = world.person(&school, "chef", Role::SchoolAdmin).await;
    import(
        &world,
        &school,
        "chef",
        vec![pupil("Zoé", "zoe"), pupil("Max", "max")],
    )
    .await;
    Stage {
        world,
        school,
        chef,
    }
}

impl Stage {
    async fn people(&self) -> Vec<Person> {
        let request = preau_proto::identity::v1::ListPeopleRequest {
            school_id: self.school.school_id.clone(),
            page_size: 0,
            page_token: String::new(),
        };
        let request = by(&self.world.token("chef").await, request);
        let answer = self.world.directory().list_people(request).await.unwrap();
        answer.into_inner().people
    }

    async fn codes(&self, people: Vec<String>) -> Result<Vec<FirstUseCode>, Status> {
        let request = IssueFirstUseCodesRequest {
            school_id: self.school.school_id.clone(),
            person_ids: people,
            reset: false,
        };
        let request = by(&self.world.token("chef").await, request);
        let answer = self
            .world
            .directory()
            .issue_first_use_codes(request)
            .await?;
        Ok(answer.into_inner().codes)
    }

    /// The code of whoever has this login.
    async fn code(&self, login: &str) -> String {
        let ids = self
            .people()
            .await
            .into_iter()
            .map(|person| person.person_id);
        let codes = self.codes(ids.collect()).await.unwrap();
        let code = codes.into_iter().find(|code| code.login == login);
        code.unwrap().code
    }

    async fn activate(&self, login: &str, code: &str) -> Result<ActivateResponse, Status> {
        self.activate_with(login, code, NEW).await
    }

    async fn activate_with(
        &self,
        login: &str,
        code: &str,
        password: &str,
    ) -> Result<ActivateResponse, Status> {
        let request = ActivateRequest {
            login: login.to_owned(),
            code: code.to_owned(),
            password: password.to_owned(),
        };
        let answer = self.world.sessions().activate(own_request(request)).await?;
        Ok(answer.into_inner())
    }
}

#[tokio::test]
async fn a_code_opens_an_account_once_and_the_password_ever_after() {
    let stage = stage().await;
    let world = &stage.world;
    let status = world.sign_in("zoe", PASSWORD).await.unwrap_err();
    assert_eq!(reason(&status), "SIGN_IN_REFUSED", "no password fits yet");
    let code = stage.code("zoe").await;
    let opened = stage.activate("ZOE", &code.to_lowercase()).await.unwrap();
    let token = world.mint(&opened.session_token).await.unwrap();
    let me = world.directory().get_me(by(&token, GetMeRequest {})).await;
    assert_eq!(
        me.unwrap().into_inner().person.unwrap().person_id,
        opened.person_id
    );
    world.sign_in("zoe", NEW).await.unwrap();
    let again = stage.activate("zoe", &code).await.unwrap_err();
    assert_eq!(reason(&again), "ACTIVATION_REFUSED");
    let left = stage.codes(vec![opened.person_id]).await.unwrap();
    assert_eq!(left, [], "who has a password is passed over");
}

#[tokio::test]
async fn whatever_is_wrong_has_one_answer_and_costs_one_hash() {
    let stage = stage().await;
    let world = &stage.world;
    let old = stage.code("zoe").await;
    let code = stage.code("zoe").await;
    let mut answers = Vec::new();
    for (login, code) in [
        ("zoe", "0000-0000-0000"),
        ("zoe", "not a code"),
        ("zoe", old.as_str()),
        ("max", code.as_str()),
        ("nobody", code.as_str()),
        ("no login at all", code.as_str()),
        (ROOT, code.as_str()),
    ] {
        let before = world.identity.passwords().hashes();
        let status = stage.activate(login, code).await.unwrap_err();
        let cost = world.identity.passwords().hashes() - before;
        assert_eq!(cost, 1, "one hash for {login:?}");
        answers.push(seen(&status));
    }
    world.pass(Duration::from_secs(30 * 24 * 3600));
    answers.push(seen(&stage.activate("zoe", &code).await.unwrap_err()));
    answers.dedup();
    assert_eq!(answers.len(), 1, "one answer: {answers:#?}");
}

#[tokio::test]
async fn a_poor_password_does_not_spend_the_code() {
    let stage = stage().await;
    let code = stage.code("zoe").await;
    for (password, expected) in [
        ("short", "PASSWORD_TOO_SHORT"),
        ("Motdepasse1", "PASSWORD_TOO_COMMON"),
        (&code, "PASSWORD_IS_CODE"),
        (&code.replace('-', " ").to_lowercase(), "PASSWORD_IS_CODE"),
    ] {
        let status = stage
            .activate_with("zoe", &code, password)
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::InvalidArgument, expected)
        );
        assert_eq!(wrong_field(&status), "password");
    }
    stage.activate("zoe", &code).await.unwrap();
}

#[tokio::test]
async fn of_two_who_come_with_one_code_one_wins() {
    let stage = stage().await;
    let code = stage.code("zoe").await;
    let (one, other) = tokio::join!(stage.activate("zoe", &code), stage.activate("zoe", &code));
    assert_eq!(u8::from(one.is_ok()) + u8::from(other.is_ok()), 1);
    let lost = one.err().or(other.err()).unwrap();
    assert_eq!(reason(&lost), "ACTIVATION_REFUSED");
}

#[tokio::test]
async fn codes_are_for_people_of_the_school_whom_the_issuer_could_dismiss() {
    let stage = stage().await;
    let elsewhere = stage
        .world
        .person(&stage.school, "prof", Role::Teacher)
        .await;
    let ids = vec![elsewhere.person_id, stage.chef.person_id.clone()];
    assert_eq!(stage.codes(ids).await.unwrap(), []);
    let zoe = stage
        .people()
        .await
        .into_iter()
        .find(|one| one.login == "zoe")
        .unwrap();
    // Somebody whom the region made an administrator of another school.
    let authority = stage.school.authority_id.clone();
    let grant = preau_proto::identity::v1::GrantRoleRequest {
        person_id: zoe.person_id.clone(),
        role: Role::AuthorityAdmin.into(),
        scope: super::world::on_authority(&authority),
        begins_at: None,
        ends_at: None,
    };
    stage.world.grant(ROOT, grant).await.unwrap();
    assert_eq!(stage.codes(vec![zoe.person_id]).await.unwrap(), []);
    for people in [vec![], vec!["x".to_owned()], vec![String::new(); 201]] {
        let status = stage.codes(people).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(wrong_field(&status).starts_with("person_ids"));
    }
}

#[tokio::test]
async fn a_code_from_before_opens_no_administrators_account() {
    let stage = stage().await;
    let zoe = stage.code("zoe").await;
    let of = async |login| {
        let people = stage.people().await.into_iter();
        people
            .map(|one| (one.login, one.person_id))
            .find(|one| one.0 == login)
            .unwrap()
            .1
    };
    // The region makes Zoé an administrator of all its schools; a file makes Max one of this school.
    let grant = preau_proto::identity::v1::GrantRoleRequest {
        person_id: of("zoe").await,
        role: Role::AuthorityAdmin.into(),
        scope: super::world::on_authority(&stage.school.authority_id),
        begins_at: None,
        ends_at: None,
    };
    stage.world.grant(ROOT, grant).await.unwrap();
    let max = stage.code("max").await;
    let mut principal = pupil("Max", "max");
    principal.person_id = of("max").await;
    principal.roles[0].role = Role::SchoolAdmin.into();
    import(&stage.world, &stage.school, ROOT, vec![principal]).await;
    for (login, code) in [("zoe", &zoe), ("max", &max)] {
        let status = stage.activate(login, code).await.unwrap_err();
        assert_eq!(reason(&status), "ACTIVATION_REFUSED", "{login}");
    }
    let code = stage.code("max").await;
    stage.activate("max", &code).await.unwrap();
}

#[tokio::test]
async fn guesses_at_one_login_have_to_wait_whether_it_exists_or_not() {
    let stage = stage().await;
    let world = &stage.world;
    let code = stage.code("max").await;
    let mut answers = Vec::new();
    for login in ["max", "nobody"] {
        for _ in 0..5 {
            world.sign_in(login, PASSWORD).await.unwrap_err();
            stage.activate(login, "0000-0000-0000").await.unwrap_err();
        }
        let before = world.identity.passwords().verifications();
        let status = world.sign_in(login, PASSWORD).await.unwrap_err();
        assert_eq!(world.identity.passwords().verifications(), before);
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS")
        );
        let wait = status
            .get_details_retry_info()
            .and_then(|info| info.retry_delay);
        let wait = wait.unwrap();
        assert!(
            wait > Duration::ZERO && wait <= Duration::from_secs(30),
            "{wait:?}"
        );
        answers.push(reason(
            &stage.activate(login, "0000-0000-0000").await.unwrap_err(),
        ));
    }
    assert_eq!(answers, ["TOO_MANY_ATTEMPTS", "TOO_MANY_ATTEMPTS"]);
    world.sign_in(ROOT, PASSWORD).await.unwrap();
    world.pass(Duration::from_secs(31));
    stage.activate("max", &code).await.unwrap();
}

#[tokio::test]
async fn who_signs_out_everywhere_has_no_session_left_and_nobody_else_notices() {
    let world = World::new().await;
    let school = world.school(&world.authority().await, "0951099D").await;
    world.person(&school, "zoe", Role::Student).await;
    world.person(&school, "max", Role::Student).await;
    let other = world.sign_in("zoe", PASSWORD).await.unwrap();
    let max = world.sign_in("max", PASSWORD).await.unwrap();
    let here = world.sign_in("zoe", PASSWORD).await.unwrap();
    let token = world.mint(&here).await.unwrap();
    let request = by(&token, SignOutEverywhereRequest {});
    world.sessions().sign_out_everywhere(request).await.unwrap();
    for ended in [&here, &other] {
        assert_eq!(
            reason(&world.mint(ended).await.unwrap_err()),
            "SESSION_UNKNOWN"
        );
    }
    world.mint(&max).await.unwrap();
}

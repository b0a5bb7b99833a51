//! Forgotten passwords: a code in their place, by whoever could dismiss the person.

use preau_mesh::own_request;
use preau_proto::identity::v1::{
    ActivateRequest, FirstUseCode, GrantRoleRequest, IssueFirstUseCodesRequest, Person, School,
};
use preau_proto::policy::v1::Role;

use super::world::{PASSWORD, ROOT, World, by, on_authority, on_school, reason};

const NEW: &str = "mon nouveau mot secret";

struct Stage {
    world: World,
    school: School,
    chef: Person,
    zoe: Person,
}

/// A school with its administrator and a pupil, both with passwords.
async fn stage() -> Stage {
    let world = World::new().await;
    let school = world.school(&world.authority().await, "0951099D").await;
    let chef = world.person(&school, "chef", Role::SchoolAdmin).await;
    let zoe = world.person(&school, "zoe", Role::Student).await;
    Stage {
        world,
        school,
        chef,
        zoe,
    }
}

impl Stage {
    async fn reset(&self, issuer: &str, people: &[&Person]) -> Vec<FirstUseCode> {
        let request = IssueFirstUseCodesRequest {
            school_id: self.school.school_id.clone(),
            person_ids: people.iter().map(|one| one.person_id.clone()).collect(),
            reset: true,
        };
        let request = by(&self.world.token(issuer).await, request);
        let mut directory = self.world.directory();
        let answer = directory.issue_first_use_codes(request).await;
        answer.unwrap().into_inner().codes
    }

    async fn grant(
        &self,
        person: &Person,
        role: Role,
        scope: Option<preau_proto::identity::v1::Scope>,
    ) {
        let grant = GrantRoleRequest {
            person_id: person.person_id.clone(),
            role: role.into(),
            scope,
            begins_at: None,
            ends_at: None,
        };
        self.world.grant(ROOT, grant).await.unwrap();
    }
}

#[tokio::test]
async fn a_password_that_was_reset_works_no_more_and_neither_does_a_session() {
    let stage = stage().await;
    let world = &stage.world;
    let sessions = [
        world.sign_in("zoe", PASSWORD).await.unwrap(),
        world.sign_in("zoe", PASSWORD).await.unwrap(),
    ];
    let chef = world.sign_in("chef", PASSWORD).await.unwrap();
    let codes = stage.reset("chef", &[&stage.zoe]).await;
    assert_eq!((codes.len(), codes[0].login.as_str()), (1, "zoe"));
    let status = world.sign_in("zoe", PASSWORD).await.unwrap_err();
    assert_eq!(reason(&status), "SIGN_IN_REFUSED");
    for session in &sessions {
        let status = world.mint(session).await.unwrap_err();
        assert_eq!(reason(&status), "SESSION_UNKNOWN");
    }
    world.mint(&chef).await.unwrap();
    let request = ActivateRequest {
        login: "zoe".to_owned(),
        code: codes[0].code.clone(),
        password: NEW.to_owned(),
    };
    let opened = world.sessions().activate(own_request(request)).await;
    assert_eq!(
        opened.unwrap().into_inner().person_id,
        stage.zoe.person_id,
        "the same person"
    );
    world.sign_in("zoe", NEW).await.unwrap();
}

#[tokio::test]
async fn nobody_resets_their_own_password_nor_one_of_who_administers_above() {
    let stage = stage().await;
    let world = &stage.world;
    let region = world.person(&stage.school, "region", Role::Teacher).await;
    let above = on_authority(&stage.school.authority_id);
    stage.grant(&region, Role::AuthorityAdmin, above).await;
    let authority = &world.authority().await;
    let abroad = world.school(authority, "0870003F").await;
    let elsewhere = world.person(&stage.school, "ailleurs", Role::Teacher).await;
    let there = on_school(&abroad.school_id);
    stage.grant(&elsewhere, Role::SchoolAdmin, there).await;
    let foreign = world.person(&abroad, "foreign", Role::Student).await;
    let refused = [&stage.chef, &region, &elsewhere, &foreign];
    assert_eq!(stage.reset("chef", &refused).await, []);
    for login in ["chef", "region", "ailleurs", "foreign"] {
        world.sign_in(login, PASSWORD).await.unwrap();
    }
    // Whoever administers above resets whoever administers below.
    let codes = stage.reset(ROOT, &[&stage.chef, &region, &elsewhere]).await;
    assert_eq!(codes.len(), 3);
    for login in ["chef", "region", "ailleurs"] {
        let status = world.sign_in(login, PASSWORD).await.unwrap_err();
        assert_eq!(reason(&status), "SIGN_IN_REFUSED", "{login}");
    }
}

#[tokio::test]
async fn a_colleague_resets_an_administrator_of_the_same_school() {
    let stage = stage().await;
    let world = &stage.world;
    let other = world
        .person(&stage.school, "other", Role::SchoolAdmin)
        .await;
    let codes = stage.reset("chef", &[&other, &stage.chef]).await;
    let logins: Vec<_> = codes.iter().map(|code| code.login.as_str()).collect();
    assert_eq!(logins, ["other"]);
    world.sign_in("chef", PASSWORD).await.unwrap();
}

//! Imports that do not go through at once.

use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::ImportState;
use tonic::Code;

use super::world::{World, reason};
use crate::Recovered;
use crate::domain::oneroster::tests::fixture::Files;

#[tokio::test]
async fn what_the_directory_refuses_at_the_last_moment_changes_nothing_anywhere() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let import = admin.validated(school, &Files::small()).await.import_id;
    world.registry.state().refuses = Some("p.trois".to_owned());
    assert_eq!(
        reason(admin.apply(&import, 0).await),
        "IMPORT_PEOPLE_REFUSED"
    );
    let refused = admin.get_import(&import).await.unwrap();
    assert_eq!(
        (refused.state(), refused.problem_count),
        (ImportState::Invalid, 2)
    );
    let places = refused.problems.iter().map(|problem| {
        let (file, column) = (&*problem.file, &*problem.column);
        let (value, reason) = (&*problem.value, &*problem.reason);
        (file, problem.line, column, value, reason)
    });
    assert_eq!(
        places.collect::<Vec<_>>(),
        [
            ("users.csv", 0, "", "", "IMPORT_REFUSED"),
            ("users.csv", 4, "username", "p.trois", "LOGIN_TAKEN"),
        ]
    );
    assert_eq!(
        refused.problems[1].message,
        "somebody took this login: change it"
    );
    assert_eq!(world.members(&admin, school).await, []);
    assert_eq!(world.registry.who("t.un"), None);

    // Validated again, it goes through.
    world.registry.state().refuses = None;
    assert_eq!(
        admin.validate(&import).await.unwrap().state(),
        ImportState::Ready
    );
    let applied = admin.apply(&import, 0).await.unwrap();
    assert_eq!(applied.state(), ImportState::Applied);
}

#[tokio::test]
async fn an_import_that_was_decided_is_finished_by_whoever_comes_next() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let import = admin.validated(school, &Files::small()).await.import_id;
    world.registry.state().unavailable = 2;
    assert_eq!(
        admin.apply(&import, 0).await.unwrap_err().code(),
        Code::Unavailable
    );
    assert_eq!(
        admin.get_import(&import).await.unwrap().state(),
        ImportState::Applying
    );
    assert_eq!(reason(admin.validate(&import).await), "IMPORT_DECIDED");
    let left = Recovered {
        left: 1,
        ..Recovered::default()
    };
    assert_eq!(world.recover().await, left);
    assert_eq!(
        admin.get_import(&import).await.unwrap().state(),
        ImportState::Applying
    );
    let finished = Recovered {
        finished: 1,
        ..Recovered::default()
    };
    assert_eq!(world.recover().await, finished);
    assert_eq!(
        admin.get_import(&import).await.unwrap().state(),
        ImportState::Applied
    );
    assert_eq!(world.members(&admin, school).await.len(), 2);
    assert_eq!(world.recover().await, Recovered::default());
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_done_once() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let import = admin.validated(school, &Files::small()).await.import_id;
    world.registry.state().lost_answers = 1;
    assert_eq!(
        admin.apply(&import, 0).await.unwrap_err().code(),
        Code::Unavailable
    );
    assert!(world.registry.who("t.un").is_some(), "the people are there");
    assert_eq!(
        world.members(&admin, school).await,
        [],
        "the classes are not"
    );
    // The administrator tries again before anybody else does.
    let applied = admin.apply(&import, 0).await.unwrap();
    assert_eq!(applied.state(), ImportState::Applied);
    assert_eq!(world.members(&admin, school).await.len(), 2);
    assert_eq!(world.registry.state().people.len(), 4);
}

#[tokio::test]
async fn an_import_whose_staged_people_are_gone_is_taken_back() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let import = admin.validated(school, &Files::small()).await.import_id;
    world.registry.state().unavailable = 1;
    admin.apply(&import, 0).await.unwrap_err();
    world.registry.lose_staged();
    let refused = Recovered {
        refused: 1,
        ..Recovered::default()
    };
    assert_eq!(world.recover().await, refused);
    let import = admin.get_import(&import).await.unwrap();
    assert_eq!(
        (import.state(), &*import.problems[0].reason),
        (ImportState::Invalid, "NOT_FOUND")
    );
    assert_eq!(world.members(&admin, school).await, []);
}

#[tokio::test]
async fn a_school_has_one_import_under_way() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let first = admin.validated(school, &Files::small()).await.import_id;
    let second = admin.send(school, &Files::small().zip()).await;
    // The first was dropped when the second began.
    assert_eq!(
        admin.get_import(&first).await.unwrap().state(),
        ImportState::Uploading
    );
    assert_eq!(reason(admin.apply(&first, 0).await), "IMPORT_REPLACED");
    assert_eq!(reason(admin.validate(&first).await), "IMPORT_REPLACED");

    admin.validate(&second).await.unwrap();
    world.registry.state().unavailable = 1;
    admin.apply(&second, 0).await.unwrap_err();
    let third = admin.send(school, &Files::small().zip()).await;
    assert_eq!(
        reason(admin.validate(&third).await),
        "ANOTHER_IMPORT_APPLYING"
    );
    world.recover().await;
    assert_eq!(
        admin.validate(&third).await.unwrap().state(),
        ImportState::Ready
    );
}

#[tokio::test]
async fn validating_again_asks_for_the_same_people() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let import = admin.validated(school, &Files::small()).await;
    let again = admin.validate(&import.import_id).await.unwrap();
    assert_eq!(again, import);
    admin.apply(&import.import_id, 0).await.unwrap();
    assert_eq!(world.registry.state().people.len(), 4);
    assert_eq!(world.members(&admin, school).await.len(), 2);
}

//! A school that is imported again, and one that was begun by hand.

use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::{self as wire, ImportState, Part};

use super::importer::class;
use super::world::{World, reason};
use crate::domain::oneroster::tests::fixture::Files;

#[tokio::test]
async fn importing_the_same_again_changes_nothing() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    admin.applied(school, &Files::small()).await;
    let members = world.members(&admin, school).await;
    let people = world.registry.state().people.clone();
    let again = admin.applied(school, &Files::small()).await;
    let expected = wire::ImportSummary {
        people_unchanged: 4,
        people_without_role: 1,
        classes_unchanged: 2,
        enrolments_unchanged: 5,
        ..wire::ImportSummary::default()
    };
    assert_eq!(again.summary, Some(expected));
    assert_eq!(world.members(&admin, school).await, members);
    assert_eq!(world.registry.state().people, people);
}

#[tokio::test]
async fn who_is_absent_is_disabled_and_comes_back_as_the_same_person() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    admin.applied(school, &Files::small()).await;
    let (before, _) = world.registry.who("p.trois").unwrap();
    let without = Files::small()
        .without_row("users.csv", "u3,")
        .without_row("roles.csv", "r3,")
        .without_row("enrollments.csv", "e4,");
    let import = admin.applied(school, &without).await;
    let summary = import.summary.unwrap();
    assert_eq!(
        (summary.people_disabled, summary.enrolments_removed),
        (1, 1)
    );
    assert!(!summary.needs_confirmation);
    assert_eq!(world.registry.who("p.trois"), Some((before.clone(), false)));
    assert_eq!(
        world.members(&admin, school).await[0],
        class("2de A", &["t.un", "t.deux"], &[])
    );
    // Nobody is disabled twice.
    let import = admin.applied(school, &without).await;
    assert_eq!(import.summary.unwrap().people_disabled, 0);

    let import = admin.applied(school, &Files::small()).await;
    let summary = import.summary.unwrap();
    assert_eq!((summary.people_new, summary.people_changed), (0, 1));
    assert_eq!(world.registry.who("p.trois"), Some((before, true)));
}

#[tokio::test]
async fn a_class_that_is_absent_keeps_its_teachers_and_loses_its_pupils() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    admin.applied(school, &Files::small()).await;
    let without = Files::small()
        .without_row("classes.csv", "c2,")
        .without_row("enrollments.csv", "e3,")
        .without_row("enrollments.csv", "e5,");
    let summary = admin.applied(school, &without).await.summary.unwrap();
    assert_eq!(
        (summary.classes_emptied, summary.enrolments_removed),
        (1, 1)
    );
    assert_eq!(
        world.members(&admin, school).await[1],
        class("2de B", &["t.deux"], &[])
    );
    // Next year's class of that name is the same class.
    let renewed = Files::small()
        .replace("classes.csv", "c2,", "c9,")
        .replace("enrollments.csv", "e3,,,c2", "e3,,,c9")
        .replace("enrollments.csv", "e5,,,c2", "e5,,,c9");
    let summary = admin.applied(school, &renewed).await.summary.unwrap();
    assert_eq!((summary.classes_new, summary.classes_changed), (0, 1));
    assert_eq!(
        world.members(&admin, school).await[1],
        class("2de B", &["t.deux"], &["p.quatre"])
    );
}

#[tokio::test]
async fn names_parts_and_main_teachers_follow_the_file() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    admin.applied(school, &Files::small()).await;
    let before = admin.classes(school, 0, "").await.unwrap().classes;
    // The two classes change names; u2 answers for the first now.
    let changed = Files::small()
        .replace("classes.csv", ",2de A,", ",x,")
        .replace("classes.csv", ",2de B,", ",2de A,")
        .replace("classes.csv", ",x,", ",2de B,")
        .replace("enrollments.csv", "u2,teacher,false", "u2,teacher,true")
        .replace("enrollments.csv", "u1,teacher,true", "u1,student,");
    let summary = admin.applied(school, &changed).await.summary.unwrap();
    assert_eq!(
        (summary.classes_changed, summary.enrolments_unchanged),
        (2, 5)
    );
    let after = admin.classes(school, 0, "").await.unwrap().classes;
    assert_eq!(after[0].class_id, before[1].class_id);
    assert_eq!(after[1].class_id, before[0].class_id);
    assert_eq!(
        after[1].main_teacher_id,
        world.registry.who("t.deux").unwrap().0
    );
    assert_eq!(
        world.members(&admin, school).await,
        [
            class("2de A", &["t.deux"], &["p.quatre"]),
            class("2de B", &["t.deux"], &["p.trois", "t.un"]),
        ]
    );
}

#[tokio::test]
async fn what_people_made_by_hand_stays_and_is_taken_into_the_roster() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let (helper, own) = (
        world.person(Role::Teacher, school),
        world.person(Role::Teacher, school),
    );
    let made = admin.create(school, "2DE B", own.id).await.unwrap();
    let apart = admin.create(school, "Chorale", own.id).await.unwrap();
    admin
        .enrol(&made.class_id, helper.id, Part::Student)
        .await
        .unwrap();
    world
        .registry
        .add_by_hand(&helper.id.to_string(), "p.quatre");

    let import = admin.validated(school, &Files::small()).await;
    let summary = import.summary.unwrap();
    assert_eq!(
        (
            summary.people_new,
            summary.people_changed,
            summary.people_adopted
        ),
        (3, 1, 1),
        "one has the login already"
    );
    assert_eq!(
        (summary.classes_new, summary.classes_changed),
        (1, 1),
        "one has the name already"
    );
    assert_eq!(
        summary.enrolments_unchanged, 1,
        "the pupil is in the class already"
    );
    admin.apply(&import.import_id, 0).await.unwrap();
    assert_eq!(
        world.registry.who("p.quatre").unwrap().0,
        helper.id.to_string()
    );
    let members = admin.members(&made.class_id, 0, "").await.unwrap().members;
    assert!(
        members
            .iter()
            .any(|member| member.person_id == own.id.to_string()),
        "{members:?}"
    );
    assert_eq!(
        members.len(),
        3,
        "who was there, the file's teacher, and the pupil once"
    );

    // What was enrolled by hand survives an import that does not name it.
    let without = Files::small().without_row("enrollments.csv", "e5,");
    admin.applied(school, &without).await;
    let members = admin.members(&made.class_id, 0, "").await.unwrap().members;
    assert_eq!(members.len(), 3);
    assert_eq!(
        admin
            .members(&apart.class_id, 0, "")
            .await
            .unwrap()
            .members
            .len(),
        1
    );
}

#[tokio::test]
async fn a_name_that_a_class_made_by_hand_has_is_told_before_anything_changes() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    admin.applied(school, &Files::small()).await;
    admin.create(school, "Chorale", admin.id).await.unwrap();
    let renamed = Files::small().replace("classes.csv", ",2de B,", ",chorale,");
    let import = admin.validated(school, &renamed).await;
    assert_eq!(import.state(), ImportState::Invalid);
    let problem = &import.problems[0];
    assert_eq!(
        (
            &*problem.file,
            problem.line,
            &*problem.value,
            &*problem.reason
        ),
        ("classes.csv", 3, "chorale", "CLASS_NAME_TAKEN")
    );
}

#[tokio::test]
async fn whoever_the_directory_spares_is_not_counted_among_the_disabled() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    admin.applied(school, &Files::small()).await;
    let off = Files::small()
        .replace("users.csv", "true,t.un", "false,t.un")
        .replace("users.csv", "true,p.trois", "false,p.trois");
    let disabled = async || {
        let import = admin.validated(school, &off).await;
        import.summary.unwrap().people_disabled
    };
    assert_eq!(disabled().await, 2);
    world.registry.state().spares = Some("t.un".to_owned());
    assert_eq!(disabled().await, 1, "their own account stays open");
}

#[tokio::test]
async fn disabling_many_people_must_be_confirmed_by_their_number() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let mut full = Files::small();
    for number in 0..10 {
        full = full
            .append(
                "users.csv",
                &format!("x{number},,,true,x{number},,Prénom,Nom,,,,,,,,,,,,,s1,\n"),
            )
            .append(
                "roles.csv",
                &format!("y{number},,,x{number},primary,student,,,s1,\n"),
            );
    }
    admin.applied(school, &full).await;
    let import = admin.validated(school, &Files::small()).await;
    let summary = import.summary.unwrap();
    assert!(summary.needs_confirmation);
    assert_eq!(summary.people_disabled, 10);
    for wrong in [0, 9, 11] {
        let refused = admin.apply(&import.import_id, wrong).await;
        assert_eq!(reason(refused), "IMPORT_UNCONFIRMED");
    }
    assert!(world.registry.who("x0").unwrap().1);
    admin.apply(&import.import_id, 10).await.unwrap();
    assert!(!world.registry.who("x0").unwrap().1);
}

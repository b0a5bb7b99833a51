//! Making and seeing classes.

use preau_kernel::ids::{ClassId, SchoolId};
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::Part;
use tonic::Code;

use super::world::{World, fields, reason, seen};
use crate::domain::School;

#[tokio::test]
async fn an_administrator_makes_a_class_and_its_main_teacher_is_in_it() {
    let world = World::new().await;
    let school = world.school();
    let teacher = world.person(Role::Teacher, school);
    for role in [Role::SchoolAdmin, Role::AuthorityAdmin, Role::PlatformAdmin] {
        let admin = world.person(role, school);
        let name = format!("by {role:?}");
        let class = admin.create(school, &name, teacher.id).await.unwrap();
        assert_eq!(class.school_id, school.id.to_string());
        assert_eq!(class.authority_id, school.authority.to_string());
        assert_eq!(class.main_teacher_id, teacher.id.to_string());
        assert_eq!(teacher.get(&class.class_id).await.unwrap(), class);
        assert_eq!(admin.get(&class.class_id).await.unwrap(), class);
    }
    let expected = ["by AuthorityAdmin", "by PlatformAdmin", "by SchoolAdmin"];
    let expected = expected.map(|name| (name.to_owned(), Part::Teacher));
    assert_eq!(teacher.mine().await, expected);
}

#[tokio::test]
async fn a_school_is_hidden_from_administrators_of_others_as_if_it_did_not_exist() {
    let world = World::new().await;
    let (here, elsewhere) = (world.school(), world.school());
    let nowhere = School {
        id: SchoolId::new(),
        ..here
    };
    for role in [Role::SchoolAdmin, Role::AuthorityAdmin] {
        let foreign = world.person(role, elsewhere);
        let teacher = world.person(Role::Teacher, here).id;
        assert_eq!(
            seen(foreign.create(here, "2nde B", teacher).await),
            seen(foreign.create(nowhere, "2nde B", teacher).await),
        );
        assert_eq!(
            seen(foreign.classes(here, 0, "").await),
            seen(foreign.classes(nowhere, 0, "").await),
        );
        let refused = foreign.create(here, "2nde B", teacher).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
    }
    let admin = world.person(Role::SchoolAdmin, here);
    assert_eq!(admin.classes(here, 0, "").await.unwrap().classes, []);
}

#[tokio::test]
async fn a_name_is_unique_in_its_school_whatever_its_case() {
    let world = World::new().await;
    let (school, other) = (world.school(), world.school());
    let admin = world.person(Role::SchoolAdmin, school);
    let teacher = world.person(Role::Teacher, school).id;
    let class = admin.create(school, "Première É", teacher).await.unwrap();

    let again = admin
        .create(school, "PREMIÈRE e\u{301}", teacher)
        .await
        .unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists);
    let again = admin.create(school, "première é", teacher).await;
    assert_eq!(reason(again), "CLASS_NAME_TAKEN");
    assert_eq!(admin.classes(school, 0, "").await.unwrap().classes, [class]);
    let elsewhere = world.person(Role::SchoolAdmin, other);
    elsewhere
        .create(other, "Première É", elsewhere.id)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_bad_name_names_its_field_and_makes_nothing() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let long = "a".repeat(300);
    for name in ["", "a/b", "a\0", "\u{202E}a", "..", &long] {
        let refused = admin.create(school, name, admin.id).await;
        assert_eq!(fields(refused), ["name"], "{name:?}");
    }
    assert_eq!(admin.classes(school, 0, "").await.unwrap().classes, []);
}

#[tokio::test]
async fn a_schools_classes_page_by_name() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    for name in ["Zoo", "alpha", "éclair", "Beta", "zebra"] {
        admin.create(school, name, admin.id).await.unwrap();
    }
    let teacher = world.person(Role::Teacher, school);
    let mut names = Vec::new();
    let mut token = String::new();
    loop {
        let page = teacher.classes(school, 2, &token).await.unwrap();
        names.extend(page.classes.into_iter().map(|class| class.name));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["alpha", "Beta", "zebra", "Zoo", "éclair"]);
    assert_eq!(
        fields(teacher.classes(school, 201, "").await),
        ["page_size"]
    );
    assert_eq!(
        fields(teacher.classes(school, 1, "?").await),
        ["page_token"]
    );
}

#[tokio::test]
async fn a_class_is_hidden_from_who_is_not_in_it_as_if_it_did_not_exist() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let class = admin
        .create(school, "2nde B", admin.id)
        .await
        .unwrap()
        .class_id;
    let unknown = ClassId::new().to_string();
    let foreign = world.person(Role::SchoolAdmin, world.school());
    let pupil = world.person(Role::Student, school);

    for outsider in [&foreign, &pupil] {
        assert_eq!(
            seen(outsider.get(&class).await),
            seen(outsider.get(&unknown).await)
        );
        assert_eq!(
            seen(outsider.members(&class, 0, "").await),
            seen(outsider.members(&unknown, 0, "").await),
        );
    }
    assert_eq!(
        seen(foreign.enrol(&class, foreign.id, Part::Teacher).await),
        seen(foreign.enrol(&unknown, foreign.id, Part::Teacher).await),
    );
    assert_eq!(
        seen(foreign.unenrol(&class, foreign.id).await),
        seen(foreign.unenrol(&unknown, foreign.id).await),
    );
    assert_eq!(admin.members(&class, 0, "").await.unwrap().members.len(), 1);
}

//! Coming into a class, and leaving it.

use preau_kernel::ids::{ClassId, PersonId};
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::Part;
use tonic::Code;

use super::world::{World, fields, reason, seen};

#[tokio::test]
async fn enrolling_again_changes_the_part_and_unenrolling_can_be_repeated() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let main = world.person(Role::Teacher, school);
    let trainee = world.person(Role::Teacher, school);
    let class = admin
        .create(school, "2nde B", main.id)
        .await
        .unwrap()
        .class_id;

    admin
        .enrol(&class, trainee.id, Part::Student)
        .await
        .unwrap();
    assert_eq!(trainee.mine().await, [("2nde B".to_owned(), Part::Student)]);
    admin
        .enrol(&class, trainee.id, Part::Teacher)
        .await
        .unwrap();
    assert_eq!(trainee.mine().await, [("2nde B".to_owned(), Part::Teacher)]);
    for _ in 0..2 {
        admin.unenrol(&class, trainee.id).await.unwrap();
        assert_eq!(trainee.mine().await, []);
        let refused = trainee.get(&class).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
    }
}

#[tokio::test]
async fn the_main_teacher_neither_leaves_nor_becomes_a_pupil() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let main = world.person(Role::Teacher, school);
    let class = admin
        .create(school, "2nde B", main.id)
        .await
        .unwrap()
        .class_id;

    assert_eq!(
        reason(admin.unenrol(&class, main.id).await),
        "MAIN_TEACHER_STAYS"
    );
    let demoted = admin.enrol(&class, main.id, Part::Student).await;
    assert_eq!(reason(demoted), "MAIN_TEACHER_TEACHES");
    admin.enrol(&class, main.id, Part::Teacher).await.unwrap();
    assert_eq!(main.mine().await, [("2nde B".to_owned(), Part::Teacher)]);
}

#[tokio::test]
async fn members_see_each_other_by_pages() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let main = world.person(Role::Teacher, school);
    let class = admin
        .create(school, "2nde B", main.id)
        .await
        .unwrap()
        .class_id;
    let mut expected = vec![main.id.to_string()];
    let mut last = None;
    for _ in 0..4 {
        let pupil = world.person(Role::Student, school);
        admin.enrol(&class, pupil.id, Part::Student).await.unwrap();
        expected.push(pupil.id.to_string());
        last = Some(pupil);
    }
    expected.sort();

    let pupil = last.unwrap();
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let page = pupil.members(&class, 2, &token).await.unwrap();
        found.extend(page.members.into_iter().map(|member| member.person_id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn only_people_of_the_school_come_into_its_classes() {
    let world = World::new().await;
    let (here, there) = (world.school(), world.school());
    let head = world.person(Role::SchoolAdmin, here);
    let root = world.person(Role::PlatformAdmin, here);
    let main = world.person(Role::Teacher, here);
    let stranger = world.person(Role::Teacher, there);
    let class = head.create(here, "2nde B", main.id).await.unwrap().class_id;

    // Who may know the person hears why; who may not hears the same as for nobody.
    let refused = root.enrol(&class, stranger.id, Part::Student).await;
    assert_eq!(reason(refused), "PERSON_ELSEWHERE");
    let hidden = head.enrol(&class, stranger.id, Part::Student).await;
    let nobody = head.enrol(&class, PersonId::new(), Part::Student).await;
    assert_eq!(seen(hidden), seen(nobody));
    let refused = root.create(here, "2nde C", stranger.id).await;
    assert_eq!(reason(refused), "PERSON_ELSEWHERE");
    let refused = root.create(here, "2nde C", PersonId::new()).await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
    assert_eq!(stranger.mine().await, []);
    let classes = head.classes(here, 0, "").await.unwrap().classes;
    assert_eq!(classes.len(), 1);

    // A role at the school is enough.
    world.also_at(&stranger, there, here);
    head.enrol(&class, stranger.id, Part::Teacher)
        .await
        .unwrap();
    assert_eq!(
        stranger.mine().await,
        [("2nde B".to_owned(), Part::Teacher)]
    );
}

#[tokio::test]
async fn a_part_must_be_said() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let person = world.person(Role::Student, school);
    let class = admin
        .create(school, "2nde B", admin.id)
        .await
        .unwrap()
        .class_id;
    let refused = admin.enrol(&class, person.id, Part::Unspecified).await;
    assert_eq!(fields(refused), ["part"]);
    assert_eq!(
        fields(admin.enrol("x", person.id, Part::Student).await),
        ["class_id"]
    );
    assert_eq!(person.mine().await, []);
}

#[tokio::test]
async fn another_service_hears_who_is_in_a_class_and_absence_is_an_answer() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let (main, pupil) = (
        world.person(Role::Teacher, school),
        world.person(Role::Student, school),
    );
    let class = admin
        .create(school, "2nde B", main.id)
        .await
        .unwrap()
        .class_id;
    admin.enrol(&class, pupil.id, Part::Student).await.unwrap();

    assert_eq!(world.membership(&class, &main).await.part(), Part::Teacher);
    let answer = world.membership(&class, &pupil).await;
    assert_eq!(answer.part(), Part::Student);
    assert_eq!(answer.school_id, school.id.to_string());
    assert_eq!(answer.authority_id, school.authority.to_string());
    let absent = world.membership(&class, &admin).await;
    assert_eq!(absent.part(), Part::Unspecified);
    assert_eq!(absent.school_id, school.id.to_string());
    let nowhere = world.membership(&ClassId::new().to_string(), &pupil).await;
    assert_eq!(
        (nowhere.part(), &*nowhere.school_id),
        (Part::Unspecified, "")
    );
}

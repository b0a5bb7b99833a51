//! Spaces follow classes, and access follows membership.

use std::time::Duration;

use preau_kernel::ids::SchoolId;
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::Part;
use tonic::Code;

use super::person::Person;
use super::world::World;
use crate::MEMBERSHIP_TTL;

#[tokio::test]
async fn a_person_has_a_space_for_each_class_by_name_and_the_name_follows_the_class() {
    let world = World::new().await;
    let (b, a) = (world.class("b"), world.class("A"));
    let teacher = world.teacher(&b);
    world.roster.enrol(&a, teacher.id, Part::Teacher);
    world.class("not mine");

    let before = teacher.spaces().await;
    let names: Vec<_> = before.iter().map(|space| space.name.as_str()).collect();
    assert_eq!(names, ["A", "b"]);
    assert_eq!(before[1].class_id, b.id.to_string());

    world.roster.name(&b, "0");
    let after = teacher.spaces().await;
    assert_eq!(after[0].name, "0");
    assert_eq!(after[0].space_id, before[1].space_id);
    assert_eq!(after[1], before[0]);
}

#[tokio::test]
async fn somebody_without_classes_has_only_a_space_of_their_own() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let admin = Person::new(&world.pair, class.school, Role::SchoolAdmin);
    assert_eq!(admin.spaces().await, []);
    assert_eq!(admin.all_spaces().await.len(), 1);
}

#[tokio::test]
async fn who_is_taken_out_of_a_class_loses_its_space_within_the_time_a_membership_is_believed() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let pupil = world.pupil(&class);
    let space = pupil.space().await;
    pupil.page(&space, "", 0, "").await.unwrap();

    world.roster.unenrol(&class, pupil.id);
    pupil
        .page(&space, "", 0, "")
        .await
        .expect("believed for a while");
    assert_eq!(world.roster.questions(), 1);
    world.advance(MEMBERSHIP_TTL);
    let refused = pupil.page(&space, "", 0, "").await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(pupil.spaces().await, []);
}

#[tokio::test]
async fn who_is_put_into_a_class_has_its_space_at_once() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let space = world.teacher(&class).space().await;
    let pupil = Person::new(&world.pair, class.school, Role::Student);

    let refused = pupil.page(&space, "", 0, "").await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    world.roster.enrol(&class, pupil.id, Part::Student);
    pupil.page(&space, "", 0, "").await.unwrap();
}

#[tokio::test]
async fn a_file_appears_only_if_its_maker_is_in_the_class_at_that_moment() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (teacher, pupil) = (world.teacher(&class), world.pupil(&class));
    let space = pupil.space().await;
    let upload = pupil.send(&space, "", "late.txt", b"late").await;

    world.roster.unenrol(&class, pupil.id);
    let refused = pupil.commit(&upload).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(teacher.names(&space, "").await, Vec::<String>::new());

    world.roster.enrol(&class, pupil.id, Part::Student);
    pupil.commit(&upload).await.expect("the upload stayed open");
    assert_eq!(teacher.names(&space, "").await, ["late.txt"]);
}

#[tokio::test]
async fn whoever_left_the_school_adds_nothing_though_still_in_the_class_list() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (teacher, pupil) = (world.teacher(&class), world.pupil(&class));
    let space = pupil.space().await;
    let upload = pupil.send(&space, "", "late.txt", b"late").await;

    let gone = pupil.moved_to(&world.pair, SchoolId::new());
    let refused = gone.commit(&upload).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(teacher.names(&space, "").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_part_change_is_felt_when_the_membership_is_asked_for_again() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (teacher, helper) = (world.teacher(&class), world.pupil(&class));
    // Holds a teacher's grant at the school, but is a pupil of this class.
    let trainee = Person::new(&world.pair, class.school, Role::Teacher);
    world.roster.enrol(&class, trainee.id, Part::Student);
    let space = teacher.space().await;
    let node = helper.share(&space, "", "a", b"a").await.node_id;

    let refused = trainee.delete(&space, &node).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    world.roster.enrol(&class, trainee.id, Part::Teacher);
    world.advance(MEMBERSHIP_TTL + Duration::from_secs(1));
    trainee.delete(&space, &node).await.unwrap();
    assert_eq!(teacher.names(&space, "").await, Vec::<String>::new());
}

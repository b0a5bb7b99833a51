//! Starting, finding, seeing and ending lessons.

use std::time::Duration;

use preau_kernel::ids::{ClassId, LessonId, SchoolId};
use preau_proto::classroom::v1::Presence;
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::Part;
use tonic::Code;

use super::person::{ended, presence};
use super::world::{World, reason};

#[tokio::test]
async fn a_class_has_one_lesson_at_a_time() {
    let world = World::new().await;
    let (teacher, colleague, pupil) = (world.teacher(), world.teacher(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap();
    assert_eq!(lesson.class_name, "2nde B");
    assert_eq!(lesson.teacher_id, teacher.id.to_string());
    assert_eq!(teacher.start(world.class.id).await.unwrap(), lesson);
    let refused = colleague.start(world.class.id).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(Err::<(), _>(refused)), "LESSON_RUNNING");
    for person in [&teacher, &colleague, &pupil] {
        assert_eq!(person.lessons().await, [lesson.lesson_id.as_str()]);
    }

    // Any teacher of the class ends it, as often as wanted; then the class is free.
    colleague.end(&lesson.lesson_id).await.unwrap();
    colleague.end(&lesson.lesson_id).await.unwrap();
    assert_eq!(pupil.lessons().await, Vec::<String>::new());
    let next = colleague.start(world.class.id).await.unwrap();
    assert_ne!(next.lesson_id, lesson.lesson_id);
}

#[tokio::test]
async fn nobody_starts_a_lesson_of_a_class_they_do_not_teach() {
    let world = World::new().await;
    let (pupil, stranger) = (
        world.pupil(),
        world.member(&world.other_class(), Role::Teacher),
    );
    assert_eq!(
        reason(pupil.start(world.class.id).await),
        "ROLE_NOT_ALLOWED"
    );
    for class in [world.class.id, ClassId::new()] {
        let refused = stranger.start(class).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
    }
    // A teacher of the school who is a pupil of this class.
    let trainee = world.person(Role::Teacher, world.class.school);
    world.roster.enrol(&world.class, trainee.id, Part::Student);
    let refused = trainee.start(world.class.id).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(pupil.lessons().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_lesson_of_another_class_does_not_exist() {
    let world = World::new().await;
    let lesson = world
        .teacher()
        .start(world.class.id)
        .await
        .unwrap()
        .lesson_id;
    let other = world.other_class();
    let (neighbour, colleague) = (
        world.member(&other, Role::Student),
        world.member(&other, Role::Teacher),
    );
    let gone = world.person(Role::Student, SchoolId::new());
    world.roster.enrol(&world.class, gone.id, Part::Student);
    for id in [lesson.clone(), LessonId::new().to_string()] {
        for person in [&neighbour, &colleague, &gone] {
            assert_eq!(person.get(&id).await.unwrap_err().code(), Code::NotFound);
            let refused = person.watch(&id, 0).await.err().unwrap();
            assert_eq!(refused.code(), Code::NotFound);
            let refused = person.hand(&id, true).await.unwrap_err();
            assert_eq!(refused.code(), Code::NotFound);
        }
        assert_eq!(colleague.end(&id).await.unwrap_err().code(), Code::NotFound);
        let refused = colleague.hold(&id, "").await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
    }
    // Who has left the school may stand in the class's list, and finds nothing.
    assert_eq!(gone.lessons().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_pupil_sees_teachers_and_no_other_pupil() {
    let world = World::new().await;
    let (teacher, pupil, neighbour) = (world.teacher(), world.pupil(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let everybody = teacher.get(&lesson).await.unwrap().participants;
    assert_eq!(everybody.len(), 3);
    assert!(
        everybody
            .iter()
            .all(|one| one.presence() == Presence::Absent)
    );
    let seen = pupil.get(&lesson).await.unwrap().participants;
    let seen: Vec<_> = seen.into_iter().map(|one| one.person_id).collect();
    let mut expected = [teacher.id.to_string(), pupil.id.to_string()];
    expected.sort();
    assert_eq!(seen, expected);
    assert_eq!(pupil.sees(&lesson, &neighbour).await, None);
}

#[tokio::test]
async fn a_lesson_ends_by_itself_after_four_hours_and_says_so_once() {
    let world = World::new().await;
    let (teacher, pupil) = (world.teacher(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let mut watching = pupil.watch(&lesson, 0).await.unwrap();
    let here = presence(&pupil, Presence::Here, false);
    assert_eq!(watching.event().await, here);

    world.pass(Duration::from_secs(4 * 3600));
    assert_eq!(reason(pupil.hand(&lesson, true).await), "LESSON_OVER");
    assert_eq!(pupil.lessons().await, Vec::<String>::new());
    assert_eq!(world.sweep().await.lessons, 1);
    assert_eq!(world.sweep().await.lessons, 0);
    assert_eq!(watching.rest().await, [ended()]);
    assert!(
        pupil
            .get(&lesson)
            .await
            .unwrap()
            .lesson
            .unwrap()
            .ended_at
            .is_some()
    );
    let again = pupil.watch(&lesson, 0).await.unwrap();
    assert_eq!(again.rest().await, [here, ended()]);
}

#[tokio::test]
async fn a_teacher_starts_anew_where_a_lesson_was_forgotten() {
    let world = World::new().await;
    let teacher = world.teacher();
    let forgotten = teacher.start(world.class.id).await.unwrap();
    world.pass(Duration::from_secs(5 * 3600));
    let next = teacher.start(world.class.id).await.unwrap();
    assert_ne!(next.lesson_id, forgotten.lesson_id);
    let old = teacher.get(&forgotten.lesson_id).await.unwrap();
    assert!(old.lesson.unwrap().ended_at.is_some());
}

#[tokio::test]
async fn a_lesson_is_forgotten_a_month_after_it_is_over() {
    let world = World::new().await;
    let teacher = world.teacher();
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    teacher.end(&lesson).await.unwrap();
    world.pass(Duration::from_secs(30 * 24 * 3600 - 1));
    assert_eq!(world.classroom.purge().await.unwrap(), 0);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.classroom.purge().await.unwrap(), 1);
    assert_eq!(
        teacher.get(&lesson).await.unwrap_err().code(),
        Code::NotFound
    );
}

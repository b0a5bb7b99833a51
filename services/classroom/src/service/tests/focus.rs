//! The focus: one teacher's, for as long as it is renewed.

use std::time::Duration;

use preau_proto::classroom::v1::lesson_event::What;
use preau_proto::classroom::v1::{Focus, FocusChanged};

use super::person::{ended, no_focus};
use super::world::{World, fields, reason};

fn focus(focus: &Focus) -> What {
    What::Focus(FocusChanged {
        focus: Some(focus.clone()),
    })
}

#[tokio::test]
async fn one_teacher_holds_it_and_the_other_hears_until_when() {
    let world = World::new().await;
    let (teacher, colleague) = (world.teacher(), world.teacher());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let held = teacher.hold(&lesson, "Au tableau").await.unwrap();
    assert_eq!(held.message, "Au tableau");
    let refused = colleague.hold(&lesson, "").await.unwrap_err();
    let reported = preau_mesh::Reported::of(&refused);
    assert_eq!(reported.reason, "FOCUS_HELD");
    let until = held.ends_at.unwrap().to_string();
    assert_eq!(reported.metadata.get("until"), Some(&until));
    assert_eq!(reason(colleague.release(&lesson).await), "FOCUS_HELD");

    teacher.release(&lesson).await.unwrap();
    teacher.release(&lesson).await.unwrap();
    let taken = colleague.hold(&lesson, "").await.unwrap();
    teacher.end(&lesson).await.unwrap();
    let told = teacher.watch(&lesson, 0).await.unwrap().rest().await;
    assert_eq!(
        told,
        [focus(&held), no_focus(), focus(&taken), no_focus(), ended()]
    );
}

#[tokio::test]
async fn it_lasts_as_long_as_it_is_renewed_and_ends_once() {
    let world = World::new().await;
    let (teacher, pupil) = (world.teacher(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let held = teacher.hold(&lesson, "").await.unwrap();
    // Without pause: nothing new is told.
    assert_eq!(teacher.hold(&lesson, "").await.unwrap(), held);
    world.pass(Duration::from_secs(10));
    let renewed = teacher.hold(&lesson, "").await.unwrap();
    world.pass(Duration::from_secs(14));
    assert_eq!(world.sweep().await.focuses, 0);
    assert_eq!(
        pupil.get(&lesson).await.unwrap().focus,
        Some(renewed.clone())
    );

    // The teacher's session, device or connection is gone: nobody renews.
    world.pass(Duration::from_secs(1));
    assert_eq!(pupil.get(&lesson).await.unwrap().focus, None);
    assert_eq!(world.another_process().sweep().await.unwrap().focuses, 1);
    assert_eq!(world.sweep().await.focuses, 0);
    teacher.end(&lesson).await.unwrap();
    let told = pupil.watch(&lesson, 0).await.unwrap().rest().await;
    assert_eq!(told, [focus(&held), focus(&renewed), no_focus(), ended()]);
}

#[tokio::test]
async fn who_takes_it_after_a_lease_ran_out_ends_that_one_first() {
    let world = World::new().await;
    let (teacher, colleague) = (world.teacher(), world.teacher());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let held = teacher.hold(&lesson, "").await.unwrap();
    world.pass(Duration::from_secs(15));
    let taken = colleague.hold(&lesson, "").await.unwrap();
    assert_eq!(world.sweep().await.focuses, 0);
    world.pass(Duration::from_secs(15));
    // Ended by whoever comes first, here somebody who never held it.
    teacher.release(&lesson).await.unwrap();
    assert_eq!(world.sweep().await.focuses, 0);
    teacher.end(&lesson).await.unwrap();
    let told = teacher.watch(&lesson, 0).await.unwrap().rest().await;
    assert_eq!(
        told,
        [focus(&held), no_focus(), focus(&taken), no_focus(), ended()]
    );
}

#[tokio::test]
async fn a_pupil_never_holds_it_and_a_message_is_one_line() {
    let world = World::new().await;
    let (teacher, pupil) = (world.teacher(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    assert_eq!(reason(pupil.hold(&lesson, "").await), "ROLE_NOT_ALLOWED");
    for message in ["a\nb".to_owned(), "a".repeat(201)] {
        assert_eq!(fields(teacher.hold(&lesson, &message).await), ["message"]);
    }
    assert_eq!(pupil.get(&lesson).await.unwrap().focus, None);
}

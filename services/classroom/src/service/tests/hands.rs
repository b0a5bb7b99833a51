//! Raised hands, in order.

use preau_kernel::ids::PersonId;
use tonic::Code;

use super::person::hand;
use super::world::{World, fields, reason};

#[tokio::test]
async fn hands_are_in_the_order_in_which_they_were_raised() {
    let world = World::new().await;
    let (teacher, ada, ben) = (world.teacher(), world.pupil(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    for pupil in [&ben, &ada] {
        pupil.hand(&lesson, true).await.unwrap();
    }
    // Raising a hand that is up changes nothing.
    ben.hand(&lesson, true).await.unwrap();
    assert_eq!(teacher.sees(&lesson, &ben).await.unwrap().hand, 1);
    assert_eq!(teacher.sees(&lesson, &ada).await.unwrap().hand, 2);
    // A pupil's own place.
    assert_eq!(ada.sees(&lesson, &ada).await.unwrap().hand, 2);

    teacher.lower(&lesson, &ben).await.unwrap();
    assert_eq!(teacher.sees(&lesson, &ada).await.unwrap().hand, 1);
    ben.hand(&lesson, true).await.unwrap();
    assert_eq!(teacher.sees(&lesson, &ben).await.unwrap().hand, 2);
    ada.hand(&lesson, false).await.unwrap();
    ada.hand(&lesson, false).await.unwrap();
    teacher.end(&lesson).await.unwrap();

    let mut told = teacher.watch(&lesson, 0).await.unwrap().rest().await;
    assert_eq!(told.len(), 6);
    told.truncate(5);
    let (up, down) = (true, false);
    let expected = [
        (&ben, up),
        (&ada, up),
        (&ben, down),
        (&ben, up),
        (&ada, down),
    ];
    assert_eq!(told, expected.map(|(person, raised)| hand(person, raised)));
}

#[tokio::test]
async fn a_pupil_moves_no_hand_but_their_own() {
    let world = World::new().await;
    let (teacher, ada, ben) = (world.teacher(), world.pupil(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    ben.hand(&lesson, true).await.unwrap();
    let refused = ada.lower(&lesson, &ben).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(reason(Err::<(), _>(refused)), "NOT_THE_TEACHER");
    assert_eq!(teacher.sees(&lesson, &ben).await.unwrap().hand, 1);
    // One's own id is oneself.
    ben.lower(&lesson, &ben).await.unwrap();
    assert_eq!(teacher.sees(&lesson, &ben).await.unwrap().hand, 0);
}

#[tokio::test]
async fn a_teacher_raises_nobodys_hand_and_lowers_none_of_another_class() {
    let world = World::new().await;
    let (teacher, ada) = (world.teacher(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let raised = teacher.set_hand(&lesson, true, &ada.id.to_string()).await;
    assert_eq!(fields(raised), ["raised"]);
    let nobody = PersonId::new().to_string();
    let refused = teacher.set_hand(&lesson, false, &nobody).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(teacher.sees(&lesson, &ada).await.unwrap().hand, 0);
}

#[tokio::test]
async fn nothing_happens_in_a_lesson_that_is_over() {
    let world = World::new().await;
    let (teacher, ada) = (world.teacher(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    teacher.end(&lesson).await.unwrap();
    let before = teacher.get(&lesson).await.unwrap();
    assert_eq!(reason(ada.hand(&lesson, true).await), "LESSON_OVER");
    assert_eq!(reason(teacher.hold(&lesson, "").await), "LESSON_OVER");
    assert_eq!(reason(teacher.release(&lesson).await), "LESSON_OVER");
    assert_eq!(teacher.get(&lesson).await.unwrap(), before);
}

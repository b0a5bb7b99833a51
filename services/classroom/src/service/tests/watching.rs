//! Following a lesson.

use std::time::Duration;

use preau_proto::classroom::v1::Presence;
use preau_proto::roster::v1::Part;
use tonic::Code;

use super::person::{ended, hand, presence};
use super::world::{World, reason};
use crate::Timing;

const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_lost_connection_is_made_good_from_its_cursor() {
    let world = World::new().await;
    let (teacher, pupil) = (world.teacher(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let cursor = teacher.get(&lesson).await.unwrap().cursor;
    let mut board = teacher.watch(&lesson, cursor).await.unwrap();
    assert_eq!(
        board.event().await,
        presence(&teacher, Presence::Here, true)
    );
    let cursor = board.cursor;
    drop(board);
    for raised in [true, false, true] {
        pupil.hand(&lesson, raised).await.unwrap();
    }
    let mut board = teacher.watch(&lesson, cursor).await.unwrap();
    for raised in [true, false, true] {
        assert_eq!(board.event().await, hand(&pupil, raised));
    }
    teacher.end(&lesson).await.unwrap();
    assert_eq!(board.rest().await, [ended()]);
}

#[tokio::test]
async fn pupils_are_told_nothing_of_each_other_and_lose_no_place_by_it() {
    let world = World::new().await;
    let (teacher, ada, ben) = (world.teacher(), world.pupil(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    ada.hand(&lesson, true).await.unwrap();
    ben.hand(&lesson, true).await.unwrap();
    teacher.end(&lesson).await.unwrap();
    let last = teacher.get(&lesson).await.unwrap().cursor;
    let mut watching = ben.watch(&lesson, 0).await.unwrap();
    assert_eq!(watching.event().await, hand(&ben, true));
    assert_eq!(watching.event().await, ended());
    assert_eq!(watching.cursor, last);
    // After its end nothing more is told.
    assert_eq!(ben.watch(&lesson, last).await.unwrap().rest().await, []);
}

#[tokio::test]
async fn a_cursor_from_the_future_asks_for_the_present_state_first() {
    let world = World::new().await;
    let (teacher, pupil) = (world.teacher(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    for cursor in [1, u64::MAX] {
        let refused = pupil.watch(&lesson, cursor).await.err().unwrap();
        assert_eq!(refused.code(), Code::OutOfRange);
        assert_eq!(reason(Err::<(), _>(refused)), "CURSOR_UNKNOWN");
    }
    // Whoever was refused was not here.
    let seen = teacher.sees(&lesson, &pupil).await.unwrap();
    assert_eq!(seen.presence(), Presence::Absent);
}

#[tokio::test]
async fn without_news_a_keep_alive_comes() {
    let timing = Timing {
        keep_alive: SHORT,
        ..World::patient()
    };
    let world = World::with(timing).await;
    let teacher = world.teacher();
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let mut board = teacher.watch(&lesson, 0).await.unwrap();
    board.event().await;
    for _ in 0..2 {
        let answer = board.answer().await.unwrap().unwrap();
        assert_eq!((answer.events, answer.cursor), (vec![], 1));
    }
}

#[tokio::test]
async fn a_watch_ends_now_and_then_so_that_its_session_is_looked_at() {
    let timing = Timing {
        longest: SHORT,
        ..World::patient()
    };
    let world = World::with(timing).await;
    let teacher = world.teacher();
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let told = teacher.watch(&lesson, 0).await.unwrap().rest().await;
    assert_eq!(told, [presence(&teacher, Presence::Here, true)]);
}

#[tokio::test]
async fn who_leaves_the_class_or_changes_parts_is_told_nothing_more() {
    let timing = Timing {
        check: SHORT,
        ..World::patient()
    };
    let world = World::with(timing).await;
    let (teacher, pupil, trainee) = (world.teacher(), world.pupil(), world.teacher());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let mut watching = pupil.watch(&lesson, 0).await.unwrap();
    watching.event().await;
    world.roster.unenrol(&world.class, pupil.id);
    let refused = watching.answer().await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);

    let mut watching = trainee.watch(&lesson, 0).await.unwrap();
    watching.event().await;
    world.roster.enrol(&world.class, trainee.id, Part::Student);
    loop {
        match watching.answer().await {
            Ok(answer) => assert!(answer.is_some(), "it fails rather than ends"),
            Err(refused) => break assert_eq!(refused.code(), Code::NotFound),
        }
    }
}

#[tokio::test]
async fn who_cannot_be_checked_any_more_is_believed_for_a_while_only() {
    let timing = Timing {
        check: SHORT,
        trust: SHORT * 4,
        ..World::patient()
    };
    let world = World::with(timing).await;
    let pupil = world.pupil();
    let lesson = world
        .teacher()
        .start(world.class.id)
        .await
        .unwrap()
        .lesson_id;
    let mut watching = pupil.watch(&lesson, 0).await.unwrap();
    watching.event().await;
    world.roster.go_away();
    let refused = watching.answer().await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
}

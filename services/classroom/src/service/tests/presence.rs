//! Here, offline, absent.

use std::time::Duration;

use preau_proto::classroom::v1::Presence;

use super::person::presence;
use super::world::World;

#[tokio::test]
async fn who_watches_is_here_and_offline_a_moment_after_the_last_watch_is_closed() {
    let world = World::new().await;
    let (teacher, pupil, absent) = (world.teacher(), world.pupil(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let mut board = teacher.watch(&lesson, 0).await.unwrap();
    let here = presence(&teacher, Presence::Here, true);
    assert_eq!(board.event().await, here);
    let tablet = pupil.watch(&lesson, 0).await.unwrap();
    assert_eq!(board.event().await, presence(&pupil, Presence::Here, false));
    // A second device of the same pupil is no news.
    let telephone = pupil.watch(&lesson, 0).await.unwrap();
    let seen = async |person| teacher.sees(&lesson, person).await.unwrap().presence();
    assert_eq!(seen(&pupil).await, Presence::Here);
    assert_eq!(seen(&absent).await, Presence::Absent);

    world.closed(tablet).await;
    world.pass(Duration::from_secs(6));
    assert_eq!(world.sweep().await.offline, 0);
    assert_eq!(seen(&pupil).await, Presence::Here);

    world.closed(telephone).await;
    world.pass(Duration::from_secs(4));
    assert_eq!(world.sweep().await.offline, 0);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.sweep().await.offline, 1);
    assert_eq!(
        board.event().await,
        presence(&pupil, Presence::Offline, false)
    );
    assert_eq!(seen(&pupil).await, Presence::Offline);

    let _back = pupil.watch(&lesson, 0).await.unwrap();
    assert_eq!(board.event().await, presence(&pupil, Presence::Here, false));
}

#[tokio::test]
async fn who_is_back_within_the_grace_was_never_offline() {
    let world = World::new().await;
    let (teacher, pupil) = (world.teacher(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let watching = pupil.watch(&lesson, 0).await.unwrap();
    world.closed(watching).await;
    world.pass(Duration::from_secs(3));
    let _back = pupil.watch(&lesson, 0).await.unwrap();
    world.pass(Duration::from_secs(5));
    assert_eq!(world.sweep().await.offline, 0);
    teacher.end(&lesson).await.unwrap();
    let told = teacher.watch(&lesson, 0).await.unwrap().rest().await;
    assert_eq!(told[0], presence(&pupil, Presence::Here, false));
    assert_eq!(told.len(), 2);
}

#[tokio::test]
async fn the_people_of_a_killed_process_are_offline_when_its_lease_ends() {
    let world = World::new().await;
    let (teacher, pupil) = (world.teacher(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let mut watching = pupil.watch(&lesson, 0).await.unwrap();
    assert_eq!(
        watching.event().await,
        presence(&pupil, Presence::Here, false)
    );
    let other = world.another_process();

    // As long as it renews, nobody doubts it.
    for _ in 0..4 {
        world.pass(Duration::from_secs(15));
        assert_eq!(world.sweep().await.offline, 0);
        assert_eq!(other.sweep().await.unwrap().offline, 0);
    }
    world.pass(Duration::from_secs(30));
    assert_eq!(other.sweep().await.unwrap().offline, 1);
    let seen = teacher.sees(&lesson, &pupil).await.unwrap().presence();
    assert_eq!(seen, Presence::Offline);

    // It was not killed but slow: it learns that it lost its hold, and its people come back.
    assert_eq!(
        watching.event().await,
        presence(&pupil, Presence::Offline, false)
    );
    world.sweep().await;
    assert_eq!(watching.answer().await.unwrap(), None);
    let mut back = pupil.watch(&lesson, watching.cursor).await.unwrap();
    assert_eq!(back.event().await, presence(&pupil, Presence::Here, false));
    assert_eq!(other.sweep().await.unwrap().offline, 0);
}

#[tokio::test]
async fn a_process_that_stops_lets_its_watches_go_and_opens_none() {
    let world = World::new().await;
    let (teacher, pupil) = (world.teacher(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let mut watching = pupil.watch(&lesson, 0).await.unwrap();
    assert_eq!(
        watching.event().await,
        presence(&pupil, Presence::Here, false)
    );
    world.classroom.end_watches();
    assert_eq!(watching.answer().await.unwrap(), None);
    let refused = pupil.watch(&lesson, 0).await.err().unwrap();
    assert_eq!(super::world::reason(Err::<(), _>(refused)), "NOT_SERVING");
}

//! Following what a device is told.

use std::time::Duration;

use futures::future::join_all;
use preau_proto::devices::v1::CommandState::{Accepted, Done, Expired, NotNow};
use preau_proto::devices::v1::DeviceState;
use preau_storage_database::{Scope, params};
use tonic::Code;

use super::admin::{lock, message, unlock};
use super::world::{DAY, World, both, patient, reason};
use crate::Timing;

const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn commands_arrive_as_they_are_issued_and_in_that_order() {
    both(async |world| {
        let (admin, tablet) = (world.admin(), world.enrolled().await);
        let mut watching = tablet.watch(0).await.unwrap();
        assert_eq!(watching.commands().await, Vec::<String>::new());
        let mut issued = Vec::new();
        for n in 0..10 {
            issued.push(
                admin
                    .tell(&tablet.id, &n.to_string(), message("Bonjour"))
                    .await,
            );
        }
        let mut told = Vec::new();
        while told.len() < issued.len() {
            told.extend(watching.commands().await);
        }
        assert_eq!(told, issued);
        assert_eq!(watching.cursor, 10);
    })
    .await;
}

#[tokio::test]
async fn a_device_that_opens_watch_upon_watch_is_stopped_and_may_go_on_when_they_have_ended() {
    let world = World::new().await;
    let tablet = world.enrolled().await;
    let mut open = Vec::new();
    for _ in 0..32 {
        open.push(tablet.watch(0).await.unwrap());
    }
    assert_eq!(reason(tablet.watch(0).await.map(drop)), "TOO_MANY_WATCHES");
    // Another's are its own.
    assert!(world.enrolled().await.watch(0).await.is_ok());
    open.clear();
    // The server hears of their end a moment later.
    while tablet.watch(0).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_watch_that_is_killed_at_any_moment_leaves_no_gap_and_repeats_nothing() {
    both(async |world| {
        let (admin, tablet) = (world.admin(), world.enrolled().await);
        let issuing = async {
            let mut issued = Vec::new();
            for n in 0..40 {
                issued.push(admin.tell(&tablet.id, &n.to_string(), unlock()).await);
            }
            issued
        };
        let watching = async {
            let (mut told, mut cursor) = (Vec::new(), 0);
            while told.len() < 40 {
                // One or two answers of each Watch, then the connection is gone.
                let mut watching = tablet.watch(cursor).await.unwrap();
                told.extend(watching.commands().await);
                if rand::random() && told.len() < 40 {
                    told.extend(watching.commands().await);
                }
                cursor = watching.cursor;
            }
            told
        };
        let (issued, told) = futures::future::join(issuing, watching).await;
        assert_eq!(told, issued);
    })
    .await;
}

#[tokio::test]
async fn from_an_older_cursor_what_is_not_final_comes_again() {
    both(async |world| {
        let (admin, tablet) = (world.admin(), world.enrolled().await);
        let mut issued = Vec::new();
        for n in 0..5 {
            issued.push(admin.tell(&tablet.id, &n.to_string(), unlock()).await);
        }
        let (told, cursor) = tablet.told_from(0).await;
        assert_eq!((&told, cursor), (&issued, 5));
        tablet.says(&issued[1], Done).await.unwrap();
        tablet.says(&issued[2], Accepted).await.unwrap();
        tablet.says(&issued[3], NotNow).await.unwrap();
        let rest = [&issued[0], &issued[2], &issued[3], &issued[4]].map(Clone::clone);
        assert_eq!(tablet.told_from(0).await, (rest.to_vec(), 5));
        assert_eq!(tablet.told_from(3).await, (rest[2..].to_vec(), 5));
        assert_eq!(tablet.told_from(5).await, (vec![], 5));
        // The same when the log itself is kept no longer.
        world.pass(DAY * 31);
        let late = admin.tell(&tablet.id, "late", unlock()).await;
        world.devices.purge().await.unwrap();
        let row = world
            .db
            .fetch_one(Scope::Platform, "SELECT COUNT(*) FROM events", params![]);
        assert_eq!(row.await.unwrap().int(0).unwrap(), 1);
        // The accepted one is not swept here.
        let expected = vec![issued[2].clone(), late];
        assert_eq!(tablet.told_from(0).await, (expected.clone(), 6));
        assert_eq!(tablet.told_from(2).await, (expected, 6));
    })
    .await;
}

#[tokio::test]
async fn a_cursor_that_the_log_never_had_begins_anew() {
    let world = World::new().await;
    let (admin, tablet) = (world.admin(), world.enrolled().await);
    admin.tell(&tablet.id, "one", unlock()).await;
    for cursor in [2, u64::MAX] {
        let refused = tablet.watch(cursor).await.err().unwrap();
        assert_eq!(refused.code(), Code::OutOfRange);
        assert_eq!(reason(Err::<(), _>(refused)), "CURSOR_UNKNOWN");
    }
    // Whoever was refused was not seen.
    world.sweep().await;
    assert_eq!(
        admin.get(&tablet.id).await.unwrap().0.state(),
        DeviceState::Offline
    );
}

#[tokio::test]
async fn each_device_is_told_its_own() {
    let world = World::new().await;
    let (admin, tablet, other) = (
        world.admin(),
        world.enrolled().await,
        world.enrolled().await,
    );
    let mut watching = tablet.watch(0).await.unwrap();
    watching.commands().await;
    admin.tell(&other.id, "one", lock()).await;
    let own = admin.tell(&tablet.id, "one", unlock()).await;
    assert_eq!(watching.commands().await, [own]);
}

#[tokio::test]
async fn two_watches_of_one_device_are_told_the_same() {
    let world = World::new().await;
    let (admin, tablet) = (world.admin(), world.enrolled().await);
    let mut both = [
        tablet.watch(0).await.unwrap(),
        tablet.watch(0).await.unwrap(),
    ];
    for watching in &mut both {
        watching.commands().await;
    }
    let command = admin.tell(&tablet.id, "one", unlock()).await;
    let told = join_all(both.iter_mut().map(|watching| watching.commands())).await;
    assert_eq!(told, [[command.clone()], [command]]);
}

#[tokio::test]
async fn retiring_ends_the_watch_and_what_was_to_be_done() {
    both(async |world| {
        let (admin, tablet) = (world.admin(), world.enrolled().await);
        let command = admin.tell(&tablet.id, "one", lock()).await;
        let mut watching = tablet.watch(0).await.unwrap();
        assert_eq!(watching.commands().await, [command.as_str()]);
        tablet.says(&command, Accepted).await.unwrap();
        for _ in 0..2 {
            admin.retire(&tablet.id).await.unwrap();
        }
        assert_eq!(watching.answer().await.unwrap(), None);
        assert_eq!(admin.sees(&tablet.id, &command).await.0, Expired);
        let (device, _) = admin.get(&tablet.id).await.unwrap();
        assert_eq!(device.state(), DeviceState::Retired);
        assert_eq!(reason(tablet.says(&command, Done).await), "COMMAND_EXPIRED");
    })
    .await;
}

#[tokio::test]
async fn without_news_a_keep_alive_comes() {
    let timing = Timing {
        keep_alive: SHORT,
        ..patient()
    };
    let world = World::with(timing).await;
    let tablet = world.enrolled().await;
    world.admin().tell(&tablet.id, "one", unlock()).await;
    let mut watching = tablet.watch(1).await.unwrap();
    for _ in 0..3 {
        let answer = watching.answer().await.unwrap().unwrap();
        assert_eq!((answer.commands, answer.cursor), (vec![], 1));
    }
}

#[tokio::test]
async fn a_watch_ends_now_and_then_so_that_its_credential_is_looked_at() {
    let timing = Timing {
        longest: SHORT,
        ..patient()
    };
    let world = World::with(timing).await;
    let tablet = world.enrolled().await;
    let mut watching = tablet.watch(0).await.unwrap();
    watching.commands().await;
    assert_eq!(watching.answer().await.unwrap(), None);
}

#[tokio::test]
async fn before_a_drain_watches_end_and_no_more_begin() {
    let world = World::new().await;
    let tablet = world.enrolled().await;
    let mut watching = tablet.watch(0).await.unwrap();
    watching.commands().await;
    world.devices.end_watches();
    assert_eq!(watching.answer().await.unwrap(), None);
    let refused = tablet.watch(0).await.err().unwrap();
    assert_eq!(refused.code(), Code::Unavailable);
}

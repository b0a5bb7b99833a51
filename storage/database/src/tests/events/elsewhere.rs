//! Going on in another process: after a restart, and beside others on one server.

use std::time::Duration;

use super::{MIGRATIONS, publish, topic};
use crate::events::Cursor;
use crate::testing::{fresh_schema, owner, sqlite};
use crate::{Db, Scope, SqliteOptions};

#[tokio::test]
async fn after_a_restart_a_consumer_goes_on_where_it_was() {
    let (db, folder) = sqlite(&MIGRATIONS).await;
    let lesson = topic("lesson");
    for payload in ["one", "two", "three"] {
        publish(&db, &lesson, payload).await.unwrap();
    }
    let mut watch = db.watch(&lesson, Cursor(1));
    let events = watch.next().await.unwrap();
    let handled = events[0].cursor;
    db.close().await;
    drop((watch, db));

    let db = Db::open_sqlite(&folder.path().join("test.sqlite"), SqliteOptions::default())
        .await
        .unwrap();
    let mut watch = db.watch(&lesson, handled);
    let events = watch.next().await.unwrap();
    assert_eq!((events.len(), &events[0].payload[..]), (1, &b"three"[..]));
}

/// Two processes as far as events go: handles that share nothing but the server.
async fn two_processes() -> (Db, Db) {
    let schema = fresh_schema();
    let one = owner(&schema).await;
    one.migrate(&MIGRATIONS).await.unwrap();
    (one, owner(&schema).await)
}

#[tokio::test]
async fn another_process_hears_and_goes_on_without_gap_or_repeat() {
    let (one, two) = two_processes().await;
    let lesson = topic("lesson");
    let mut here = one.watch(&lesson, Cursor::START);
    let mut numbers = Vec::new();
    let publisher = {
        let (two, lesson) = (two.clone(), lesson.clone());
        tokio::spawn(async move {
            for _ in 0..60 {
                publish(&two, &lesson, "x").await.unwrap();
            }
        })
    };
    while numbers.len() < 20 {
        numbers.extend(
            here.next()
                .await
                .unwrap()
                .iter()
                .map(|event| event.cursor.0),
        );
    }
    // The consumer's process ends; it goes on in the publisher's.
    let cursor = here.cursor();
    drop(here);
    one.close().await;
    let mut there = two.watch(&lesson, cursor);
    while numbers.len() < 60 {
        numbers.extend(
            there
                .next()
                .await
                .unwrap()
                .iter()
                .map(|event| event.cursor.0),
        );
    }
    publisher.await.unwrap();
    assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_lost_listening_connection_costs_nobody_an_event() {
    let (one, two) = two_processes().await;
    let lesson = topic("lesson");
    let mut watch = one.watch(&lesson, Cursor::START);
    publish(&two, &lesson, "x").await.unwrap();
    assert_eq!(watch.next().await.unwrap()[0].cursor, Cursor(1));
    // Every other connection of this role to this server that listens on this schema.
    let cut = "SELECT CAST(COUNT(pg_terminate_backend(pid)) AS BIGINT) FROM pg_stat_activity
               WHERE pid <> pg_backend_pid() AND usename = current_user AND query LIKE 'LISTEN%'
               AND query LIKE '%' || current_schema() || '%'";
    for expected in 2..=4 {
        // It listens again before it is cut again.
        let is_cut = async {
            loop {
                let row = two.fetch_one(Scope::Platform, cut, &[]).await.unwrap();
                if row.int(0).unwrap() > 0 {
                    break;
                }
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(60), is_cut).await;
        assert!(in_time.is_ok(), "nobody listens any more");
        publish(&two, &lesson, "x").await.unwrap();
        assert_eq!(watch.next().await.unwrap()[0].cursor, Cursor(expected));
    }
}

//! The event log's contract, on both databases.

mod elsewhere;
mod killed;

use futures::FutureExt;

use crate::events::{Cursor, POSTGRES, SQLITE, Topic, WatchError};
use crate::testing::{both, postgres};
use crate::{Db, DbError, Migrations, Scope};

const MIGRATIONS: Migrations = Migrations {
    service: "news",
    sqlite: &[SQLITE],
    postgres: &[POSTGRES],
};

fn topic(name: &str) -> Topic {
    Topic::new("a", name).unwrap()
}

async fn publish(db: &Db, topic: &Topic, payload: &str) -> Result<Cursor, DbError> {
    let mut tx = db.begin(Scope::Tenant(topic.tenant())).await?;
    let cursor = tx.publish(topic, 7, payload.as_bytes()).await?;
    tx.commit().await?;
    Ok(cursor)
}

/// Publishes until it succeeds: beside others a transaction may lose a race, having changed nothing.
async fn publish_beside_others(db: &Db, topic: &Topic, payload: &str) {
    loop {
        match publish(db, topic, payload).await {
            Ok(_) => return,
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
    }
}

/// Everything there is after a cursor, as numbers and texts.
async fn stored(db: &Db, topic: &Topic, mut cursor: Cursor) -> Vec<(u64, String)> {
    let mut all = Vec::new();
    loop {
        let events = db.events_after(topic, cursor).await.unwrap();
        let Some(last) = events.last() else {
            return all;
        };
        cursor = last.cursor;
        all.extend(events.into_iter().map(|event| {
            let text = String::from_utf8(event.payload).unwrap();
            (event.cursor.0, text)
        }));
    }
}

#[tokio::test]
async fn events_exist_if_and_only_if_their_transaction_does() {
    both(&MIGRATIONS, async |db| {
        let lesson = topic("lesson");
        publish(&db, &lesson, "one").await.unwrap();
        let mut dropped = db.begin(Scope::Tenant("a")).await.unwrap();
        dropped.publish(&lesson, 7, b"never").await.unwrap();
        drop(dropped);
        let mut two = db.begin(Scope::Tenant("a")).await.unwrap();
        for payload in ["two", "three"] {
            two.publish(&lesson, 8, payload.as_bytes()).await.unwrap();
        }
        two.commit().await.unwrap();
        let expected = [(1, "one"), (2, "two"), (3, "three")].map(|(n, s)| (n, s.to_owned()));
        assert_eq!(stored(&db, &lesson, Cursor::START).await, expected);
        assert_eq!(stored(&db, &lesson, Cursor(2)).await, expected[2..]);
        assert_eq!(db.last_cursor(&lesson).await.unwrap(), Cursor(3));
        let dates: Vec<i64> = db
            .events_after(&lesson, Cursor::START)
            .await
            .unwrap()
            .iter()
            .map(|event| event.published_at)
            .collect();
        assert_eq!(dates, [7, 8, 8]);
    })
    .await;
}

#[tokio::test]
async fn topics_and_tenants_are_apart() {
    both(&MIGRATIONS, async |db| {
        let here = topic("lesson");
        let other = topic("lesson.2");
        let elsewhere = Topic::new("b", "lesson").unwrap();
        for topic in [&here, &other, &elsewhere] {
            assert_eq!(publish(&db, topic, "first").await.unwrap(), Cursor(1));
        }
        assert_eq!(publish(&db, &here, "second").await.unwrap(), Cursor(2));
        assert_eq!(stored(&db, &elsewhere, Cursor::START).await.len(), 1);
    })
    .await;
    // The second wall: on PostgreSQL a transaction of one tenant cannot publish for another.
    let db = postgres(&MIGRATIONS).await;
    let mut tx = db.begin(Scope::Tenant("b")).await.unwrap();
    assert!(tx.publish(&topic("lesson"), 7, b"forged").await.is_err());
}

#[tokio::test]
async fn a_topic_has_a_plain_name() {
    for (tenant, name) in [
        ("", "x"),
        ("a", ""),
        ("a b", "x"),
        ("a", "x y"),
        ("*", "x"),
        ("a", "é"),
    ] {
        assert!(Topic::new(tenant, name).is_err(), "{tenant:?} {name:?}");
    }
    assert!(Topic::new("a", &"x".repeat(201)).is_err());
    assert!(Topic::new("a", "lesson:0190-x.y_z").is_ok());
}

#[tokio::test]
async fn a_watch_gives_what_is_there_and_then_waits() {
    both(&MIGRATIONS, async |db| {
        let lesson = topic("lesson");
        publish(&db, &lesson, "one").await.unwrap();
        let mut watch = db.watch(&lesson, Cursor::START);
        assert_eq!(watch.next().await.unwrap().len(), 1);
        // On PostgreSQL the listener wakes everybody once when it has begun to listen; nothing comes of it.
        let waiting = tokio::spawn(async move {
            let events = watch.next().await.unwrap();
            (events, watch)
        });
        tokio::task::yield_now().await;
        publish(&db, &lesson, "two").await.unwrap();
        let (events, mut watch) = waiting.await.unwrap();
        assert_eq!((events.len(), &events[0].payload[..]), (1, &b"two"[..]));
        assert!(watch.next().now_or_never().is_none());
        drop(watch);
        assert_eq!(db.hub().followed(), 0, "nothing stays of a watch");
    })
    .await;
}

#[tokio::test]
async fn far_more_than_a_page_comes_whole_and_in_order() {
    both(&MIGRATIONS, async |db| {
        let lesson = topic("lesson");
        let mut tx = db.begin(Scope::Tenant("a")).await.unwrap();
        for _ in 0..1500 {
            tx.publish(&lesson, 7, b"").await.unwrap();
        }
        tx.commit().await.unwrap();
        // The second comes when the first has read on, with a cursor that the shared tail no longer holds.
        let mut first = db.watch(&lesson, Cursor::START);
        let mut numbers = Vec::new();
        while numbers.len() < 1500 {
            numbers.extend(
                first
                    .next()
                    .await
                    .unwrap()
                    .iter()
                    .map(|event| event.cursor.0),
            );
        }
        assert_eq!(numbers, (1..=1500).collect::<Vec<_>>());
        let mut second = db.watch(&lesson, Cursor(3));
        let mut numbers = Vec::new();
        while numbers.len() < 1497 {
            numbers.extend(
                second
                    .next()
                    .await
                    .unwrap()
                    .iter()
                    .map(|event| event.cursor.0),
            );
        }
        assert_eq!(numbers, (4..=1500).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn publishers_at_the_same_moment_leave_no_gap_and_nobody_misses_one() {
    const PUBLISHERS: u64 = 8;
    const EACH: u64 = 40;
    both(&MIGRATIONS, async |db| {
        let lesson = topic("lesson");
        let consumers: Vec<_> = (0..4)
            .map(|_| {
                let mut watch = db.watch(&lesson, Cursor::START);
                tokio::spawn(async move {
                    let mut numbers = Vec::new();
                    while numbers.len() < (PUBLISHERS * EACH) as usize {
                        numbers.extend(
                            watch
                                .next()
                                .await
                                .unwrap()
                                .iter()
                                .map(|event| event.cursor.0),
                        );
                    }
                    numbers
                })
            })
            .collect();
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|_| {
                let (db, lesson) = (db.clone(), lesson.clone());
                tokio::spawn(async move {
                    for _ in 0..EACH {
                        publish_beside_others(&db, &lesson, "x").await;
                    }
                })
            })
            .collect();
        for publisher in publishers {
            publisher.await.unwrap();
        }
        for consumer in consumers {
            assert_eq!(
                consumer.await.unwrap(),
                (1..=PUBLISHERS * EACH).collect::<Vec<_>>()
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_commit_nobody_waits_for_is_news_all_the_same() {
    both(&MIGRATIONS, async |db| {
        let lesson = topic("lesson");
        let mut watch = db.watch(&lesson, Cursor::START);
        for expected in 1..=20 {
            let mut tx = db.begin(Scope::Tenant("a")).await.unwrap();
            tx.publish(&lesson, 7, b"x").await.unwrap();
            // Polled once, then dropped.
            let _ = tx.commit().now_or_never();
            assert_eq!(watch.next().await.unwrap()[0].cursor, Cursor(expected));
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_trimmed_is_said_and_never_skipped() {
    both(&MIGRATIONS, async |db| {
        let lesson = topic("lesson");
        let mut tx = db.begin(Scope::Tenant("a")).await.unwrap();
        for day in 1..=5 {
            tx.publish(&lesson, day, b"x").await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut late = db.watch(&lesson, Cursor(1));
        assert_eq!(db.trim_events(4, 100).await.unwrap(), 3);
        for cursor in [0, 1, 2] {
            let error = db.events_after(&lesson, Cursor(cursor)).await.unwrap_err();
            assert!(
                matches!(error, WatchError::Trimmed { through: 3, .. }),
                "{error}"
            );
        }
        let error = late.next().await.unwrap_err();
        assert!(
            matches!(error, WatchError::Trimmed { through: 3, .. }),
            "{error}"
        );
        assert_eq!(stored(&db, &lesson, Cursor(3)).await.len(), 2);
        let mut watch = db.watch(&lesson, Cursor(3));
        assert_eq!(watch.next().await.unwrap().len(), 2);

        // All of it: the next number goes on, and a consumer that has read everything lost nothing.
        assert_eq!(db.trim_events(100, 1).await.unwrap(), 1);
        assert_eq!(db.trim_events(100, 100).await.unwrap(), 1);
        assert_eq!(publish(&db, &lesson, "six").await.unwrap(), Cursor(6));
        assert_eq!(watch.next().await.unwrap()[0].cursor, Cursor(6));
        let error = db.events_after(&lesson, Cursor(4)).await.unwrap_err();
        assert!(
            matches!(error, WatchError::Trimmed { through: 5, .. }),
            "{error}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_cursor_from_a_lost_future_is_said() {
    both(&MIGRATIONS, async |db| {
        let lesson = topic("lesson");
        let mut watch = db.watch(&lesson, Cursor(1));
        let error = watch.next().await.unwrap_err();
        assert!(
            matches!(error, WatchError::Ahead { last: 0, .. }),
            "{error}"
        );
        publish(&db, &lesson, "one").await.unwrap();
        for cursor in [2, u64::MAX] {
            let error = db.watch(&lesson, Cursor(cursor)).next().await.unwrap_err();
            assert!(
                matches!(error, WatchError::Ahead { last: 1, .. }),
                "{error}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_closed_database_ends_those_who_wait() {
    both(&MIGRATIONS, async |db| {
        let lesson = topic("lesson");
        let mut watch = db.watch(&lesson, Cursor::START);
        assert!(watch.next().now_or_never().is_none());
        db.close().await;
        let error = watch.next().await.unwrap_err();
        assert!(
            matches!(error, WatchError::Database(DbError::Closed)),
            "{error}"
        );
    })
    .await;
}

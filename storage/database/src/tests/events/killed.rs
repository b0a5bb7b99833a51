//! A consumer that dies at any moment and goes on from the cursor it noted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::FutureExt;
use rand::Rng;

use super::{MIGRATIONS, publish_beside_others, topic};
use crate::events::Cursor;
use crate::testing::both;

/// The consumer of the next test: what it handled, and how far it has said so.
#[derive(Default)]
struct Handled {
    cursor: AtomicU64,
    numbers: std::sync::Mutex<Vec<u64>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_consumer_killed_a_hundred_times_at_random_misses_nothing_and_repeats_nothing() {
    const KILLS: usize = 100;
    both(&MIGRATIONS, async |db| {
        let lesson = topic("lesson");
        let stop = Arc::new(tokio::sync::Notify::new());
        let publisher = {
            let (db, lesson, stop) = (db.clone(), lesson.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut stopped = std::pin::pin!(stop.notified());
                let mut count = 0_u64;
                while count < 200 || stopped.as_mut().now_or_never().is_none() {
                    publish_beside_others(&db, &lesson, "x").await;
                    count += 1;
                }
                count
            })
        };
        let handled = Arc::new(Handled::default());
        for _ in 0..KILLS {
            let mut watch = db.watch(&lesson, Cursor(handled.cursor.load(Ordering::SeqCst)));
            let seen = Arc::clone(&handled);
            let consumer = tokio::spawn(async move {
                loop {
                    for event in watch.next().await.unwrap() {
                        // Handling and noting the cursor are one step, as in a transaction.
                        seen.numbers.lock().unwrap().push(event.cursor.0);
                        seen.cursor.store(event.cursor.0, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                    }
                }
            });
            let life = rand::rng().random_range(0..6_000);
            tokio::time::sleep(Duration::from_micros(life)).await;
            consumer.abort();
            let ended = consumer.await.unwrap_err();
            assert!(ended.is_cancelled(), "{ended}");
        }
        stop.notify_one();
        let count = publisher.await.unwrap();
        let mut watch = db.watch(&lesson, Cursor(handled.cursor.load(Ordering::SeqCst)));
        while handled.cursor.load(Ordering::SeqCst) < count {
            for event in watch.next().await.unwrap() {
                handled.numbers.lock().unwrap().push(event.cursor.0);
                handled.cursor.store(event.cursor.0, Ordering::SeqCst);
            }
        }
        assert_eq!(
            *handled.numbers.lock().unwrap(),
            (1..=count).collect::<Vec<_>>()
        );
    })
    .await;
}

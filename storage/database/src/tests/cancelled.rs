//! A future may be dropped at any await: its transaction is then wholly done or wholly undone, and nobody else notices.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::{INSERT, MIGRATIONS, add, ids};
use crate::testing::both;
use crate::{Db, DbError, Scope, params};

/// More than a transaction ever needs.
const POLLS: usize = 40;

#[tokio::test]
async fn a_transaction_dropped_at_any_await_is_done_or_undone() {
    both(&MIGRATIONS, async |db| {
        let mut finished = 0;
        for polls in 0..POLLS {
            let name = format!("{polls:02}");
            let beside = tokio::spawn({
                let (db, name) = (db.clone(), format!("{name} beside"));
                async move { add(&db, &name).await }
            });
            let future = Box::pin(pair(&db, &name));
            let outcome = AtMost { future, polls }.await;
            beside.await.unwrap().unwrap();
            add(&db, &format!("{name} after")).await.unwrap();

            let ids = ids(&db).await;
            let has = |suffix: &str| ids.contains(&format!("{name} {suffix}"));
            assert!(has("beside") && has("after"));
            assert_eq!(has("left"), has("right"), "after {polls} polls");
            if let Some(outcome) = outcome {
                outcome.unwrap();
                assert!(has("left"), "acknowledged after {polls} polls");
                finished += 1;
            }
        }
        assert!(finished > 0 && finished < POLLS, "both ends were met");
    })
    .await;
}

#[tokio::test]
async fn a_statement_dropped_in_the_middle_spoils_its_transaction() {
    // Long enough to be met in the middle, sooner or later.
    const LONG: &str = "INSERT INTO note (tenant, id) WITH RECURSIVE counted (i) AS \
        (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM counted WHERE i < 20000) \
        SELECT 'long', CAST(i AS TEXT) FROM counted";
    both(&MIGRATIONS, async |db| {
        loop {
            let mut tx = db.begin(Scope::Platform).await.unwrap();
            let first = params!["a", "first", 1_i64, None::<i64>];
            tx.execute(INSERT, first).await.unwrap();
            let from = params![1_i64];
            let mut statement = Box::pin(tx.execute(LONG, from));
            let met = futures::poll!(&mut statement).is_pending();
            drop(statement);
            if met {
                assert!(matches!(tx.commit().await, Err(DbError::Spoiled)));
                break;
            }
        }
        add(&db, "third").await.unwrap();
        assert_eq!(ids(&db).await, ["third"]);
    })
    .await;
}

#[tokio::test]
async fn a_read_dropped_in_the_middle_leaves_its_connection_usable() {
    both(&MIGRATIONS, async |db| {
        add(&db, "one").await.unwrap();
        for _ in 0..20 {
            let mut read = Box::pin(db.fetch_all(Scope::Platform, super::IDS, &[]));
            let _ = futures::poll!(&mut read);
        }
        assert_eq!(ids(&db).await, ["one"]);
    })
    .await;
}

/// Two notes that belong together.
async fn pair(db: &Db, name: &str) -> Result<(), DbError> {
    let mut tx = db.begin(Scope::Platform).await?;
    for side in ["left", "right"] {
        let id = format!("{name} {side}");
        tx.execute(INSERT, params!["a", id, 1_i64, None::<i64>])
            .await?;
    }
    tx.commit().await
}

/// Polls a future so many times, then answers none; dropped with it is the future.
struct AtMost<F> {
    future: Pin<Box<F>>,
    polls: usize,
}

impl<F: Future> Future for AtMost<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        match self.future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

#[tokio::test]
async fn a_read_dropped_at_any_await_leaves_its_connection_fit_for_a_write() {
    both(&MIGRATIONS, async |db| {
        for polls in 0..POLLS {
            let read = db.fetch_all(Scope::Platform, super::IDS, &[]);
            let future = Box::pin(read);
            let _ = AtMost { future, polls }.await;
            // The pool gives out the connection that was used last.
            add(&db, &format!("{polls:02}")).await.unwrap();
        }
        assert_eq!(ids(&db).await.len(), POLLS);
    })
    .await;
}

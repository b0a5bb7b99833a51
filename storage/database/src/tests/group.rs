//! The one writer of SQLite commits in groups; what is acknowledged is stored, alone or together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::{JoinHandle, JoinSet};

use super::{INSERT, MIGRATIONS, add, ids};
use crate::testing::{self, both};
use crate::{Db, DbError, Scope, Tx, params};

#[tokio::test]
async fn two_hundred_writers_at_once_are_all_stored() {
    both(&MIGRATIONS, async |db| {
        let before = db.group_commits();
        let mut writers = JoinSet::new();
        for number in 0..200 {
            let db = db.clone();
            writers.spawn(async move { add(&db, &format!("{number:03}")).await });
        }
        for written in writers.join_all().await {
            written.unwrap();
        }
        let expected: Vec<_> = (0..200).map(|number| format!("{number:03}")).collect();
        assert_eq!(ids(&db).await, expected);
        assert!(db.group_commits() - before < 200);
    })
    .await;
}

#[tokio::test]
async fn writers_that_wait_together_share_one_commit() {
    let (db, _folder) = testing::sqlite(&MIGRATIONS).await;
    let first = db.begin(Scope::Platform).await.unwrap();
    let arrived = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    for number in 0..100 {
        let (db, arrived) = (db.clone(), arrived.clone());
        writers.spawn(async move {
            arrived.fetch_add(1, Ordering::Relaxed);
            add(&db, &format!("{number:03}")).await
        });
    }
    while arrived.load(Ordering::Relaxed) < 100 {
        tokio::task::yield_now().await;
    }
    let before = db.group_commits();
    first.commit().await.unwrap();
    for written in writers.join_all().await {
        written.unwrap();
    }
    assert_eq!(ids(&db).await.len(), 100);
    assert_eq!(db.group_commits() - before, 1);
}

#[tokio::test]
async fn a_lone_writer_waits_for_nobody() {
    let (db, _folder) = testing::sqlite(&MIGRATIONS).await;
    let before = db.group_commits();
    add(&db, "1").await.unwrap();
    add(&db, "2").await.unwrap();
    assert_eq!(db.group_commits() - before, 2);
}

#[tokio::test]
async fn a_member_that_gives_up_does_not_harm_its_group() {
    let (db, _folder) = testing::sqlite(&MIGRATIONS).await;
    let (before, mut quitter) = members(&db).await;
    insert(&mut quitter, "given up").await.unwrap();
    drop(quitter);
    before.await.unwrap().unwrap();
    add(&db, "later").await.unwrap();
    assert_eq!(ids(&db).await, ["before", "later"]);
}

#[tokio::test]
async fn a_member_that_breaks_a_rule_does_not_harm_its_group() {
    let (db, _folder) = testing::sqlite(&MIGRATIONS).await;
    let (before, mut clumsy) = members(&db).await;
    insert(&mut clumsy, "clumsy").await.unwrap();
    assert!(insert(&mut clumsy, "before").await.unwrap_err().is_unique());
    drop(clumsy);
    before.await.unwrap().unwrap();
    assert_eq!(ids(&db).await, ["before"]);
}

#[tokio::test]
async fn a_group_that_breaks_is_an_error_for_each_member_and_stores_nothing() {
    let (db, _folder) = testing::sqlite(&MIGRATIONS).await;
    add(&db, "stored").await.unwrap();
    testing::set_max_pages(&db, 1).await.unwrap();
    let (before, mut greedy) = members(&db).await;
    let error = loop {
        let data = vec![7_u8; 100_000];
        if let Err(error) = greedy
            .execute(INSERT, params!["a", "big", 1_i64, data])
            .await
        {
            break error;
        }
    };
    assert!(error.is_full(), "{error}");
    let told = before.await.unwrap().unwrap_err();
    assert!(told.is_retryable(), "{told}");
    assert!(greedy.commit().await.is_err());
    assert_eq!(ids(&db).await, ["stored"]);
    testing::set_max_pages(&db, u32::MAX).await.unwrap();
    add(&db, "before").await.unwrap();
    assert_eq!(ids(&db).await, ["before", "stored"]);
}

#[tokio::test]
async fn a_transaction_ended_behind_the_writers_back_breaks_its_group() {
    let (db, _folder) = testing::sqlite(&MIGRATIONS).await;
    let (before, mut rogue) = members(&db).await;
    let sly = "INSERT OR ROLLBACK INTO note (tenant, id) VALUES ('a', 'before')";
    assert!(rogue.execute(sly, &[]).await.unwrap_err().is_unique());
    drop(rogue);
    assert!(before.await.unwrap().unwrap_err().is_retryable());
    add(&db, "later").await.unwrap();
    assert_eq!(ids(&db).await, ["later"]);
}

#[tokio::test]
async fn a_commit_that_fails_is_an_error_for_every_member() {
    let (db, _folder) = testing::sqlite(&MIGRATIONS).await;
    let late = "INSERT INTO late (id, tenant, note) VALUES ('l', 'a', 'nowhere')";
    let (before, mut dangling) = members(&db).await;
    dangling.execute(late, &[]).await.unwrap();
    assert!(dangling.commit().await.unwrap_err().is_retryable());
    assert!(before.await.unwrap().unwrap_err().is_retryable());
    assert!(ids(&db).await.is_empty());

    let mut alone = db.begin(Scope::Platform).await.unwrap();
    alone.execute(late, &[]).await.unwrap();
    let error = alone.commit().await.unwrap_err();
    assert!(matches!(error, DbError::ForeignKey { .. }), "{error}");
    add(&db, "later").await.unwrap();
    assert_eq!(ids(&db).await, ["later"]);
}

#[tokio::test]
async fn another_process_that_holds_the_file_is_waited_for_then_reported() {
    let (db, folder) = testing::sqlite(&MIGRATIONS).await;
    let other = Db::open_sqlite(
        &folder.path().join("test.sqlite"),
        crate::SqliteOptions::default(),
    )
    .await
    .unwrap();
    let holder = db.begin(Scope::Platform).await.unwrap();
    let error = other.begin(Scope::Platform).await.unwrap_err();
    assert!(
        matches!(error, DbError::Busy { .. }) && error.is_retryable(),
        "{error}"
    );
    drop(holder);
    add(&other, "other").await.unwrap();
    assert_eq!(ids(&db).await, ["other"]);
}

/// A member that waits for its commit, having written the note `before`, and the next one of the same group.
async fn members(db: &Db) -> (JoinHandle<Result<(), DbError>>, Tx) {
    let mut first = db.begin(Scope::Platform).await.unwrap();
    insert(&mut first, "before").await.unwrap();
    let mut next = Box::pin(db.begin(Scope::Platform));
    // Queued for the writer before the committer can be.
    assert!(futures::poll!(&mut next).is_pending());
    let first = tokio::spawn(first.commit());
    (first, next.await.unwrap())
}

async fn insert(tx: &mut Tx, id: &str) -> Result<u64, DbError> {
    tx.execute(INSERT, params!["a", id, 1_i64, None::<i64>])
        .await
}

//! What SQLite's file promises: a full disk refuses writes and harms nothing, damage is reported.

use super::{INSERT, MIGRATIONS, add, ids};
use crate::testing;
use crate::{Db, DbError, Scope, SqliteOptions, params};

#[tokio::test]
async fn a_full_database_says_so_keeps_what_it_has_and_recovers_when_enlarged() {
    let (db, folder) = testing::sqlite(&MIGRATIONS).await;
    testing::set_max_pages(&db, 64).await.unwrap();
    let mut stored = Vec::new();
    let error = loop {
        let id = format!("{:04}", stored.len());
        match add_big(&db, &id).await {
            Ok(()) => stored.push(id),
            Err(error) => break error,
        }
    };
    assert!(error.is_full(), "{error}");
    let place = folder.path().display().to_string();
    assert!(error.to_string().contains(&place), "{error}");
    assert!(!stored.is_empty());
    assert_eq!(ids(&db).await, stored);
    assert!(add_big(&db, "again").await.unwrap_err().is_full());
    assert_eq!(ids(&db).await, stored, "still readable");

    testing::set_max_pages(&db, u32::MAX).await.unwrap();
    add_big(&db, "again").await.unwrap();
    stored.push("again".to_owned());
    assert_eq!(ids(&db).await, stored);
    assert_eq!(integrity(&db).await, "ok");
}

#[tokio::test]
async fn a_page_limit_holds_from_the_opening_on() {
    let (db, folder) = testing::sqlite(&MIGRATIONS).await;
    db.close().await;
    let options = SqliteOptions {
        max_pages: Some(16),
        ..SqliteOptions::default()
    };
    let path = folder.path().join("test.sqlite");
    let db = Db::open_sqlite(&path, options).await.unwrap();
    add(&db, "small").await.unwrap();
    assert!(add_big(&db, "big").await.unwrap_err().is_full());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("noise.sqlite");
    std::fs::write(&path, [0x5a; 8192]).unwrap();
    let error = Db::open_sqlite(&path, SqliteOptions::default())
        .await
        .unwrap_err();
    assert!(matches!(error, DbError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("noise.sqlite"), "{error}");
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/db.sqlite");
    let error = Db::open_sqlite(&path, SqliteOptions::default())
        .await
        .unwrap_err();
    assert!(matches!(error, DbError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("missing"), "{error}");
}

async fn add_big(db: &Db, id: &str) -> Result<(), DbError> {
    let mut tx = db.begin(Scope::Platform).await?;
    let data = vec![7_u8; 50_000];
    tx.execute(INSERT, params!["a", id, 1_i64, data]).await?;
    tx.commit().await
}

#[tokio::test]
async fn the_writer_is_durable_and_strict() {
    let (db, _folder) = testing::sqlite(&MIGRATIONS).await;
    let mut tx = db.begin(Scope::Platform).await.unwrap();
    let mode = tx.fetch_one("PRAGMA journal_mode", &[]).await.unwrap();
    assert_eq!(mode.text(0).unwrap(), "wal");
    let synchronous = tx.fetch_one("PRAGMA synchronous", &[]).await.unwrap();
    assert_eq!(synchronous.int(0).unwrap(), 2, "FULL");
    let keys = tx.fetch_one("PRAGMA foreign_keys", &[]).await.unwrap();
    assert!(keys.bool(0).unwrap());
}

pub(super) async fn integrity(db: &Db) -> String {
    let row = db
        .fetch_one(Scope::Platform, "PRAGMA integrity_check", &[])
        .await
        .unwrap();
    row.text(0).unwrap()
}

//! Migrations, on both databases.

use super::{MIGRATIONS, ids};
use crate::testing::{fresh_schema, owner};
use crate::{Db, DbError, Migration, Migrations, Scope, SqliteOptions};

const FIRST: Migration = Migration {
    name: "0001_first",
    sql: "CREATE TABLE one (id BIGINT); CREATE TABLE two (id BIGINT);",
};
const SECOND: Migration = Migration {
    name: "0002_second",
    sql: "ALTER TABLE one ADD COLUMN name TEXT; INSERT INTO one (id, name) VALUES (1, 'it''s; $1');",
};
const FAULTY: Migration = Migration {
    name: "0003_faulty",
    sql: "CREATE TABLE three (id BIGINT); INSERT INTO three (id) VALUES (1); INSERT INTO nowhere (id) VALUES (1);",
};

const fn both_of(migrations: &'static [Migration]) -> Migrations {
    Migrations {
        service: "steps",
        sqlite: migrations,
        postgres: migrations,
    }
}

/// A database without tables, and a second connection to it as of another process.
async fn both_empty(suite: impl AsyncFn(Db, Db)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.sqlite");
    let open = || Db::open_sqlite(&path, SqliteOptions::default());
    suite(open().await.unwrap(), open().await.unwrap()).await;
    let schema = fresh_schema();
    suite(owner(&schema).await, owner(&schema).await).await;
}

#[tokio::test]
async fn migrations_are_applied_once_and_in_order() {
    both_empty(async |db, _| {
        db.migrate(&both_of(&[FIRST])).await.unwrap();
        db.migrate(&both_of(&[FIRST, SECOND])).await.unwrap();
        db.migrate(&both_of(&[FIRST, SECOND])).await.unwrap();
        let sql = "SELECT id, name FROM one";
        let rows = db.fetch_all(Scope::Platform, sql, &[]).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].text(1).unwrap(), "it's; $1");
        let applied = "SELECT applied_at FROM schema_migrations ORDER BY name";
        let rows = db.fetch_all(Scope::Platform, applied, &[]).await.unwrap();
        // In microseconds since 1970: after 2020 and before 2100.
        let sensible = 1_577_836_800_000_000..4_102_444_800_000_000;
        assert!(
            rows.iter()
                .all(|row| sensible.contains(&row.int(0).unwrap()))
        );
        assert_eq!(rows.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn two_processes_may_migrate_at_once() {
    both_empty(async |db, other| {
        let migrations = both_of(&[FIRST, SECOND]);
        let (one, two) = tokio::join!(db.migrate(&migrations), other.migrate(&migrations));
        one.unwrap();
        two.unwrap();
        db.verify(&migrations).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_edited_migration_is_refused_by_name() {
    const EDITED: Migration = Migration {
        name: FIRST.name,
        sql: "CREATE TABLE other (id BIGINT)",
    };
    both_empty(async |db, _| {
        db.migrate(&both_of(&[FIRST])).await.unwrap();
        for error in [
            db.migrate(&both_of(&[EDITED, SECOND])).await.unwrap_err(),
            db.verify(&both_of(&[EDITED])).await.unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(
                text.contains(FIRST.name) && text.contains("edited"),
                "{text}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_schema_newer_than_the_program_is_refused_by_name() {
    both_empty(async |db, _| {
        db.migrate(&both_of(&[FIRST, SECOND])).await.unwrap();
        let error = db.migrate(&both_of(&[FIRST])).await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(SECOND.name) && text.contains("newer"),
            "{text}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_faulty_migration_leaves_nothing_and_may_be_mended() {
    const MENDED: Migration = Migration {
        name: FAULTY.name,
        sql: "CREATE TABLE three (id BIGINT)",
    };
    both_empty(async |db, _| {
        let error = db.migrate(&both_of(&[FIRST, FAULTY])).await.unwrap_err();
        assert!(error.to_string().contains(FAULTY.name), "{error}");
        db.verify(&both_of(&[FIRST])).await.unwrap();
        db.migrate(&both_of(&[FIRST, MENDED])).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_schema_not_migrated_yet_is_reported() {
    both_empty(async |db, _| {
        for pending in [both_of(&[FIRST]), both_of(&[FIRST, SECOND])] {
            let error = db.verify(&pending).await.unwrap_err();
            assert!(matches!(error, DbError::Migration { .. }), "{error}");
            assert!(error.to_string().contains("preau migrate"), "{error}");
            db.migrate(&both_of(&[FIRST])).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn two_migrations_of_one_name_are_refused() {
    both_empty(async |db, _| {
        let error = db.migrate(&both_of(&[FIRST, FIRST])).await.unwrap_err();
        assert!(error.to_string().contains("two migrations"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn writes_wait_for_a_migration_and_go_on_after_it() {
    both_empty(async |db, _| {
        db.migrate(&MIGRATIONS).await.unwrap();
        let (migrated, added) = tokio::join!(db.migrate(&MIGRATIONS), super::add(&db, "beside"));
        migrated.unwrap();
        added.unwrap();
        assert_eq!(ids(&db).await, ["beside"]);
    })
    .await;
}

//! Throwaway databases for tests: a folder for SQLite, a schema of a shared server for PostgreSQL. A machine without
//! PostgreSQL fails these tests; it does not skip them.

use tempfile::TempDir;

use crate::{Db, DbError, Migrations, PostgresOptions, SqliteOptions};

mod server;

/// The role tests work as: neither a superuser nor the owner of any table, so that row-level security binds it.
const APP_ROLE: &str = "preau_app";

/// An SQLite database with these tables, in a folder that goes when dropped.
///
/// # Panics
/// If it cannot be made.
pub async fn sqlite(migrations: &Migrations) -> (Db, TempDir) {
    let folder = TempDir::new().expect("a folder for a test's database");
    let path = folder.path().join("test.sqlite");
    let db = Db::open_sqlite(&path, SqliteOptions::default())
        .await
        .unwrap_or_else(|error| panic!("cannot open a test's SQLite database: {error}"));
    db.migrate(migrations)
        .await
        .unwrap_or_else(|error| panic!("cannot migrate a test's SQLite database: {error}"));
    (db, folder)
}

/// A PostgreSQL database with these tables, in a schema of its own on the test run's server. The tables are made by
/// their owner; the answer works as a plain role.
///
/// # Panics
/// If PostgreSQL is not installed (`make deps`), or the tables cannot be made.
pub async fn postgres(migrations: &Migrations) -> Db {
    let schema = fresh_schema();
    owner(&schema)
        .await
        .migrate(migrations)
        .await
        .unwrap_or_else(|error| panic!("cannot migrate a test's PostgreSQL schema: {error}"));
    let url = server::url(APP_ROLE).await;
    Db::open_postgres(&url, &schema, options())
        .await
        .unwrap_or_else(|error| panic!("cannot connect to the test's PostgreSQL: {error}"))
}

/// The owner of a schema, which does not exist before it migrates; for tests of migrations themselves.
///
/// # Panics
/// If PostgreSQL is not installed (`make deps`).
pub async fn owner(schema: &str) -> Db {
    let options = PostgresOptions {
        grant_to: Some(APP_ROLE.to_owned()),
        ..options()
    };
    let url = server::url(server::OWNER_ROLE).await;
    Db::open_postgres(&url, schema, options)
        .await
        .unwrap_or_else(|error| panic!("cannot connect to the test's PostgreSQL: {error}"))
}

/// The address of an empty PostgreSQL database, for a program that makes its tables itself. The role in it owns the
/// database and is no superuser, so row-level security binds it.
///
/// # Panics
/// If PostgreSQL is not installed (`make deps`).
pub async fn postgres_url() -> String {
    server::new_database(&fresh_schema()).await
}

/// A schema name nobody uses.
pub fn fresh_schema() -> String {
    format!("t_{:016x}", rand::random::<u64>())
}

/// Runs a suite on both databases, one after the other.
pub async fn both(migrations: &Migrations, suite: impl AsyncFn(Db)) {
    let (db, _folder) = sqlite(migrations).await;
    eprintln!("on SQLite");
    suite(db.clone()).await;
    db.close().await;
    let db = postgres(migrations).await;
    eprintln!("on PostgreSQL");
    suite(db.clone()).await;
    db.close().await;
}

/// Fills or frees the disk of an SQLite database: it may have no more than this many pages of 4 KiB.
/// [`u32::MAX`] stands for as many as SQLite can.
pub async fn set_max_pages(db: &Db, pages: u32) -> Result<(), DbError> {
    match db.sqlite() {
        Some(database) => database.set_max_pages(pages.min(0xffff_fffe)).await,
        None => Err(DbError::Mismatch {
            detail: "only an SQLite database has a page limit".to_owned(),
        }),
    }
}

fn options() -> PostgresOptions {
    PostgresOptions {
        max_connections: 8,
        acquire_timeout: std::time::Duration::from_secs(30),
        ..PostgresOptions::default()
    }
}

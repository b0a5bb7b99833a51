#![expect(clippy::unwrap_used, reason = "tests")]

use crate::{Db, DbError, Migration, Migrations, Scope, params};

mod cancelled;
mod contract;
mod crash;
mod events;
mod file;
mod group;
mod migrating;
mod tenants;

/// The tables the suites work on: what a service's migrations look like, in small.
const MIGRATIONS: Migrations = Migrations {
    service: "notes",
    sqlite: &[Migration {
        name: "0001_notes",
        sql: include_str!("tests/notes.sqlite.sql"),
    }],
    postgres: &[Migration {
        name: "0001_notes",
        sql: include_str!("tests/notes.postgres.sql"),
    }],
};

const INSERT: &str = "INSERT INTO note (tenant, id, number, data) VALUES ($1, $2, $3, $4)";
const IDS: &str = "SELECT id FROM note ORDER BY id";

/// Adds a note of tenant `a` in a transaction of its own.
async fn add(db: &Db, id: &str) -> Result<(), DbError> {
    let mut tx = db.begin(Scope::Platform).await?;
    tx.execute(INSERT, params!["a", id, 0_i64, None::<Vec<u8>>])
        .await?;
    tx.commit().await
}

async fn ids(db: &Db) -> Vec<String> {
    let rows = db.fetch_all(Scope::Platform, IDS, &[]).await.unwrap();
    rows.iter().map(|row| row.text(0).unwrap()).collect()
}

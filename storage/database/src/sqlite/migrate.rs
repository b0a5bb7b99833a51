//! Migrations on SQLite: `BEGIN IMMEDIATE` keeps other processes out.

use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;

use super::readers::Readers;
use super::rows;
use super::writer::Writer;
use crate::error::from_sqlite;
use crate::migrations::{self, Applied};
use crate::{DbError, Migration, Migrations, params};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations \
    (name TEXT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT";
const APPLIED: &str = "SELECT name, checksum FROM schema_migrations ORDER BY name";
const INSERT: &str = "INSERT INTO schema_migrations (name, checksum, applied_at) \
    VALUES ($1, $2, CAST(unixepoch('subsec') * 1000000 AS INTEGER))";

pub(super) async fn run(writer: Arc<Writer>, migrations: Migrations) -> Result<(), DbError> {
    // In a task of its own, so that it is never left half-way.
    let run = tokio::spawn(async move {
        let mut state = writer.exclusive().await?;
        let place = writer.place().to_owned();
        let connection = state.connection()?;
        control(connection, TABLE, &place).await?;
        while apply_next(connection, &migrations, &place).await? {}
        Ok(())
    });
    run.await.map_err(|_| DbError::Closed)?
}

pub(super) async fn verify(readers: &Readers, migrations: &Migrations) -> Result<(), DbError> {
    const EXISTS: &str =
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'";
    let mut applied = Vec::new();
    if !readers.fetch_all(EXISTS, &[]).await?.is_empty() {
        for row in readers.fetch_all(APPLIED, &[]).await? {
            applied.push(Applied::read(&row)?);
        }
    }
    migrations::verified(migrations.service, migrations.sqlite, &applied)
}

/// Applies the first pending migration; false if there is none.
async fn apply_next(
    connection: &mut SqliteConnection,
    migrations: &Migrations,
    place: &str,
) -> Result<bool, DbError> {
    control(connection, "BEGIN IMMEDIATE", place).await?;
    let outcome = match next(connection, migrations, place).await {
        Ok(Some(migration)) => apply(connection, migration, place)
            .await
            .map(|()| true)
            .map_err(|error| migrations::failed(migrations.service, migration, &error)),
        Ok(None) => Ok(false),
        Err(error) => Err(error),
    };
    if !matches!(outcome, Ok(true)) {
        // It fails if SQLite rolled back by itself: the same outcome.
        let _ = control(connection, "ROLLBACK", place).await;
    }
    outcome
}

async fn next(
    connection: &mut SqliteConnection,
    migrations: &Migrations,
    place: &str,
) -> Result<Option<&'static Migration>, DbError> {
    let rows = rows::fetch_all(connection, APPLIED, &[])
        .await
        .map_err(|error| from_sqlite(error, place))?;
    let applied = rows
        .iter()
        .map(Applied::read)
        .collect::<Result<Vec<_>, _>>()?;
    let pending = migrations::pending(migrations.service, migrations.sqlite, &applied)?;
    Ok(pending.first().copied())
}

async fn apply(
    connection: &mut SqliteConnection,
    migration: &Migration,
    place: &str,
) -> Result<(), DbError> {
    control(connection, migration.sql, place).await?;
    rows::execute(
        connection,
        INSERT,
        params![migration.name, migration.checksum()],
    )
    .await
    .map_err(|error| from_sqlite(error, place))?;
    control(connection, "COMMIT", place).await
}

async fn control(
    connection: &mut SqliteConnection,
    sql: &'static str,
    place: &str,
) -> Result<(), DbError> {
    sqlx::raw_sql(sql)
        .execute(connection)
        .await
        .map_err(|error| from_sqlite(error, place))?;
    Ok(())
}

//! Migrations on PostgreSQL: an advisory lock, held by each transaction (so it works behind a transaction pooler), keeps
//! other processes out.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Postgres};

use super::{Database, rows};
use crate::error::from_postgres;
use crate::migrations::{self, Applied};
use crate::{DbError, Migration, Migrations, Row, Scope, Value, params};

const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('preau.migrate.' || $1, 0))";
const SCHEMA: &str = "SELECT 1 FROM pg_namespace WHERE nspname = $1";
const TABLE: &str =
    "SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'schema_migrations'";
const CREATE_TABLE: &str = "CREATE TABLE schema_migrations (name TEXT COLLATE \"C\" PRIMARY KEY, \
    checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)";
const APPLIED: &str = "SELECT name, checksum FROM schema_migrations ORDER BY name";
const INSERT: &str = "INSERT INTO schema_migrations (name, checksum, applied_at) \
    VALUES ($1, $2, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT))";

pub(super) async fn run(database: &Database, migrations: &Migrations) -> Result<(), DbError> {
    prepare(database).await?;
    while apply_next(database, migrations).await? {}
    match &database.options.grant_to {
        Some(role) => grant(database, role).await,
        None => Ok(()),
    }
}

pub(super) async fn verify(database: &Database, migrations: &Migrations) -> Result<(), DbError> {
    let schema = params![&*database.schema];
    let mut applied = Vec::new();
    let exists = database.fetch_all(Scope::Platform, TABLE, schema).await?;
    if !exists.is_empty() {
        let rows = database.fetch_all(Scope::Platform, APPLIED, &[]).await?;
        applied = rows.iter().map(Applied::read).collect::<Result<_, _>>()?;
    }
    migrations::verified(migrations.service, migrations.postgres, &applied)
}

/// Creates the schema and its record of migrations. A role that may not create a schema is fine if it exists.
async fn prepare(database: &Database) -> Result<(), DbError> {
    let mut step = Step::begin(database).await?;
    let schema = params![&*database.schema];
    if step.fetch(SCHEMA, schema).await?.is_empty() {
        step.run(format!("CREATE SCHEMA {}", database.schema))
            .await?;
    }
    if step.fetch(TABLE, schema).await?.is_empty() {
        step.run(CREATE_TABLE.to_owned()).await?;
    }
    step.commit().await
}

/// Applies the first pending migration; false if there is none.
async fn apply_next(database: &Database, migrations: &Migrations) -> Result<bool, DbError> {
    let mut step = Step::begin(database).await?;
    let rows = step.fetch(APPLIED, &[]).await?;
    let applied = rows
        .iter()
        .map(Applied::read)
        .collect::<Result<Vec<_>, _>>()?;
    let pending = migrations::pending(migrations.service, migrations.postgres, &applied)?;
    let Some(migration) = pending.first() else {
        return Ok(false);
    };
    apply(step, migration)
        .await
        .map_err(|error| migrations::failed(migrations.service, migration, &error))?;
    Ok(true)
}

async fn apply(mut step: Step<'_>, migration: &Migration) -> Result<(), DbError> {
    step.run(migration.sql.to_owned()).await?;
    step.fetch(INSERT, params![migration.name, migration.checksum()])
        .await?;
    step.commit().await
}

/// Rows, not definitions; and not the record of migrations.
async fn grant(database: &Database, role: &str) -> Result<(), DbError> {
    let schema = &database.schema;
    let mut step = Step::begin(database).await?;
    step.run(format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
         REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM {role}"
    ))
    .await?;
    step.commit().await
}

/// A transaction that holds the lock of the schema's migrations.
struct Step<'a> {
    open: sqlx::Transaction<'static, Postgres>,
    database: &'a Database,
}

impl<'a> Step<'a> {
    async fn begin(database: &'a Database) -> Result<Self, DbError> {
        let open = database
            .open_transaction(Scope::Platform, "READ WRITE")
            .await?;
        let mut step = Self { open, database };
        step.fetch(LOCK, params![&*database.schema]).await?;
        // Set only now: another process's migrations are waited for as long as they take.
        let timeout = database.options.lock_timeout.as_millis();
        step.run(format!("SET LOCAL lock_timeout = {timeout}"))
            .await?;
        Ok(step)
    }

    async fn fetch(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        let connection: &mut PgConnection = &mut self.open;
        rows::fetch_all(connection, sql, params)
            .await
            .map_err(|error| from_postgres(error, &self.database.place))
    }

    async fn run(&mut self, sql: String) -> Result<(), DbError> {
        let connection: &mut PgConnection = &mut self.open;
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(connection)
            .await
            .map_err(|error| from_postgres(error, &self.database.place))?;
        Ok(())
    }

    async fn commit(self) -> Result<(), DbError> {
        let place = &self.database.place;
        self.open
            .commit()
            .await
            .map_err(|error| from_postgres(error, place))
    }
}

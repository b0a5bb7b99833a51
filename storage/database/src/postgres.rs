//! PostgreSQL: a pool of connections, one schema per service, row-level security by `preau.tenant`.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Postgres};

use crate::error::from_postgres;
use crate::{DbError, Migrations, Row, Scope, Value, statement};
pub(crate) use transaction::Transaction;

mod listen;
mod migrate;
mod rows;
mod transaction;

/// The oldest major version that is still maintained.
const OLDEST: i64 = 14;
const OLDEST_TEXT: &str = "14";

/// How a PostgreSQL server is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// The most connections this process opens.
    pub max_connections: u32,
    /// How long to wait for a free connection before [`DbError::Busy`].
    pub acquire_timeout: Duration,
    /// How long a migration waits for a table in use before it gives up and leaves everything as it was: everybody
    /// else queues behind it meanwhile.
    pub lock_timeout: Duration,
    /// The role the service runs as, if another one migrates: it is granted the rows of every table, and no more.
    pub grant_to: Option<String>,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            max_connections: 16,
            acquire_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(2),
            grant_to: None,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Database {
    pool: PgPool,
    schema: Arc<str>,
    place: Arc<str>,
    options: PostgresOptions,
    /// Tells this process's notifications from others'.
    node: Arc<str>,
}

impl Database {
    pub(crate) async fn open(
        url: &str,
        schema: &str,
        options: PostgresOptions,
    ) -> Result<Self, DbError> {
        check_identifier(schema)?;
        if let Some(role) = &options.grant_to {
            check_identifier(role)?;
        }
        // The text of a parse error may hold the password.
        let connect: PgConnectOptions = url.parse().map_err(|_| DbError::Unavailable {
            place: "PostgreSQL".to_owned(),
            detail: "its address is not of the form postgres://user:password@host:port/database"
                .to_owned(),
        })?;
        let place: Arc<str> = format!(
            "PostgreSQL at {}:{}, schema {schema}",
            connect.get_host(),
            connect.get_port()
        )
        .into();
        let connect = connect
            .application_name("preau")
            .options([
                ("search_path", schema),
                ("idle_in_transaction_session_timeout", "60s"),
            ])
            .statement_cache_capacity(512)
            .disable_statement_logging();
        check_version(&connect, options.acquire_timeout, &place).await?;
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections.max(1))
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .connect_lazy_with(connect);
        Ok(Self {
            pool,
            schema: schema.into(),
            place,
            options,
            node: format!("{:032x}", uuid::Uuid::new_v4().as_u128()).into(),
        })
    }

    pub(crate) async fn begin(&self, scope: Scope<'_>) -> Result<Transaction, DbError> {
        let open = self.open_transaction(scope, "READ WRITE").await?;
        let notifier = listen::Notifier::new(&self.schema, &self.node);
        Ok(Transaction::new(open, self.place.clone(), notifier))
    }

    pub(crate) async fn fetch_all(
        &self,
        scope: Scope<'_>,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, DbError> {
        statement::check(sql, params)?;
        let mut open = self.open_transaction(scope, "READ ONLY").await?;
        // Dropped afterwards: the end of the transaction is sent without waiting for an answer, so a read costs two
        // round trips.
        rows::fetch_all(&mut open, sql, params)
            .await
            .map_err(|error| from_postgres(error, &self.place))
    }

    pub(crate) async fn migrate(&self, migrations: &Migrations) -> Result<(), DbError> {
        migrate::run(self, migrations).await
    }

    pub(crate) async fn verify(&self, migrations: &Migrations) -> Result<(), DbError> {
        migrate::verify(self, migrations).await
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    /// Begins and sets the tenant in one round trip. [`Scope`] has checked that the name needs no quoting.
    async fn open_transaction(
        &self,
        scope: Scope<'_>,
        mode: &'static str,
    ) -> Result<sqlx::Transaction<'static, Postgres>, DbError> {
        let tenant = scope.setting();
        let sql = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED {mode}; SELECT set_config('preau.tenant', '{tenant}', true)"
        );
        // In a task of its own: sqlx 0.9 gives a connection whose BEGIN nobody waited for back to the pool as it is,
        // within a transaction that the next caller would find itself in. Here a caller that gives up leaves a
        // transaction that is dropped, and so rolled back.
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(AssertSqlSafe(sql)).await });
        begun
            .await
            .map_err(|_| DbError::Closed)?
            .map_err(|error| from_postgres(error, &self.place))
    }
}

/// Connects once outside the pool, which would go on trying while nobody listens, and not say why.
async fn check_version(
    options: &PgConnectOptions,
    patience: Duration,
    place: &str,
) -> Result<(), DbError> {
    const SQL: &str = "SELECT CAST(current_setting('server_version_num') AS BIGINT) / 10000, \
        current_setting('server_version')";
    let ask = async {
        let mut connection = PgConnection::connect_with(options).await?;
        let rows = rows::fetch_all(&mut connection, SQL, &[]).await?;
        connection.close().await?;
        Ok(rows)
    };
    let answer = tokio::time::timeout(patience, ask).await;
    let rows = answer
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
        .map_err(|error| from_postgres(error, place))?;
    let row = rows.first().ok_or(DbError::NotFound)?;
    if row.int(0)? >= OLDEST {
        return Ok(());
    }
    Err(DbError::Version {
        product: "PostgreSQL",
        found: row.text(1)?,
        needed: OLDEST_TEXT,
    })
}

/// Schemas and roles are named in statements that take no parameters: only plain names are accepted.
fn check_identifier(name: &str) -> Result<(), DbError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let starts = name
        .bytes()
        .next()
        .is_some_and(|first| !first.is_ascii_digit());
    if starts && name.len() <= 63 && name.bytes().all(plain) {
        return Ok(());
    }
    Err(DbError::Mismatch {
        detail: format!("{name:?} is not a plain name: use at most 63 of a-z, 0-9 and _"),
    })
}

#[cfg(test)]
mod tests {
    use super::check_identifier;

    #[test]
    fn only_plain_names_become_part_of_statements() {
        for refused in ["", "1a", "A", "a-b", "a\"b", "a;b", "é", &"a".repeat(64)] {
            assert!(check_identifier(refused).is_err(), "{refused}");
        }
        for accepted in ["files", "_a1", &"a".repeat(63)] {
            assert!(check_identifier(accepted).is_ok(), "{accepted}");
        }
    }
}

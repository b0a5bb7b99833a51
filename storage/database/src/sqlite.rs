//! SQLite: one file, readers, and one writer that commits in groups.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use crate::error::from_sqlite;
use crate::{DbError, Migrations, Row, Value};
use readers::Readers;
pub(crate) use transaction::Transaction;
use writer::Writer;

mod migrate;
mod readers;
mod rows;
mod transaction;
mod writer;

/// Versions before this one can corrupt a write-ahead log that several connections share
/// (sqlite.org/wal.html, "the WAL-reset bug").
const OLDEST: (u32, u32, u32) = (3, 51, 3);
const OLDEST_TEXT: &str = "3.51.3";

/// How long to wait for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The log shrinks to this size at a checkpoint that empties it.
const LOG_BYTES: &str = "67108864";

/// How an SQLite file is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    /// The file never grows beyond this many pages of 4 KiB; what does not fit is [`DbError::Full`].
    pub max_pages: Option<u32>,
    /// How many reads run at once, each on its own connection.
    pub readers: u32,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            max_pages: None,
            readers: 4,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Database {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    writer: Arc<Writer>,
    readers: Readers,
}

impl Database {
    pub(crate) async fn open(path: &Path, options: SqliteOptions) -> Result<Self, DbError> {
        let place: Arc<str> = path.display().to_string().into();
        let base = SqliteConnectOptions::new()
            .filename(path)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(512)
            .disable_statement_logging();
        let mut to_write = base
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("journal_size_limit", LOG_BYTES);
        if let Some(pages) = options.max_pages {
            to_write = to_write.pragma("max_page_count", pages.to_string());
        }
        let mut connection = SqliteConnection::connect_with(&to_write)
            .await
            .map_err(|error| from_sqlite(error, &place))?;
        check_version(&mut connection, &place).await?;
        let readers = Readers::new(base.read_only(true), options.readers.max(1), place.clone());
        let writer = Writer::new(connection, to_write, place);
        Ok(Self {
            inner: Arc::new(Inner {
                writer: Arc::new(writer),
                readers,
            }),
        })
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, DbError> {
        Transaction::begin(&self.inner.writer).await
    }

    pub(crate) async fn fetch_all(
        &self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, DbError> {
        self.inner.readers.fetch_all(sql, params).await
    }

    pub(crate) async fn migrate(&self, migrations: &Migrations) -> Result<(), DbError> {
        migrate::run(self.inner.writer.clone(), *migrations).await
    }

    pub(crate) async fn verify(&self, migrations: &Migrations) -> Result<(), DbError> {
        migrate::verify(&self.inner.readers, migrations).await
    }

    pub(crate) fn group_commits(&self) -> u64 {
        self.inner.writer.group_commits()
    }

    pub(crate) async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) async fn set_max_pages(&self, pages: u32) -> Result<(), DbError> {
        let sql = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        let mut state = self.inner.writer.exclusive().await?;
        sqlx::raw_sql(sql)
            .execute(state.connection()?)
            .await
            .map_err(|error| from_sqlite(error, self.inner.writer.place()))?;
        Ok(())
    }
}

async fn check_version(connection: &mut SqliteConnection, place: &str) -> Result<(), DbError> {
    let found: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await
        .map_err(|error| from_sqlite(error, place))?;
    if is_sound(&found) {
        return Ok(());
    }
    Err(DbError::Version {
        product: "SQLite",
        found,
        needed: OLDEST_TEXT,
    })
}

fn is_sound(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next()) >= OLDEST
}

#[cfg(test)]
mod tests {
    use super::is_sound;

    #[test]
    fn versions_with_the_wal_reset_bug_are_refused() {
        for refused in ["3.7.0", "3.46.1", "3.51.2", "", "none"] {
            assert!(!is_sound(refused), "{refused}");
        }
        for accepted in ["3.51.3", "3.53.0", "4.0.0"] {
            assert!(is_sound(accepted), "{accepted}");
        }
    }
}

use std::path::Path;
use std::sync::Arc;

use crate::events::Hub;
use crate::{
    DbError, Migrations, PostgresOptions, Row, SqliteOptions, Tx, Value, postgres, sqlite,
};

/// A service's own database. Clones share connections.
#[derive(Debug, Clone)]
pub struct Db {
    backend: Backend,
    hub: Arc<Hub>,
}

#[derive(Debug, Clone)]
enum Backend {
    Sqlite(sqlite::Database),
    Postgres(postgres::Database),
}

/// Which database is underneath; for the few named files that branch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Embedded, one file per service.
    Sqlite,
    /// A server, one schema per service.
    Postgres,
}

/// Whose rows a transaction may touch, enforced by row-level security on PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// The rows of one tenant: letters, digits and `-_.:` only.
    Tenant(&'a str),
    /// Every row.
    Platform,
}

impl Db {
    /// Opens the file at `path`, creating it if it does not exist.
    pub async fn open_sqlite(path: &Path, options: SqliteOptions) -> Result<Self, DbError> {
        let database = sqlite::Database::open(path, options).await?;
        Ok(Self {
            backend: Backend::Sqlite(database),
            hub: Arc::default(),
        })
    }

    /// Connects to the server at `url` (`postgres://user:password@host/database?sslmode=verify-full`) and works in
    /// `schema`, which [`migrate`](Self::migrate) creates.
    pub async fn open_postgres(
        url: &str,
        schema: &str,
        options: PostgresOptions,
    ) -> Result<Self, DbError> {
        let database = postgres::Database::open(url, schema, options).await?;
        Ok(Self {
            backend: Backend::Postgres(database),
            hub: Arc::default(),
        })
    }

    /// Which database is underneath.
    pub fn dialect(&self) -> Dialect {
        match &self.backend {
            Backend::Sqlite(_) => Dialect::Sqlite,
            Backend::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Applies the migrations that are not applied yet, each in its own transaction. Safe to run in several processes
    /// at once. A migration that was edited after it was applied, and an applied one that this program does not know,
    /// are errors.
    pub async fn migrate(&self, migrations: &Migrations) -> Result<(), DbError> {
        match &self.backend {
            Backend::Sqlite(database) => database.migrate(migrations).await,
            Backend::Postgres(database) => database.migrate(migrations).await,
        }
    }

    /// Checks, without changing anything, that the schema is exactly `migrations`.
    pub async fn verify(&self, migrations: &Migrations) -> Result<(), DbError> {
        match &self.backend {
            Backend::Sqlite(database) => database.verify(migrations).await,
            Backend::Postgres(database) => database.verify(migrations).await,
        }
    }

    /// Begins a write transaction. On SQLite there is one writer, taken in order of arrival: keep it short, and
    /// never begin a second one while holding the first (it would wait for itself).
    pub async fn begin(&self, scope: Scope<'_>) -> Result<Tx, DbError> {
        scope.check()?;
        let hub = Arc::clone(&self.hub);
        match &self.backend {
            Backend::Sqlite(database) => Ok(Tx::sqlite(database.begin().await?, hub)),
            Backend::Postgres(database) => Ok(Tx::postgres(database.begin(scope).await?, hub)),
        }
    }

    /// Begins a write transaction whose statements go over many rows at once, such as a whole import.
    ///
    /// PostgreSQL keeps the plan of a statement for its connection: one made while the tables were small would read
    /// them whole for each of 20,000 rows later, until the server happens to count them. In this transaction every
    /// statement is planned by the sizes of the day, which costs milliseconds, and none is compiled. Costs a round trip
    /// more than [`begin`](Self::begin); on SQLite the two are the same.
    pub async fn begin_bulk(&self, scope: Scope<'_>) -> Result<Tx, DbError> {
        let mut tx = self.begin(scope).await?;
        if self.dialect() == Dialect::Postgres {
            let sql = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true),
                              set_config('jit', 'off', true)";
            tx.fetch_all(sql, &[]).await?;
        }
        Ok(tx)
    }

    /// Reads every row of a query, outside a transaction.
    pub async fn fetch_all(
        &self,
        scope: Scope<'_>,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, DbError> {
        scope.check()?;
        match &self.backend {
            Backend::Sqlite(database) => database.fetch_all(sql, params).await,
            Backend::Postgres(database) => database.fetch_all(scope, sql, params).await,
        }
    }

    /// Reads the first row of a query, if there is one. The query should have a `LIMIT` or select by key.
    pub async fn fetch_optional(
        &self,
        scope: Scope<'_>,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Option<Row>, DbError> {
        Ok(self.fetch_all(scope, sql, params).await?.into_iter().next())
    }

    /// Reads the first row of a query; [`DbError::NotFound`] if there is none.
    pub async fn fetch_one(
        &self,
        scope: Scope<'_>,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Row, DbError> {
        self.fetch_optional(scope, sql, params)
            .await?
            .ok_or(DbError::NotFound)
    }

    /// How many times SQLite was asked to make a group of transactions durable; 0 on PostgreSQL.
    pub fn group_commits(&self) -> u64 {
        match &self.backend {
            Backend::Sqlite(database) => database.group_commits(),
            Backend::Postgres(_) => 0,
        }
    }

    /// Waits for what is under way, then closes the connections; everything afterwards is [`DbError::Closed`].
    pub async fn close(&self) {
        match &self.backend {
            Backend::Sqlite(database) => database.close().await,
            Backend::Postgres(database) => database.close().await,
        }
        self.hub.close();
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Has this process hear what others publish, from now on; nothing to do where there are no others.
    pub(crate) fn listen(&self) {
        if let Backend::Postgres(database) = &self.backend {
            self.hub.listen_with(|| {
                let hub = Arc::downgrade(&self.hub);
                Some(tokio::spawn(database.clone().listen(hub)).abort_handle())
            });
        }
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn sqlite(&self) -> Option<&sqlite::Database> {
        match &self.backend {
            Backend::Sqlite(database) => Some(database),
            Backend::Postgres(_) => None,
        }
    }
}

impl Scope<'_> {
    /// What `preau.tenant` is set to.
    pub(crate) fn setting(&self) -> &str {
        match self {
            Self::Tenant(tenant) => tenant,
            Self::Platform => "*",
        }
    }

    /// A tenant's name ends up in a setting: one that could be read as `*`, or as SQL, is refused on both databases.
    fn check(&self) -> Result<(), DbError> {
        let Self::Tenant(tenant) = self else {
            return Ok(());
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if tenant.is_empty() || !tenant.bytes().all(fits) {
            return Err(DbError::Mismatch {
                detail: "a tenant is named by letters, digits and -_.: only".to_owned(),
            });
        }
        Ok(())
    }
}

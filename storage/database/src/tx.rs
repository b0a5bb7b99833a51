use crate::{DbError, Row, Value, postgres, sqlite};

/// A write transaction. Dropping it rolls it back.
#[derive(Debug)]
#[must_use = "a transaction that is not committed is rolled back"]
pub struct Tx {
    backend: Backend,
}

#[derive(Debug)]
enum Backend {
    Sqlite(sqlite::Transaction),
    Postgres(postgres::Transaction),
}

impl From<sqlite::Transaction> for Tx {
    fn from(transaction: sqlite::Transaction) -> Self {
        Self {
            backend: Backend::Sqlite(transaction),
        }
    }
}

impl From<postgres::Transaction> for Tx {
    fn from(transaction: postgres::Transaction) -> Self {
        Self {
            backend: Backend::Postgres(transaction),
        }
    }
}

impl Tx {
    /// Runs a statement; answers how many rows it changed.
    pub async fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, DbError> {
        match &mut self.backend {
            Backend::Sqlite(transaction) => transaction.execute(sql, params).await,
            Backend::Postgres(transaction) => transaction.execute(sql, params).await,
        }
    }

    /// Runs a query (or a statement with `RETURNING`); answers its rows.
    pub async fn fetch_all(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, DbError> {
        match &mut self.backend {
            Backend::Sqlite(transaction) => transaction.fetch_all(sql, params).await,
            Backend::Postgres(transaction) => transaction.fetch_all(sql, params).await,
        }
    }

    /// The first row, if there is one.
    pub async fn fetch_optional(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Option<Row>, DbError> {
        Ok(self.fetch_all(sql, params).await?.into_iter().next())
    }

    /// The first row; [`DbError::NotFound`] if there is none (which does not spoil the transaction).
    pub async fn fetch_one(&mut self, sql: &'static str, params: &[Value]) -> Result<Row, DbError> {
        self.fetch_optional(sql, params)
            .await?
            .ok_or(DbError::NotFound)
    }

    /// Makes the transaction durable. After an error nothing of it is stored, except that after
    /// [`DbError::Unavailable`] its outcome is unknown.
    pub async fn commit(self) -> Result<(), DbError> {
        match self.backend {
            Backend::Sqlite(transaction) => transaction.commit().await,
            Backend::Postgres(transaction) => transaction.commit().await,
        }
    }
}

use std::sync::Arc;

use crate::events::{Hub, Published, Topic};
use crate::{DbError, Row, Value, postgres, sqlite};

/// A write transaction. Dropping it rolls it back.
#[derive(Debug)]
#[must_use = "a transaction that is not committed is rolled back"]
pub struct Tx {
    backend: Backend,
    published: Published,
    hub: Arc<Hub>,
}

#[derive(Debug)]
enum Backend {
    Sqlite(sqlite::Transaction),
    Postgres(postgres::Transaction),
}

impl Tx {
    pub(crate) fn sqlite(transaction: sqlite::Transaction, hub: Arc<Hub>) -> Self {
        Self::new(Backend::Sqlite(transaction), hub)
    }

    pub(crate) fn postgres(transaction: postgres::Transaction, hub: Arc<Hub>) -> Self {
        Self::new(Backend::Postgres(transaction), hub)
    }

    fn new(backend: Backend, hub: Arc<Hub>) -> Self {
        Self {
            backend,
            published: Published::default(),
            hub,
        }
    }

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
        if self.published.is_empty() {
            return self.backend.commit().await;
        }
        let Self {
            backend,
            published,
            hub,
        } = self;
        // In a task of its own: whoever gives up waiting for the commit does not keep the news of it from others.
        let committed = tokio::spawn(async move {
            let committed = backend.commit().await;
            // After a failure too: its outcome may be unknown, and looking in vain costs one read.
            hub.wake(&published);
            committed
        });
        committed.await.map_err(|_| DbError::Closed)?
    }

    pub(crate) fn published(&mut self) -> &mut Published {
        &mut self.published
    }

    /// Has other processes told of the topic when the transaction commits.
    pub(crate) async fn notify(&mut self, topic: &Topic) -> Result<(), DbError> {
        match &mut self.backend {
            // One process has the file.
            Backend::Sqlite(_) => Ok(()),
            Backend::Postgres(transaction) => transaction.notify(topic).await,
        }
    }
}

impl Backend {
    async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }
}

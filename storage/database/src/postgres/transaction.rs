//! A write transaction on PostgreSQL.

use std::sync::Arc;

use sqlx::Postgres;

use super::listen::Notifier;
use super::rows;
use crate::error::from_postgres;
use crate::events::Topic;
use crate::{DbError, Row, Value, statement};

#[derive(Debug)]
pub(crate) struct Transaction {
    open: sqlx::Transaction<'static, Postgres>,
    place: Arc<str>,
    /// True while a statement runs, and for ever once one failed or its future was dropped. Without it, `COMMIT` would
    /// succeed on a failed transaction while rolling it back.
    spoiled: bool,
    notifier: Notifier,
}

impl Transaction {
    pub(super) fn new(
        open: sqlx::Transaction<'static, Postgres>,
        place: Arc<str>,
        notifier: Notifier,
    ) -> Self {
        Self {
            open,
            place,
            spoiled: false,
            notifier,
        }
    }

    /// Tells other processes of the topic when this commits.
    pub(crate) async fn notify(&mut self, topic: &Topic) -> Result<(), DbError> {
        let params = self.notifier.params(topic);
        self.fetch_all(Notifier::SQL, &params).await.map(drop)
    }

    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<u64, DbError> {
        self.start(sql, params)?;
        let done = rows::execute(&mut self.open, sql, params).await;
        self.finish(done)
    }

    pub(crate) async fn fetch_all(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, DbError> {
        self.start(sql, params)?;
        let rows = rows::fetch_all(&mut self.open, sql, params).await;
        self.finish(rows)
    }

    pub(crate) async fn commit(self) -> Result<(), DbError> {
        if self.spoiled {
            return Err(DbError::Spoiled);
        }
        let place = self.place;
        self.open
            .commit()
            .await
            .map_err(|error| from_postgres(error, &place))
    }

    fn start(&mut self, sql: &'static str, params: &[Value]) -> Result<(), DbError> {
        if self.spoiled {
            return Err(DbError::Spoiled);
        }
        statement::check(sql, params)?;
        self.spoiled = true;
        Ok(())
    }

    fn finish<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, DbError> {
        self.spoiled = result.is_err();
        result.map_err(|error| from_postgres(error, &self.place))
    }
}

//! A member of the writer's group.

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use super::rows;
use super::writer::{State, Writer};
use crate::error::{from_sqlite, may_end_transaction};
use crate::{DbError, Row, Value, statement};

#[derive(Debug)]
pub(crate) struct Transaction {
    writer: Arc<Writer>,
    /// None once committed.
    state: Option<OwnedMutexGuard<State>>,
    /// True while a statement runs, and so for ever if its future was dropped.
    spoiled: bool,
}

impl Transaction {
    pub(super) async fn begin(writer: &Arc<Writer>) -> Result<Self, DbError> {
        let state = writer.lock().await;
        let writer = writer.clone();
        // In a task of its own: a caller that gives up half-way drops the transaction, not the statement.
        let entered = tokio::spawn(async move {
            let state = writer.enter(state).await?;
            Ok(Self {
                writer,
                state: Some(state),
                spoiled: false,
            })
        });
        entered.await.map_err(|_| DbError::Closed)?
    }

    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<u64, DbError> {
        let state = self.start(sql, params)?;
        let done = rows::execute(state.connection()?, sql, params).await;
        self.finish(done)
    }

    pub(crate) async fn fetch_all(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, DbError> {
        let state = self.start(sql, params)?;
        let rows = rows::fetch_all(state.connection()?, sql, params).await;
        self.finish(rows)
    }

    pub(crate) async fn commit(mut self) -> Result<(), DbError> {
        if self.spoiled {
            return Err(DbError::Spoiled);
        }
        let Some(mut state) = self.state.take() else {
            return Err(DbError::Closed);
        };
        let answered = state.finish_member();
        self.writer.send_committer(&mut state);
        drop(state);
        // No answer: the runtime ended before the committer did its work.
        answered.await.unwrap_or(Err(DbError::Closed))
    }

    fn start(&mut self, sql: &'static str, params: &[Value]) -> Result<&mut State, DbError> {
        if self.spoiled {
            return Err(DbError::Spoiled);
        }
        statement::check(sql, params)?;
        self.spoiled = true;
        self.state.as_deref_mut().ok_or(DbError::Closed)
    }

    fn finish<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, DbError> {
        let error = match result {
            Ok(done) => {
                self.spoiled = false;
                return Ok(done);
            }
            Err(error) => error,
        };
        let ends = may_end_transaction(&error);
        let error = from_sqlite(error, self.writer.place());
        if ends && let Some(state) = &mut self.state {
            state.break_group(&error);
        }
        Err(error)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // Left as it is, the next member or the committer rolls it back.
        if let Some(mut state) = self.state.take() {
            self.writer.send_committer(&mut state);
        }
    }
}

//! The connections that read. Each query sees what was committed before it began.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::rows;
use crate::error::from_sqlite;
use crate::{DbError, Row, Value, statement};

#[derive(Debug)]
pub(super) struct Readers {
    options: SqliteConnectOptions,
    count: u32,
    place: Arc<str>,
    permits: Semaphore,
    /// The one used last is used next: its cache is warm.
    idle: Mutex<Vec<SqliteConnection>>,
}

/// A borrowed connection; goes back when dropped, even in the middle of a query (the next query waits for that one).
struct Reader<'a> {
    home: &'a Readers,
    connection: Option<SqliteConnection>,
    _permit: SemaphorePermit<'a>,
}

impl Readers {
    pub(super) fn new(options: SqliteConnectOptions, count: u32, place: Arc<str>) -> Self {
        Self {
            options,
            count,
            place,
            permits: Semaphore::new(count as usize),
            idle: Mutex::new(Vec::new()),
        }
    }

    pub(super) async fn fetch_all(
        &self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, DbError> {
        statement::check(sql, params)?;
        let mut reader = self.acquire().await?;
        let connection = reader.connection.as_mut().ok_or(DbError::Closed)?;
        match rows::fetch_all(connection, sql, params).await {
            Ok(rows) => Ok(rows),
            Err(error) => {
                if matches!(error, sqlx::Error::WorkerCrashed) {
                    reader.connection = None;
                }
                Err(from_sqlite(error, &self.place))
            }
        }
    }

    /// Waits for the queries under way.
    pub(super) async fn close(&self) {
        if let Ok(all) = self.permits.acquire_many(self.count).await {
            self.permits.close();
            drop(all);
        }
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle {
            if let Err(error) = connection.close().await {
                tracing::warn!(place = &*self.place, %error, "closing a reader failed");
            }
        }
    }

    async fn acquire(&self) -> Result<Reader<'_>, DbError> {
        let permit = self.permits.acquire().await.map_err(|_| DbError::Closed)?;
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.options)
                .await
                .map_err(|error| from_sqlite(error, &self.place))?,
        };
        Ok(Reader {
            home: self,
            connection: Some(connection),
            _permit: permit,
        })
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let mut idle = self
                .home
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            idle.push(connection);
        }
    }
}

//! The one writer, and its group commit.
//!
//! An open SQLite transaction, the *group*, holds one savepoint at a time: its present *member*. Members follow one
//! another in the order of the mutex. A member that commits leaves its savepoint to be released by whoever comes next
//! and waits for an answer; the first to do so also sends the committer, which queues behind the writers already
//! waiting, commits the group and answers everybody. So one fsync serves all who came meanwhile, and a lone writer
//! waits for nobody.
//!
//! Every change of [`Group`] is either made without an await, or made in a task of its own which nobody can cancel.
//! What is met is therefore what was left:
//!
//! | left as    | by                                | the next member runs                  | the committer runs            |
//! |------------|-----------------------------------|---------------------------------------|-------------------------------|
//! | `Idle`     | the committer                     | `BEGIN IMMEDIATE; SAVEPOINT`          | nothing                       |
//! | `Member`   | a member dropped or cancelled     | `ROLLBACK TO`                         | `ROLLBACK TO`, `COMMIT`, or `ROLLBACK` if nobody waits |
//! | `Finished` | a member that committed           | `RELEASE; SAVEPOINT`                  | `COMMIT`                      |
//! | `Broken`   | an error that may have ended it   | `ROLLBACK`, then as for `Idle`        | `ROLLBACK`                    |

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::DbError;
use crate::error::from_sqlite;

#[derive(Debug)]
pub(super) struct Writer {
    /// Fair: first come, first served.
    state: Arc<Mutex<State>>,
    place: Arc<str>,
    commits: AtomicU64,
}

#[derive(Debug)]
pub(super) struct State {
    /// None once closed.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    place: Arc<str>,
    group: Group,
    /// The members to answer, all of this group.
    waiting: Vec<oneshot::Sender<Result<(), DbError>>>,
    committer_sent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Idle,
    Member,
    Finished,
    Broken,
}

impl Writer {
    pub(super) fn new(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        place: Arc<str>,
    ) -> Self {
        let state = State {
            connection: Some(connection),
            options,
            place: place.clone(),
            group: Group::Idle,
            waiting: Vec::new(),
            committer_sent: false,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            place,
            commits: AtomicU64::new(0),
        }
    }

    /// Makes the caller, who has the writer, the next member. To be run where it cannot be cancelled.
    pub(super) async fn enter(
        &self,
        mut state: OwnedMutexGuard<State>,
    ) -> Result<OwnedMutexGuard<State>, DbError> {
        state.connection()?;
        let was_open = !matches!(state.group, Group::Idle | Group::Broken);
        if let Err(error) = state.next_member().await {
            state.break_group(&error);
            state.reset().await?;
            if !was_open {
                return Err(error);
            }
            // An earlier member had ended the group unseen: begin afresh.
            if let Err(error) = state.next_member().await {
                state.break_group(&error);
                state.reset_logged().await;
                return Err(error);
            }
        }
        Ok(state)
    }

    pub(super) async fn lock(&self) -> OwnedMutexGuard<State> {
        self.state.clone().lock_owned().await
    }

    /// The connection with no transaction open, for migrations.
    pub(super) async fn exclusive(self: &Arc<Self>) -> Result<OwnedMutexGuard<State>, DbError> {
        let state = self.lock().await;
        let writer = self.clone();
        let state = tokio::spawn(async move { writer.settle(state).await })
            .await
            .map_err(|_| DbError::Closed)?;
        Ok(state)
    }

    /// Sends the committer, unless it is under way.
    pub(super) fn send_committer(self: &Arc<Self>, state: &mut State) {
        if state.committer_sent {
            return;
        }
        // Without a runtime (it is being shut down) whoever takes the writer next does the committer's work.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            state.committer_sent = true;
            let writer = self.clone();
            runtime.spawn(async move {
                let mut state = writer.lock().await;
                state.committer_sent = false;
                writer.settle(state).await;
            });
        }
    }

    pub(super) fn group_commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) async fn close(self: &Arc<Self>) {
        let Ok(mut state) = self.exclusive().await else {
            return;
        };
        if let Some(connection) = state.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(place = &*self.place, %error, "closing the writer failed");
        }
    }

    /// Ends the group: commits what its finished members did and answers them.
    async fn settle(&self, mut state: OwnedMutexGuard<State>) -> OwnedMutexGuard<State> {
        if state.connection.is_none() {
            return state;
        }
        if state.group == Group::Member {
            if state.waiting.is_empty() {
                state.group = Group::Broken;
            } else if let Err(error) = state.control("ROLLBACK TO member").await {
                state.break_group(&error);
            }
        }
        if matches!(state.group, Group::Idle | Group::Broken) {
            state.reset_logged().await;
            return state;
        }
        self.commits.fetch_add(1, Ordering::Relaxed);
        match state.control("COMMIT").await {
            Ok(()) => {
                state.group = Group::Idle;
                state.answer(&Ok(()));
            }
            Err(error) => {
                state.group = Group::Broken;
                let verdict = commit_verdict(error, state.waiting.len());
                state.answer(&Err(verdict));
                state.reset_logged().await;
            }
        }
        state
    }
}

impl State {
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, DbError> {
        self.connection.as_mut().ok_or(DbError::Closed)
    }

    /// The present member commits: it is answered with its group.
    pub(super) fn finish_member(&mut self) -> oneshot::Receiver<Result<(), DbError>> {
        let (answer, answered) = oneshot::channel();
        self.group = Group::Finished;
        self.waiting.push(answer);
        answered
    }

    /// The group cannot be committed any more: none of its members is stored, and each is told so at once.
    pub(super) fn break_group(&mut self, error: &DbError) {
        self.group = Group::Broken;
        self.answer(&Err(DbError::Serialization {
            detail: format!("its commit group was rolled back: {error}"),
        }));
    }

    async fn next_member(&mut self) -> Result<(), DbError> {
        if self.group == Group::Broken {
            self.reset().await?;
        }
        let sql = match self.group {
            Group::Idle | Group::Broken => "BEGIN IMMEDIATE; SAVEPOINT member",
            Group::Member => "ROLLBACK TO member",
            Group::Finished => "RELEASE member; SAVEPOINT member",
        };
        self.control(sql).await?;
        self.group = Group::Member;
        Ok(())
    }

    /// Rolls back what is left of a broken group, and replaces a connection that is lost.
    async fn reset(&mut self) -> Result<(), DbError> {
        if self.group == Group::Idle {
            return Ok(());
        }
        let place = self.place.clone();
        let rolled_back = sqlx::query("ROLLBACK").execute(self.connection()?).await;
        match rolled_back {
            // SQLite answers an error if it had rolled back by itself already.
            Ok(_) | Err(sqlx::Error::Database(_)) => {}
            Err(_) => {
                let connection = SqliteConnection::connect_with(&self.options)
                    .await
                    .map_err(|error| from_sqlite(error, &place))?;
                self.connection = Some(connection);
            }
        }
        self.group = Group::Idle;
        Ok(())
    }

    async fn reset_logged(&mut self) {
        if let Err(error) = self.reset().await {
            tracing::error!(place = &*self.place, %error, "the writer could not be reset; trying again at the next write");
        }
    }

    async fn control(&mut self, sql: &'static str) -> Result<(), DbError> {
        let place = self.place.clone();
        sqlx::query(sql)
            .execute(self.connection()?)
            .await
            .map_err(|error| from_sqlite(error, &place))?;
        Ok(())
    }

    fn answer(&mut self, verdict: &Result<(), DbError>) {
        for member in self.waiting.drain(..) {
            // A member that no longer waits dropped its commit: it does not want to know.
            let _ = member.send(verdict.clone());
        }
    }
}

/// A rule found broken only at the commit is one member's fault, but nobody can tell whose: alone, a member learns it;
/// together, each runs again.
fn commit_verdict(error: DbError, members: usize) -> DbError {
    let is_rule = matches!(
        error,
        DbError::ForeignKey { .. } | DbError::Unique { .. } | DbError::Check { .. }
    );
    if is_rule && members > 1 {
        return DbError::Serialization {
            detail: format!("a member of its commit group broke a rule: {error}"),
        };
    }
    error
}

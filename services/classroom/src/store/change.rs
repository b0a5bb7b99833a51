//! One change of one lesson, with what it tells.

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::LessonId;
use preau_storage_database::events::Topic;
use preau_storage_database::{DbError, Row, Scope, Tx, Value, params};

use super::rows::{LESSON_COLUMNS, lesson, lesson_columns};
use super::{Store, topic};
use crate::convert;
use crate::domain::{Focus, Happening, Lesson, Refusal};
use crate::error::Error;

/// A transaction that has the lesson's row: nobody else changes the lesson until it ends.
pub(super) struct Change {
    tx: Tx,
    topic: Topic,
    lesson: Lesson,
    revision: i64,
    now: Timestamp,
}

impl Change {
    /// Takes the lesson, whatever its state; `None` when it is gone.
    pub(super) async fn begin(
        store: &Store,
        scope: Scope<'_>,
        id: LessonId,
        now: Timestamp,
    ) -> Result<Option<Self>, Error> {
        let mut tx = store.db.begin(scope).await?;
        let row = tx
            .fetch_optional(
                concat!(
                    "UPDATE lessons SET revision = revision + 1 WHERE lesson_id = $1 RETURNING ",
                    lesson_columns!(),
                    ", revision"
                ),
                params![id.to_string()],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let lesson = lesson(&row)?;
        Ok(Some(Self {
            topic: topic(&lesson)?,
            revision: row.int(LESSON_COLUMNS)?,
            tx,
            lesson,
            now,
        }))
    }

    /// Takes a lesson that goes on.
    ///
    /// # Errors
    /// [`Refusal::LessonOver`].
    pub(super) async fn of_open(
        store: &Store,
        lesson: &Lesson,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let school = lesson.school.to_string();
        Self::begin(store, Scope::Tenant(&school), lesson.id, now)
            .await?
            .filter(|change| !change.lesson.is_over(now))
            .ok_or_else(|| Refusal::LessonOver.into())
    }

    /// The lesson as it is in this transaction.
    pub(super) fn lesson(&self) -> &Lesson {
        &self.lesson
    }

    /// Higher than in every earlier change of the lesson.
    pub(super) fn revision(&self) -> i64 {
        self.revision
    }

    pub(super) async fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<u64, DbError> {
        self.tx.execute(sql, values).await
    }

    pub(super) async fn fetch_all(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, DbError> {
        self.tx.fetch_all(sql, values).await
    }

    /// Tells everybody who watches, when this commits.
    pub(super) async fn publish(&mut self, happening: &Happening) -> Result<(), DbError> {
        let payload = convert::payload(happening);
        self.tx.publish(&self.topic, self.now.0, &payload).await?;
        Ok(())
    }

    /// Writes the focus down, or that there is none, and tells.
    pub(super) async fn set_focus(&mut self, focus: Option<&Focus>) -> Result<(), DbError> {
        self.execute(
            "UPDATE lessons SET focus_teacher = $2, focus_message = $3, focus_until = $4 WHERE lesson_id = $1",
            params![
                self.lesson.id.to_string(),
                focus.map(|focus| focus.teacher.to_string()),
                focus.map(|focus| focus.message.as_str()),
                focus.map(|focus| focus.ends.0),
            ],
        )
        .await?;
        self.publish(&Happening::Focus(focus.cloned())).await
    }

    /// Ends the lesson, its focus before it.
    pub(super) async fn end(&mut self) -> Result<(), DbError> {
        if self.lesson.focus.is_some() {
            self.set_focus(None).await?;
        }
        let id = self.lesson.id.to_string();
        self.execute(
            "UPDATE lessons SET ended_at = $2 WHERE lesson_id = $1",
            params![&id, self.now.0],
        )
        .await?;
        // Nobody is in it any more; who closes a Watch of it later finds nothing to close.
        self.execute("DELETE FROM attendances WHERE lesson_id = $1", params![&id])
            .await?;
        self.publish(&Happening::Ended).await
    }

    pub(super) async fn commit(self) -> Result<(), DbError> {
        self.tx.commit().await
    }
}

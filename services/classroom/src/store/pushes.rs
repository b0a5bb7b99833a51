//! What teachers push, and what pupils answer.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::failure::Failure;
use preau_kernel::ids::PushId;
use preau_storage_database::params;

use super::change::Change;
use super::rows::{given_number, push, what_values};
use super::{Store, retrying};
use crate::domain::{Happening, Lesson, MAX_PUSHES, Push, Receipt, Refusal};
use crate::error::Error;

impl Store {
    /// Pushes something; sent again, answers what was pushed.
    ///
    /// # Errors
    /// [`Refusal`]s of a lesson that is over, of an id used for something else, and of too many.
    pub(crate) async fn push(
        &self,
        lesson: &Authorized<Lesson>,
        wanted: &Push,
    ) -> Result<Push, Error> {
        retrying(|| self.insert_push(lesson.get(), wanted)).await
    }

    async fn insert_push(&self, lesson: &Lesson, wanted: &Push) -> Result<Push, Error> {
        let mut change = Change::of_open(self, lesson, wanted.at).await?;
        let (id, push_id) = (lesson.id.to_string(), wanted.id.to_string());
        let earlier = change
            .fetch_all(
                "SELECT push_id, link, node_id, title, pushed_at FROM pushes
                 WHERE lesson_id = $1 AND push_id = $2",
                params![&id, &push_id],
            )
            .await?;
        if let Some(row) = earlier.first() {
            let earlier = push(row)?;
            let is_same = earlier.is_again(wanted);
            return is_same
                .then_some(earlier)
                .ok_or_else(|| Refusal::PushIdTaken.into());
        }
        let count = change
            .fetch_all(
                "SELECT COUNT(*) FROM pushes WHERE lesson_id = $1",
                params![&id],
            )
            .await?;
        let count = count.first().map(|row| row.int(0)).transpose()?;
        if count >= Some(i64::from(MAX_PUSHES)) {
            return Err(Refusal::TooManyPushes.into());
        }
        let (link, node) = what_values(&wanted.what);
        change
            .execute(
                "INSERT INTO pushes (lesson_id, push_id, school_id, link, node_id, title, pushed_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                params![
                    id,
                    push_id,
                    lesson.school.to_string(),
                    link,
                    node,
                    wanted.title.as_str(),
                    wanted.at.0,
                ],
            )
            .await?;
        change.publish(&Happening::Pushed(wanted.clone())).await?;
        change.commit().await?;
        Ok(wanted.clone())
    }

    /// Writes down what a pupil did with a push, unless as much is known already.
    ///
    /// # Errors
    /// NOT_FOUND of the push; [`Refusal::LessonOver`].
    pub(crate) async fn acknowledge(
        &self,
        lesson: &Authorized<Lesson>,
        push: PushId,
        receipt: Receipt,
        now: Timestamp,
    ) -> Result<(), Error> {
        retrying(|| self.give_receipt(lesson.get(), push, receipt, now)).await
    }

    async fn give_receipt(
        &self,
        lesson: &Lesson,
        push: PushId,
        receipt: Receipt,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut change = Change::of_open(self, lesson, now).await?;
        let (id, push_id) = (lesson.id.to_string(), push.to_string());
        let known = change
            .fetch_all(
                "SELECT 1 FROM pushes WHERE lesson_id = $1 AND push_id = $2",
                params![&id, &push_id],
            )
            .await?;
        if known.is_empty() {
            return Err(Failure::not_found("push").into());
        }
        let changed = change
            .execute(
                "INSERT INTO receipts (lesson_id, push_id, person_id, school_id, state, given_at)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (lesson_id, push_id, person_id)
                 DO UPDATE SET state = excluded.state, given_at = excluded.given_at
                 WHERE receipts.state < excluded.state",
                params![
                    id,
                    push_id,
                    receipt.person.to_string(),
                    lesson.school.to_string(),
                    given_number(receipt.given),
                    receipt.at.0,
                ],
            )
            .await?;
        if changed == 0 {
            return Ok(());
        }
        change.publish(&Happening::Receipt(push, receipt)).await?;
        Ok(change.commit().await?)
    }
}

//! A lesson as it stands, and its log.

use std::collections::HashMap;

use preau_kernel::access::Authorized;
use preau_kernel::ids::{PersonId, PushId};
use preau_storage_database::events::{Cursor, Watch};
use preau_storage_database::{Scope, params};

use super::rows::{parse, presence, push, receipt};
use super::{Store, topic};
use crate::domain::{Lesson, Presence, Push, Receipt};
use crate::error::Error;

/// What is stored of people in a lesson: presence, and the revision at which the hand was raised.
pub(crate) type Known = HashMap<PersonId, (Presence, Option<i64>)>;

impl Store {
    /// The place after the last event. Read before the state that goes with it.
    pub(crate) async fn last_cursor(&self, lesson: &Authorized<Lesson>) -> Result<Cursor, Error> {
        Ok(self.db.last_cursor(&topic(lesson.get())?).await?)
    }

    /// Follows the lesson's log.
    pub(crate) fn watch(
        &self,
        lesson: &Authorized<Lesson>,
        cursor: Cursor,
    ) -> Result<Watch, Error> {
        Ok(self.db.watch(&topic(lesson.get())?, cursor))
    }

    /// Who came or raised a hand.
    pub(crate) async fn participants(&self, lesson: &Authorized<Lesson>) -> Result<Known, Error> {
        let school = lesson.get().school.to_string();
        let rows = self
            .db
            .fetch_all(
                Scope::Tenant(&school),
                "SELECT person_id, presence, hand FROM participants WHERE lesson_id = $1 AND school_id = $2",
                params![lesson.get().id.to_string(), school.as_str()],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let person = parse(row.str(0)?, "a participant")?;
                Ok((person, (presence(row.int(1)?)?, row.opt_int(2)?)))
            })
            .collect()
    }

    /// What was pushed, in order, with everybody's receipts in the order of their persons.
    pub(crate) async fn pushes(
        &self,
        lesson: &Authorized<Lesson>,
    ) -> Result<Vec<(Push, Vec<Receipt>)>, Error> {
        let school = lesson.get().school.to_string();
        let values = params![lesson.get().id.to_string(), school.as_str()];
        let scope = Scope::Tenant(&school);
        let rows = self
            .db
            .fetch_all(
                scope,
                "SELECT push_id, link, node_id, title, pushed_at FROM pushes
                 WHERE lesson_id = $1 AND school_id = $2 ORDER BY pushed_at, push_id",
                values,
            )
            .await?;
        let pushes = rows.iter().map(push).collect::<Result<Vec<_>, _>>()?;
        let rows = self
            .db
            .fetch_all(
                scope,
                "SELECT push_id, person_id, state, given_at FROM receipts
                 WHERE lesson_id = $1 AND school_id = $2 ORDER BY push_id, person_id",
                values,
            )
            .await?;
        let mut receipts: HashMap<PushId, Vec<Receipt>> = HashMap::new();
        for row in &rows {
            let push = parse(row.str(0)?, "a receipt")?;
            receipts.entry(push).or_default().push(receipt(row, 1)?);
        }
        Ok(pushes
            .into_iter()
            .map(|push| {
                let receipts = receipts.remove(&push.id).unwrap_or_default();
                (push, receipts)
            })
            .collect())
    }
}

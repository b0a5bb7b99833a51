//! Lessons: begun, found, ended; their focus.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{LessonId, PersonId, SchoolId};
use preau_storage_database::{Scope, params};

use super::change::Change;
use super::rows::{lesson, lesson_columns};
use super::{Store, retrying};
use crate::domain::{Focus, Hold, Lesson, Line, MyClass, Release};
use crate::error::Error;

/// Lessons of one school at one moment at most: more classes than a school has.
const MAX_OPEN: u32 = 1_000;

impl Store {
    /// A lesson: what an authorization is decided from, so it asks for none.
    pub(crate) async fn lesson(&self, id: LessonId) -> Result<Option<Lesson>, Error> {
        let row = self
            .db
            .fetch_optional(
                Scope::Platform,
                concat!(
                    "SELECT ",
                    lesson_columns!(),
                    " FROM lessons WHERE lesson_id = $1"
                ),
                params![id.to_string()],
            )
            .await?;
        row.as_ref().map(lesson).transpose()
    }

    /// Begins a lesson of a class, or answers the one that the teacher is giving it.
    ///
    /// # Errors
    /// [`Refusal::LessonRunning`](crate::domain::Refusal::LessonRunning).
    pub(crate) async fn start(
        &self,
        class: &Authorized<MyClass>,
        teacher: PersonId,
        now: Timestamp,
    ) -> Result<Lesson, Error> {
        let wanted = Lesson::begin(class.get().clone(), teacher, now);
        loop {
            if retrying(|| self.insert(&wanted)).await? {
                return Ok(wanted);
            }
            // Between our look and our try it may have ended: then the class is free.
            let Some(running) = self.running(&wanted).await? else {
                continue;
            };
            if !running.is_over(now) {
                running.resumed_by(teacher)?;
                return Ok(running);
            }
            retrying(|| self.end_now(&running, now)).await?;
        }
    }

    /// Whether it was the class's only one.
    async fn insert(&self, lesson: &Lesson) -> Result<bool, Error> {
        let school = lesson.school.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        let inserted = tx
            .execute(
                "INSERT INTO lessons
                     (lesson_id, class_id, class_name, school_id, authority_id, teacher_id, started_at, ends_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT DO NOTHING",
                params![
                    lesson.id.to_string(),
                    lesson.class.to_string(),
                    lesson.class_name.as_str(),
                    school.as_str(),
                    lesson.authority.to_string(),
                    lesson.teacher.to_string(),
                    lesson.started.0,
                    lesson.ends.0,
                ],
            )
            .await?;
        tx.commit().await?;
        Ok(inserted == 1)
    }

    async fn running(&self, wanted: &Lesson) -> Result<Option<Lesson>, Error> {
        let school = wanted.school.to_string();
        let row = self
            .db
            .fetch_optional(
                Scope::Tenant(&school),
                concat!(
                    "SELECT ",
                    lesson_columns!(),
                    " FROM lessons WHERE class_id = $1 AND school_id = $2 AND ended_at IS NULL"
                ),
                params![wanted.class.to_string(), school.as_str()],
            )
            .await?;
        row.as_ref().map(lesson).transpose()
    }

    /// The lessons of a school that are not over, oldest first.
    pub(crate) async fn open_lessons(
        &self,
        school: SchoolId,
        now: Timestamp,
    ) -> Result<Vec<Lesson>, Error> {
        let school = school.to_string();
        let rows = self
            .db
            .fetch_all(
                Scope::Tenant(&school),
                concat!(
                    "SELECT ",
                    lesson_columns!(),
                    " FROM lessons WHERE school_id = $1 AND ended_at IS NULL AND ends_at > $2
                      ORDER BY lesson_id LIMIT $3"
                ),
                params![school.as_str(), now.0, MAX_OPEN],
            )
            .await?;
        rows.iter().map(lesson).collect()
    }

    /// Ends a lesson; nothing when it has ended.
    pub(crate) async fn end(
        &self,
        lesson: &Authorized<Lesson>,
        now: Timestamp,
    ) -> Result<(), Error> {
        retrying(|| self.end_now(lesson.get(), now)).await
    }

    pub(super) async fn end_now(&self, lesson: &Lesson, now: Timestamp) -> Result<(), Error> {
        let school = lesson.school.to_string();
        let scope = Scope::Tenant(&school);
        let change = Change::begin(self, scope, lesson.id, now).await?;
        let Some(mut change) = change.filter(|change| change.lesson().ended.is_none()) else {
            return Ok(());
        };
        change.end().await?;
        Ok(change.commit().await?)
    }

    /// Takes or renews the focus.
    ///
    /// # Errors
    /// [`Refusal`](crate::domain::Refusal)s of a lesson that is over and of a focus that another teacher holds.
    pub(crate) async fn hold_focus(
        &self,
        lesson: &Authorized<Lesson>,
        teacher: PersonId,
        message: &Line,
        now: Timestamp,
    ) -> Result<Focus, Error> {
        retrying(|| self.hold(lesson.get(), teacher, message, now)).await
    }

    async fn hold(
        &self,
        lesson: &Lesson,
        teacher: PersonId,
        message: &Line,
        now: Timestamp,
    ) -> Result<Focus, Error> {
        let mut change = Change::of_open(self, lesson, now).await?;
        let current = change.lesson().focus.as_ref();
        let focus = match Focus::hold(current, teacher, message.clone(), now)? {
            Hold::AsItIs(focus) => return Ok(focus),
            Hold::Renewed(focus) => focus,
            Hold::Taken {
                after_expired,
                focus,
            } => {
                if after_expired {
                    change.set_focus(None).await?;
                }
                focus
            }
        };
        change.set_focus(Some(&focus)).await?;
        change.commit().await?;
        Ok(focus)
    }

    /// Ends the teacher's focus; nothing when nobody has it.
    ///
    /// # Errors
    /// As [`Store::hold_focus`].
    pub(crate) async fn release_focus(
        &self,
        lesson: &Authorized<Lesson>,
        teacher: PersonId,
        now: Timestamp,
    ) -> Result<(), Error> {
        retrying(|| self.release(lesson.get(), teacher, now)).await
    }

    async fn release(
        &self,
        lesson: &Lesson,
        teacher: PersonId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut change = Change::of_open(self, lesson, now).await?;
        match Focus::release(change.lesson().focus.as_ref(), teacher, now)? {
            Release::Nothing => Ok(()),
            Release::Ends => {
                change.set_focus(None).await?;
                Ok(change.commit().await?)
            }
        }
    }
}

use preau_kernel::access::{Authorized, Part};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{ClassId, PersonId};
use preau_storage_database::{DbError, Scope, params};

use super::rows::{self, CLASS_COLUMNS};
use super::{Store, retrying};
use crate::domain::{Class, MyClass, Refusal, School, Standing};
use crate::error::Error;

impl Store {
    /// A class and how `person` stands to it: what an authorization is decided from, so it asks for none.
    pub(crate) async fn standing(
        &self,
        class: ClassId,
        person: PersonId,
    ) -> Result<Option<Standing>, Error> {
        let row = self
            .db
            .fetch_optional(
                Scope::Platform,
                "SELECT c.class_id, c.school_id, c.authority_id, c.name, c.main_teacher_id, e.part
                 FROM classes c
                 LEFT JOIN enrolments e ON e.class_id = c.class_id AND e.person_id = $2
                 WHERE c.class_id = $1",
                params![class.to_string(), person.to_string()],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Standing {
            class: rows::class(&row)?,
            part: row.opt_int(CLASS_COLUMNS)?.map(rows::part).transpose()?,
        }))
    }

    /// The class and its main teacher's enrolment, both or neither. The class is of the authorized school.
    ///
    /// # Errors
    /// [`Error::NameTaken`]; [`Refusal::TooManyClasses`] of the main teacher.
    pub(crate) async fn create_class(
        &self,
        school: &Authorized<School>,
        class: &Class,
        now: Timestamp,
    ) -> Result<(), Error> {
        debug_assert_eq!(
            school.get(),
            &class.school,
            "the proof is of another school"
        );
        if self.is_full(class, class.main_teacher).await? {
            return Err(Refusal::TooManyClasses.into());
        }
        let created = retrying(|| self.insert_class(class, now)).await?;
        created.then_some(()).ok_or(Error::NameTaken)
    }

    async fn insert_class(&self, class: &Class, now: Timestamp) -> Result<bool, DbError> {
        let school = class.school.id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        let inserted = tx
            .execute(
                "INSERT INTO classes
                     (class_id, school_id, authority_id, name, name_fold, main_teacher_id, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (school_id, name_fold) DO NOTHING",
                params![
                    class.id.to_string(),
                    school.as_str(),
                    class.school.authority.to_string(),
                    class.name.as_str(),
                    class.name.folded(),
                    class.main_teacher.to_string(),
                    now.0,
                ],
            )
            .await?;
        if inserted == 0 {
            return Ok(false);
        }
        tx.execute(
            "INSERT INTO enrolments (class_id, person_id, school_id, part, enrolled_at)
             VALUES ($1, $2, $3, $4, $5)",
            params![
                class.id.to_string(),
                class.main_teacher.to_string(),
                school.as_str(),
                rows::part_number(Part::Teacher),
                now.0,
            ],
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The classes of one person at all schools, by name; [`Standing::MAX_CLASSES`] at most.
    pub(crate) async fn classes_of(
        &self,
        person: &Authorized<PersonId>,
    ) -> Result<Vec<MyClass>, Error> {
        let rows = self
            .db
            .fetch_all(
                Scope::Platform,
                "SELECT c.class_id, c.school_id, c.authority_id, c.name, c.main_teacher_id, e.part
                 FROM enrolments e
                 JOIN classes c ON c.class_id = e.class_id
                 WHERE e.person_id = $1
                 ORDER BY c.name_fold, c.class_id
                 LIMIT $2",
                params![person.get().to_string(), Standing::MAX_CLASSES],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(MyClass {
                    class: rows::class(row)?,
                    part: rows::part(row.int(CLASS_COLUMNS)?)?,
                })
            })
            .collect()
    }

    /// Up to `limit` classes of a school whose folded names come after `after`, in that order.
    pub(crate) async fn classes_after(
        &self,
        school: &Authorized<School>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Class>, Error> {
        let school = school.get().id.to_string();
        let rows = self
            .db
            .fetch_all(
                Scope::Tenant(&school),
                "SELECT class_id, school_id, authority_id, name, main_teacher_id
                 FROM classes
                 WHERE school_id = $1 AND name_fold > $2
                 ORDER BY name_fold
                 LIMIT $3",
                params![school.as_str(), after, limit],
            )
            .await?;
        rows.iter().map(rows::class).collect()
    }
}

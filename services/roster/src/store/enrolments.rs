use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::PersonId;
use preau_storage_database::{DbError, Scope, params};

use super::rows;
use super::{Store, retrying};
use crate::domain::{Class, Member, Refusal, Standing};
use crate::error::Error;

impl Store {
    /// Enrols a person, or changes the part of one who is enrolled.
    ///
    /// # Errors
    /// [`Refusal::TooManyClasses`].
    pub(crate) async fn enrol(
        &self,
        class: &Authorized<Class>,
        member: Member,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.is_full(class.get(), member.person).await? {
            return Err(Refusal::TooManyClasses.into());
        }
        retrying(|| self.upsert_enrolment(class.get(), member, now)).await?;
        Ok(())
    }

    /// Whether the person is in as many other classes, of whatever school, as one person can be. Two enrolments at
    /// the same moment may exceed it by one: the bound keeps lists whole and costs no lock.
    pub(super) async fn is_full(&self, class: &Class, person: PersonId) -> Result<bool, DbError> {
        let row = self
            .db
            .fetch_one(
                Scope::Platform,
                "SELECT COUNT(*) FROM enrolments WHERE person_id = $1 AND class_id <> $2",
                params![person.to_string(), class.id.to_string()],
            )
            .await?;
        Ok(row.int(0)? >= i64::from(Standing::MAX_CLASSES))
    }

    async fn upsert_enrolment(
        &self,
        class: &Class,
        member: Member,
        now: Timestamp,
    ) -> Result<(), DbError> {
        let school = class.school.id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        tx.execute(
            "INSERT INTO enrolments (class_id, person_id, school_id, part, enrolled_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (class_id, person_id) DO UPDATE SET part = excluded.part",
            params![
                class.id.to_string(),
                member.person.to_string(),
                school.as_str(),
                rows::part_number(member.part),
                now.0,
            ],
        )
        .await?;
        tx.commit().await
    }

    /// Takes a person out of the class; nothing when the person is not in it.
    pub(crate) async fn unenrol(
        &self,
        class: &Authorized<Class>,
        person: PersonId,
    ) -> Result<(), Error> {
        retrying(|| self.delete_enrolment(class.get(), person)).await?;
        Ok(())
    }

    async fn delete_enrolment(&self, class: &Class, person: PersonId) -> Result<(), DbError> {
        let school = class.school.id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        // The main teacher's row is out of reach even for a caller who forgot the rule.
        tx.execute(
            "DELETE FROM enrolments
             WHERE class_id = $1 AND person_id = $2 AND school_id = $3
               AND person_id <> (SELECT main_teacher_id FROM classes WHERE class_id = $1)",
            params![class.id.to_string(), person.to_string(), school.as_str()],
        )
        .await?;
        tx.commit().await
    }

    /// Up to `limit` members whose ids come after `after`, in the order of their ids.
    pub(crate) async fn members_after(
        &self,
        class: &Authorized<Class>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Member>, Error> {
        let school = class.get().school.id.to_string();
        let rows = self
            .db
            .fetch_all(
                Scope::Tenant(&school),
                "SELECT person_id, part
                 FROM enrolments
                 WHERE class_id = $1 AND school_id = $2 AND person_id > $3
                 ORDER BY person_id
                 LIMIT $4",
                params![class.get().id.to_string(), school.as_str(), after, limit],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Member {
                    person: rows::parse(row.str(0)?, "an enrolment")?,
                    part: rows::part(row.int(1)?)?,
                })
            })
            .collect()
    }
}

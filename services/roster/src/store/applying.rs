//! Application: the decision, and what it writes, all of it in one transaction.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::PersonId;
use preau_storage_database::{DbError, Scope, Tx, params};

use super::planning::{another_applies, known_classes, lock_school, write_problems};
use super::rows::{self, import_columns};
use super::{Store, retrying};
use crate::domain::oneroster::Problem;
use crate::domain::{
    Import, ImportRefusal, Match, PlannedClass, PlannedPerson, final_names, match_classes,
};
use crate::error::Error;

/// Imported enrolments of the school ($1) that the import ($2) no longer has. A class that it no longer names keeps its
/// teachers: somebody must be able to reach what lies there.
macro_rules! removed {
    () => {
        "school_id = $1 AND source = 'import'
         AND NOT EXISTS (SELECT 1
                         FROM import_classes c
                         JOIN import_enrolments p
                           ON p.import_id = c.import_id AND p.class_sourced_id = c.sourced_id
                         WHERE c.import_id = $2 AND c.class_id = enrolments.class_id
                           AND p.person_id = enrolments.person_id)
         AND (part = 1 OR EXISTS (SELECT 1 FROM import_classes c
                                  WHERE c.import_id = $2 AND c.class_id = enrolments.class_id))"
    };
}
pub(super) use removed;

impl Store {
    /// Decides that a READY import is applied: durable, and nothing takes it back but the directory's refusal.
    ///
    /// # Errors
    /// [`ImportRefusal::NotReady`], [`ImportRefusal::Outdated`], [`ImportRefusal::AnotherApplying`].
    pub(crate) async fn decide(&self, import: &Authorized<Import>) -> Result<(), Error> {
        let import = import.get();
        let school = import.school.id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        let generation = lock_school(&mut tx, &school, 0).await?;
        if another_applies(&mut tx, import).await? {
            return Err(ImportRefusal::AnotherApplying.into());
        }
        let id = import.id.to_string();
        let row = tx
            .fetch_optional(
                "UPDATE imports SET state = 4 WHERE import_id = $1 AND school_id = $2 AND state = 3
                 RETURNING generation",
                params![id.as_str(), school.as_str()],
            )
            .await?;
        match row {
            None => Err(ImportRefusal::NotReady.into()),
            Some(row) if row.int(0)? != generation => Err(ImportRefusal::Outdated.into()),
            Some(_) => Ok(tx.commit().await?),
        }
    }

    /// Every import that was decided and is not written down.
    pub(crate) async fn decided(&self) -> Result<Vec<Import>, Error> {
        let rows = self
            .db
            .fetch_all(
                Scope::Platform,
                concat!(
                    "SELECT ",
                    import_columns!(),
                    " FROM imports WHERE state = 4 ORDER BY import_id"
                ),
                params![],
            )
            .await?;
        rows.iter().map(rows::import).collect()
    }

    /// Writes down a decided import whose people the directory has taken over; nothing when that was done before.
    /// Fails for no reason but the database's: what was valid then is made to fit what is there now.
    pub(crate) async fn finish(&self, import: &Import, now: Timestamp) -> Result<(), Error> {
        let school = import.school.id.to_string();
        let id = import.id.to_string();
        let mut tx = self.db.begin_bulk(Scope::Tenant(&school)).await?;
        lock_school(&mut tx, &school, 1).await?;
        let decided = tx
            .execute(
                "UPDATE imports SET state = 5, applied_at = $3
                 WHERE import_id = $1 AND school_id = $2 AND state = 4",
                params![id.as_str(), school.as_str(), now.0],
            )
            .await?;
        if decided == 0 {
            return Ok(());
        }
        write_classes(&mut tx, import, now).await?;
        write_enrolments(&mut tx, &school, &id, now).await?;
        write_sources(&mut tx, &school, &id).await?;
        forget(&mut tx, &school, &id).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The person of a decided import whom the directory was asked for by this id, or `None`.
    pub(crate) async fn planned_person(
        &self,
        import: &Import,
        asked: PersonId,
    ) -> Result<Option<PlannedPerson>, Error> {
        let school = import.school.id.to_string();
        let row = self
            .db
            .fetch_optional(
                Scope::Tenant(&school),
                "SELECT sourced_id, person_id, enabled, line, login FROM import_people
                 WHERE import_id = $1 AND school_id = $2 AND asked_id = $3",
                params![import.id.to_string(), school.as_str(), asked.to_string()],
            )
            .await?;
        row.as_ref().map(rows::planned_person).transpose()
    }

    /// Takes a decision back, with the reasons: the directory has refused the people, so nothing was changed.
    pub(crate) async fn take_back(
        &self,
        import: &Import,
        problems: &[Problem],
        count: u32,
    ) -> Result<(), Error> {
        Ok(retrying(|| self.set_refused(import, problems, count)).await?)
    }

    async fn set_refused(
        &self,
        import: &Import,
        problems: &[Problem],
        count: u32,
    ) -> Result<(), DbError> {
        let school = import.school.id.to_string();
        let id = import.id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        let decided = tx
            .execute(
                "UPDATE imports SET state = 2, problem_count = $3
                 WHERE import_id = $1 AND school_id = $2 AND state = 4",
                params![id.as_str(), school.as_str(), count],
            )
            .await?;
        if decided == 0 {
            return Ok(());
        }
        tx.execute(
            "DELETE FROM import_problems WHERE import_id = $1 AND school_id = $2",
            params![id.as_str(), school.as_str()],
        )
        .await?;
        write_problems(&mut tx, import, problems).await?;
        tx.commit().await
    }
}

/// The classes as the import has them; people may have made or taken names since it was validated, so they are matched
/// again.
async fn write_classes(tx: &mut Tx, import: &Import, now: Timestamp) -> Result<(), Error> {
    let planned = planned_classes(tx, import).await?;
    let known = known_classes(tx, import.school.id).await?;
    let matches = match_classes(&known, &planned);
    let names = final_names(&known, &planned, &matches);
    let own_id = |class: &PlannedClass, found: &Match| match found {
        Match::Known(place) => known.get(*place).map_or(class.id, |known| known.id),
        Match::New => class.id,
    };
    // Names are unique: every class lets go of its own before any takes another.
    for (class, found) in planned.iter().zip(&matches.of) {
        tx.execute(
            "UPDATE classes SET name_fold = class_id WHERE class_id = $1 AND school_id = $2",
            params![
                own_id(class, found).to_string(),
                import.school.id.to_string()
            ],
        )
        .await?;
    }
    for ((class, found), name) in planned.iter().zip(&matches.of).zip(names) {
        let class = PlannedClass {
            id: own_id(class, found),
            name,
            ..class.clone()
        };
        write_class(tx, import, &class, now).await?;
    }
    Ok(())
}

async fn planned_classes(tx: &mut Tx, import: &Import) -> Result<Vec<PlannedClass>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT sourced_id, class_id, name, main_teacher_id FROM import_classes
             WHERE import_id = $1 AND school_id = $2 ORDER BY sourced_id",
            params![import.id.to_string(), import.school.id.to_string()],
        )
        .await?;
    rows.iter().map(rows::planned_class).collect()
}

/// One class under its own id, which the plan's enrolments find it by.
async fn write_class(
    tx: &mut Tx,
    import: &Import,
    class: &PlannedClass,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO classes
             (class_id, school_id, authority_id, name, name_fold, main_teacher_id, created_at, sourced_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (class_id) DO UPDATE SET name = excluded.name, name_fold = excluded.name_fold,
             main_teacher_id = excluded.main_teacher_id, sourced_id = excluded.sourced_id",
        params![
            class.id.to_string(),
            import.school.id.to_string(),
            import.school.authority.to_string(),
            class.name.as_str(),
            class.name.folded(),
            class.main_teacher.to_string(),
            now.0,
            &*class.sourced_id,
        ],
    )
    .await?;
    tx.execute(
        "UPDATE import_classes SET class_id = $3 WHERE import_id = $1 AND sourced_id = $2",
        params![
            import.id.to_string(),
            &*class.sourced_id,
            class.id.to_string()
        ],
    )
    .await?;
    Ok(())
}

/// What people enrolled by hand stays as it is, but for the main teacher, who teaches.
async fn write_enrolments(
    tx: &mut Tx,
    school: &str,
    id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        concat!("DELETE FROM enrolments WHERE ", removed!()),
        params![school, id],
    )
    .await?;
    tx.execute(
        "INSERT INTO enrolments (class_id, person_id, school_id, part, enrolled_at, source)
         SELECT c.class_id, p.person_id, p.school_id, p.part, $3, 'import'
         FROM import_enrolments p
         JOIN import_classes c ON c.import_id = p.import_id AND c.sourced_id = p.class_sourced_id
         WHERE p.import_id = $2 AND p.school_id = $1
         ON CONFLICT (class_id, person_id) DO UPDATE SET part = excluded.part
             WHERE enrolments.source = 'import' AND enrolments.part <> excluded.part",
        params![school, id, now.0],
    )
    .await?;
    tx.execute(
        "UPDATE enrolments SET part = 2
         WHERE school_id = $1 AND part = 1
           AND EXISTS (SELECT 1 FROM classes c
                       WHERE c.class_id = enrolments.class_id AND c.main_teacher_id = enrolments.person_id)",
        params![school],
    )
    .await?;
    Ok(())
}

async fn write_sources(tx: &mut Tx, school: &str, id: &str) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO people_sources (school_id, sourced_id, person_id, enabled)
         SELECT school_id, sourced_id, person_id, enabled
         FROM import_people WHERE import_id = $2 AND school_id = $1
         ON CONFLICT (school_id, sourced_id)
         DO UPDATE SET person_id = excluded.person_id, enabled = excluded.enabled",
        params![school, id],
    )
    .await?;
    tx.execute(
        "UPDATE people_sources SET enabled = 0
         WHERE school_id = $1 AND enabled = 1
           AND person_id NOT IN (SELECT person_id FROM import_people WHERE import_id = $2)",
        params![school, id],
    )
    .await?;
    Ok(())
}

async fn forget(tx: &mut Tx, school: &str, id: &str) -> Result<(), DbError> {
    for sql in [
        "DELETE FROM import_problems WHERE school_id = $1 AND import_id = $2",
        "DELETE FROM import_parts WHERE school_id = $1 AND import_id = $2",
        "DELETE FROM import_enrolments WHERE school_id = $1 AND import_id = $2",
        "DELETE FROM import_classes WHERE school_id = $1 AND import_id = $2",
        "DELETE FROM import_people WHERE school_id = $1 AND import_id = $2",
    ] {
        tx.execute(sql, params![school, id]).await?;
    }
    Ok(())
}

//! Validation: what is kept of a valid import until it is applied, and what it would change.

use std::collections::HashMap;
use std::sync::LazyLock;

use preau_kernel::access::Authorized;
use preau_kernel::ids::{PersonId, SchoolId};
use preau_storage_database::{DbError, Scope, Tx, Value, params};

use super::bulk::BulkInsert;
use super::counting::{count_classes, count_enrolments};
use super::rows;
use super::{Store, retrying};
use crate::domain::oneroster::Problem;
use crate::domain::{
    Import, ImportRefusal, KnownClass, Match, Member, PlannedClass, PlannedPerson, SourcedPerson,
    Summary, match_classes,
};
use crate::error::Error;

/// What a valid import will write.
pub(crate) struct Plan {
    pub(crate) people: Vec<PlannedPerson>,
    pub(crate) classes: Vec<PlannedClass>,
    /// Members, each with the place of their class.
    pub(crate) members: Vec<(usize, Member)>,
}

/// What came of keeping a plan.
pub(crate) enum Planned {
    Ready,
    /// Places of classes whose names the school has given to others.
    NamesTaken(Vec<usize>),
}

static REMEMBER: LazyLock<BulkInsert> = LazyLock::new(|| {
    BulkInsert::new(
        "INSERT INTO import_people (import_id, sourced_id, school_id, asked_id, person_id, enabled) VALUES",
        6,
        "ON CONFLICT (import_id, sourced_id) DO NOTHING",
    )
});
static PEOPLE: LazyLock<BulkInsert> = LazyLock::new(|| {
    BulkInsert::new(
        "INSERT INTO import_people
             (import_id, sourced_id, school_id, asked_id, person_id, enabled, line, login) VALUES",
        8,
        "ON CONFLICT (import_id, sourced_id)
         DO UPDATE SET person_id = excluded.person_id, enabled = excluded.enabled,
                       line = excluded.line, login = excluded.login",
    )
});
static CLASSES: LazyLock<BulkInsert> = LazyLock::new(|| {
    BulkInsert::new(
        "INSERT INTO import_classes (import_id, sourced_id, school_id, class_id, name, main_teacher_id) VALUES",
        6,
        "",
    )
});
static MEMBERS: LazyLock<BulkInsert> = LazyLock::new(|| {
    BulkInsert::new(
        "INSERT INTO import_enrolments (import_id, class_sourced_id, person_id, school_id, part) VALUES",
        5,
        "",
    )
});
static PROBLEMS: LazyLock<BulkInsert> = LazyLock::new(|| {
    BulkInsert::new(
        "INSERT INTO import_problems
             (import_id, position, school_id, file, line, in_column, value, reason, message) VALUES",
        9,
        "",
    )
});

/// Waits until no other import of the school is being written down, and answers how often what imports start from has
/// changed, `more` included.
pub(super) async fn lock_school(tx: &mut Tx, school: &str, more: i64) -> Result<i64, DbError> {
    let row = tx
        .fetch_one(
            "INSERT INTO import_schools (school_id, generation) VALUES ($1, $2)
             ON CONFLICT (school_id) DO UPDATE SET generation = import_schools.generation + $2
             RETURNING generation",
            params![school, more],
        )
        .await?;
    row.int(0)
}

/// Whether another import of the school is decided and not written down yet.
pub(super) async fn another_applies(tx: &mut Tx, import: &Import) -> Result<bool, DbError> {
    let row = tx
        .fetch_optional(
            "SELECT 1 FROM imports WHERE school_id = $1 AND state = 4 AND import_id <> $2 LIMIT 1",
            params![import.school.id.to_string(), import.id.to_string()],
        )
        .await?;
    Ok(row.is_some())
}

impl Store {
    /// From what the validation that begins now starts: to be given back with its result.
    ///
    /// # Errors
    /// [`ImportRefusal::AnotherApplying`].
    pub(crate) async fn start_validation(&self, import: &Authorized<Import>) -> Result<i64, Error> {
        let import = import.get();
        let school = import.school.id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        let generation = lock_school(&mut tx, &school, 0).await?;
        if another_applies(&mut tx, import).await? {
            return Err(ImportRefusal::AnotherApplying.into());
        }
        tx.commit().await?;
        Ok(generation)
    }

    /// Everybody whom earlier imports of the school named.
    pub(crate) async fn sourced_people(
        &self,
        import: &Authorized<Import>,
    ) -> Result<Vec<SourcedPerson>, Error> {
        let school = import.get().school.id.to_string();
        let rows = self
            .db
            .fetch_all(
                Scope::Tenant(&school),
                "SELECT sourced_id, person_id, enabled FROM people_sources WHERE school_id = $1",
                params![school.as_str()],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(SourcedPerson {
                    sourced_id: row.str(0)?.into(),
                    person: rows::parse(row.str(1)?, "a source")?,
                    enabled: row.bool(2)?,
                })
            })
            .collect()
    }

    /// Keeps the ids that people are to be known by, unless a validation before has given them others; answers those
    /// that hold. Durable before anybody else hears of them, so that every validation asks for the same people.
    pub(crate) async fn remember_people(
        &self,
        import: &Authorized<Import>,
        people: &[SourcedPerson],
    ) -> Result<HashMap<Box<str>, PersonId>, Error> {
        let import = import.get();
        let school = import.school.id.to_string();
        retrying(|| async {
            let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
            let rows = people.iter().map(|person| person_row(import, person));
            REMEMBER.run(&mut tx, rows).await?;
            tx.commit().await
        })
        .await?;
        let rows = self
            .db
            .fetch_all(
                Scope::Tenant(&school),
                "SELECT sourced_id, asked_id FROM import_people WHERE import_id = $1 AND school_id = $2",
                params![import.id.to_string(), school.as_str()],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.str(0)?.into(), rows::parse(row.str(1)?, "a source")?)))
            .collect()
    }

    /// Keeps the plan of a valid import and what it comes to, and makes it READY. The numbers of classes and enrolments
    /// in `summary` are filled in here.
    ///
    /// # Errors
    /// [`ImportRefusal::Decided`], [`ImportRefusal::Outdated`], [`ImportRefusal::AnotherApplying`].
    pub(crate) async fn save_plan(
        &self,
        import: &Authorized<Import>,
        generation: i64,
        plan: &Plan,
        summary: Summary,
    ) -> Result<Planned, Error> {
        let import = import.get();
        let school = import.school.id.to_string();
        let mut tx = self.db.begin_bulk(Scope::Tenant(&school)).await?;
        if lock_school(&mut tx, &school, 0).await? != generation {
            return Err(ImportRefusal::Outdated.into());
        }
        if another_applies(&mut tx, import).await? {
            return Err(ImportRefusal::AnotherApplying.into());
        }
        clear(&mut tx, import).await?;
        let known = known_classes(&mut tx, import.school.id).await?;
        let matches = match_classes(&known, &plan.classes);
        if !matches.name_taken.is_empty() {
            return Ok(Planned::NamesTaken(matches.name_taken));
        }
        let summary = count_classes(summary, &known, &plan.classes, &matches.of);
        write_plan(&mut tx, import, plan, &known, &matches.of).await?;
        let summary = count_enrolments(&mut tx, import, plan, summary).await?;
        if !set_ready(&mut tx, import, generation, &summary).await? {
            return Err(ImportRefusal::Decided.into());
        }
        tx.commit().await?;
        Ok(Planned::Ready)
    }

    /// Keeps what is wrong with an import and makes it INVALID.
    ///
    /// # Errors
    /// [`ImportRefusal::Decided`].
    pub(crate) async fn save_problems(
        &self,
        import: &Authorized<Import>,
        problems: &[Problem],
        count: u32,
    ) -> Result<(), Error> {
        let import = import.get();
        let school = import.school.id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        let open = tx
            .execute(
                "UPDATE imports SET state = 2, problem_count = $3
                 WHERE import_id = $1 AND school_id = $2 AND state < 4",
                params![import.id.to_string(), school.as_str(), count],
            )
            .await?;
        if open == 0 {
            return Err(ImportRefusal::Decided.into());
        }
        clear(&mut tx, import).await?;
        write_problems(&mut tx, import, problems).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The classes of a school, to be matched.
pub(super) async fn known_classes(tx: &mut Tx, school: SchoolId) -> Result<Vec<KnownClass>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT class_id, name, main_teacher_id, sourced_id FROM classes WHERE school_id = $1",
            params![school.to_string()],
        )
        .await?;
    rows.iter().map(rows::known_class).collect()
}

/// Writes problems in their order.
pub(super) async fn write_problems(
    tx: &mut Tx,
    import: &Import,
    problems: &[Problem],
) -> Result<(), DbError> {
    let (id, school) = (import.id.to_string(), import.school.id.to_string());
    let rows = (0_i64..).zip(problems).map(|(position, problem)| {
        vec![
            Value::from(&id),
            Value::from(position),
            Value::from(&school),
            Value::from(&problem.file),
            Value::from(problem.line),
            Value::from(&problem.column),
            Value::from(&problem.value),
            Value::from(&*problem.reason),
            Value::from(&problem.message),
        ]
    });
    PROBLEMS.run(tx, rows).await
}

/// Forgets what an earlier validation found, but not the ids that people were given.
async fn clear(tx: &mut Tx, import: &Import) -> Result<(), DbError> {
    for sql in [
        "DELETE FROM import_problems WHERE import_id = $1 AND school_id = $2",
        "DELETE FROM import_enrolments WHERE import_id = $1 AND school_id = $2",
        "DELETE FROM import_classes WHERE import_id = $1 AND school_id = $2",
    ] {
        tx.execute(
            sql,
            params![import.id.to_string(), import.school.id.to_string()],
        )
        .await?;
    }
    Ok(())
}

fn person_row(import: &Import, person: &SourcedPerson) -> Vec<Value> {
    let person_id = person.person.to_string();
    vec![
        Value::from(import.id.to_string()),
        Value::from(&*person.sourced_id),
        Value::from(import.school.id.to_string()),
        Value::from(&person_id),
        Value::from(person_id),
        Value::from(person.enabled),
    ]
}

fn planned_row(import: &Import, person: &PlannedPerson) -> Vec<Value> {
    let mut row = person_row(import, &person.who);
    row.extend([Value::from(person.line), Value::from(&*person.login)]);
    row
}

async fn write_plan(
    tx: &mut Tx,
    import: &Import,
    plan: &Plan,
    known: &[KnownClass],
    matches: &[Match],
) -> Result<(), DbError> {
    let (id, school) = (import.id.to_string(), import.school.id.to_string());
    let people = plan.people.iter().map(|one| planned_row(import, one));
    PEOPLE.run(tx, people).await?;
    let classes = plan.classes.iter().zip(matches).map(|(class, found)| {
        let own = match found {
            Match::Known(place) => known.get(*place).map_or(class.id, |known| known.id),
            Match::New => class.id,
        };
        vec![
            Value::from(&id),
            Value::from(&*class.sourced_id),
            Value::from(&school),
            Value::from(own.to_string()),
            Value::from(class.name.as_str()),
            Value::from(class.main_teacher.to_string()),
        ]
    });
    CLASSES.run(tx, classes).await?;
    let members = plan.members.iter().filter_map(|(class, member)| {
        let class = plan.classes.get(*class)?;
        Some(vec![
            Value::from(&id),
            Value::from(&*class.sourced_id),
            Value::from(member.person.to_string()),
            Value::from(&school),
            Value::from(rows::part_number(member.part)),
        ])
    });
    MEMBERS.run(tx, members).await
}

async fn set_ready(
    tx: &mut Tx,
    import: &Import,
    generation: i64,
    summary: &Summary,
) -> Result<bool, DbError> {
    let changed = tx
        .execute(
            "UPDATE imports SET state = 3, generation = $3, problem_count = 0,
                 people_new = $4, people_changed = $5, people_unchanged = $6, people_disabled = $7,
                 people_without_role = $8, classes_new = $9, classes_changed = $10, classes_unchanged = $11,
                 classes_emptied = $12, enrolments_added = $13, enrolments_removed = $14,
                 enrolments_unchanged = $15, needs_confirmation = $16, people_adopted = $17,
                 administrators_new = $18
             WHERE import_id = $1 AND school_id = $2 AND state < 4",
            params![
                import.id.to_string(),
                import.school.id.to_string(),
                generation,
                summary.people_new,
                summary.people_changed,
                summary.people_unchanged,
                summary.people_disabled,
                summary.people_without_role,
                summary.classes_new,
                summary.classes_changed,
                summary.classes_unchanged,
                summary.classes_emptied,
                summary.enrolments_added,
                summary.enrolments_removed,
                summary.enrolments_unchanged,
                summary.needs_confirmation,
                summary.people_adopted,
                summary.administrators_new,
            ],
        )
        .await?;
    Ok(changed > 0)
}

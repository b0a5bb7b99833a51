//! Rows to domain types and back.

use std::str::FromStr;

use preau_kernel::access::Part;
use preau_kernel::clock::Timestamp;
use preau_kernel::names::Name;
use preau_storage_database::Row;

use crate::domain::oneroster::Problem;
use crate::domain::{
    Class, Import, ImportState, KnownClass, PlannedClass, PlannedPerson, Replacement, School,
    SourcedPerson, Summary,
};
use crate::error::Error;

/// The columns of an import, in [`import`]'s order.
macro_rules! import_columns {
    () => {
        "import_id, school_id, authority_id, state, size, created_by, created_at, applied_at, problem_count,
         people_new, people_changed, people_unchanged, people_disabled, people_without_role,
         classes_new, classes_changed, classes_unchanged, classes_emptied,
         enrolments_added, enrolments_removed, enrolments_unchanged, needs_confirmation,
         people_adopted, administrators_new, replaced_by,
         (SELECT later.created_by FROM imports later WHERE later.import_id = imports.replaced_by)"
    };
}
pub(super) use import_columns;

/// The first five columns of every query that answers a class, in [`class`]'s order:
/// `class_id, school_id, authority_id, name, main_teacher_id`.
pub(super) const CLASS_COLUMNS: usize = 5;

pub(super) fn class(row: &Row) -> Result<Class, Error> {
    Ok(Class {
        id: parse(row.str(0)?, "a class")?,
        school: School {
            id: parse(row.str(1)?, "a class")?,
            authority: parse(row.str(2)?, "a class")?,
        },
        name: name(row.str(3)?)?,
        main_teacher: parse(row.str(4)?, "a class")?,
    })
}

pub(super) fn import(row: &Row) -> Result<Import, Error> {
    let state = import_state(row.int(3)?)?;
    // Numbers of an import that was never valid are those of the table's defaults.
    let summary = match state {
        ImportState::Uploading | ImportState::Invalid => None,
        _ => Some(summary(row)?),
    };
    Ok(Import {
        id: parse(row.str(0)?, "an import")?,
        school: School {
            id: parse(row.str(1)?, "an import")?,
            authority: parse(row.str(2)?, "an import")?,
        },
        state,
        size: u64::try_from(row.int(4)?).map_err(|error| unreadable("an import", error))?,
        created_by: parse(row.str(5)?, "an import")?,
        created_at: Timestamp(row.int(6)?),
        applied_at: row.opt_int(7)?.map(Timestamp),
        summary,
        problem_count: count(row, 8)?,
        problems: Vec::new(),
        replaced: replacement(row)?,
    })
}

fn replacement(row: &Row) -> Result<Option<Replacement>, Error> {
    let Some(import) = row.opt_text(24)? else {
        return Ok(None);
    };
    Ok(Some(Replacement {
        import: parse(&import, "an import")?,
        begun_by: parse(row.str(25)?, "an import")?,
    }))
}

fn import_state(number: i64) -> Result<ImportState, Error> {
    match number {
        1 => Ok(ImportState::Uploading),
        2 => Ok(ImportState::Invalid),
        3 => Ok(ImportState::Ready),
        4 => Ok(ImportState::Applying),
        5 => Ok(ImportState::Applied),
        other => Err(unreadable("an import", format!("state {other}"))),
    }
}

fn summary(row: &Row) -> Result<Summary, Error> {
    Ok(Summary {
        people_new: count(row, 9)?,
        people_changed: count(row, 10)?,
        people_unchanged: count(row, 11)?,
        people_disabled: count(row, 12)?,
        people_without_role: count(row, 13)?,
        classes_new: count(row, 14)?,
        classes_changed: count(row, 15)?,
        classes_unchanged: count(row, 16)?,
        classes_emptied: count(row, 17)?,
        enrolments_added: count(row, 18)?,
        enrolments_removed: count(row, 19)?,
        enrolments_unchanged: count(row, 20)?,
        needs_confirmation: row.bool(21)?,
        people_adopted: count(row, 22)?,
        administrators_new: count(row, 23)?,
    })
}

fn count(row: &Row, index: usize) -> Result<u32, Error> {
    u32::try_from(row.int(index)?).map_err(|error| unreadable("a number", error))
}

/// `file, line, in_column, value, reason, message`.
pub(super) fn problem(row: &Row) -> Result<Problem, Error> {
    Ok(Problem {
        file: row.text(0)?,
        line: count(row, 1)?,
        column: row.text(2)?,
        value: row.text(3)?,
        reason: row.text(4)?.into(),
        message: row.text(5)?,
    })
}

/// `class_id, name, main_teacher_id, sourced_id`.
pub(super) fn known_class(row: &Row) -> Result<KnownClass, Error> {
    Ok(KnownClass {
        id: parse(row.str(0)?, "a class")?,
        name: name(row.str(1)?)?,
        main_teacher: parse(row.str(2)?, "a class")?,
        sourced_id: row.opt_text(3)?.map(Into::into),
    })
}

/// `sourced_id, class_id, name, main_teacher_id`.
pub(super) fn planned_person(row: &Row) -> Result<PlannedPerson, Error> {
    Ok(PlannedPerson {
        who: SourcedPerson {
            sourced_id: row.str(0)?.into(),
            person: parse(row.str(1)?, "a planned person")?,
            enabled: row.bool(2)?,
        },
        line: count(row, 3)?,
        login: row.str(4)?.into(),
    })
}

pub(super) fn planned_class(row: &Row) -> Result<PlannedClass, Error> {
    Ok(PlannedClass {
        sourced_id: row.str(0)?.into(),
        id: parse(row.str(1)?, "a class")?,
        name: name(row.str(2)?)?,
        main_teacher: parse(row.str(3)?, "a class")?,
    })
}

fn name(text: &str) -> Result<Name, Error> {
    Name::parse(text).map_err(|error| unreadable("a class", error))
}

pub(super) fn part(number: i64) -> Result<Part, Error> {
    match number {
        1 => Ok(Part::Student),
        2 => Ok(Part::Teacher),
        other => Err(unreadable("an enrolment", format!("part {other}"))),
    }
}

pub(super) fn part_number(part: Part) -> i64 {
    match part {
        Part::Student => 1,
        Part::Teacher => 2,
    }
}

pub(super) fn parse<T>(text: &str, what: &'static str) -> Result<T, Error>
where
    T: FromStr<Err: std::fmt::Display>,
{
    text.parse().map_err(|error| unreadable(what, error))
}

fn unreadable(what: &'static str, detail: impl ToString) -> Error {
    Error::Unreadable {
        what,
        detail: detail.to_string(),
    }
}

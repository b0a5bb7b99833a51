//! Rows to domain types and back.

use std::str::FromStr;

use preau_kernel::access::Part;
use preau_kernel::names::Name;
use preau_storage_database::Row;

use crate::domain::{Class, School};
use crate::error::Error;

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
        name: Name::parse(row.str(3)?).map_err(|error| unreadable("a class", error))?,
        main_teacher: parse(row.str(4)?, "a class")?,
    })
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

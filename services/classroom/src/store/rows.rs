//! Rows to domain types and back.

use std::str::FromStr;

use preau_kernel::access::Part;
use preau_kernel::clock::Timestamp;
use preau_storage_database::{Row, Value};

use crate::domain::{Focus, Given, Lesson, Line, Link, Presence, Push, Receipt, What};
use crate::error::Error;

/// The columns of [`lesson`], in its order.
macro_rules! lesson_columns {
    () => {
        "lesson_id, class_id, class_name, school_id, authority_id, teacher_id, started_at, ends_at, ended_at,
         focus_teacher, focus_message, focus_until"
    };
}
pub(super) use lesson_columns;

/// How many they are: what a query asks for besides comes after.
pub(super) const LESSON_COLUMNS: usize = 12;

pub(super) fn lesson(row: &Row) -> Result<Lesson, Error> {
    const WHAT: &str = "a lesson";
    Ok(Lesson {
        id: parse(row.str(0)?, WHAT)?,
        class: parse(row.str(1)?, WHAT)?,
        class_name: row.text(2)?,
        school: parse(row.str(3)?, WHAT)?,
        authority: parse(row.str(4)?, WHAT)?,
        teacher: parse(row.str(5)?, WHAT)?,
        started: Timestamp(row.int(6)?),
        ends: Timestamp(row.int(7)?),
        ended: row.opt_int(8)?.map(Timestamp),
        focus: focus(row)?,
    })
}

fn focus(row: &Row) -> Result<Option<Focus>, Error> {
    let Some(until) = row.opt_int(11)? else {
        return Ok(None);
    };
    Ok(Some(Focus {
        teacher: parse(row.str(9)?, "a focus")?,
        message: line(row.str(10)?, "a focus")?,
        ends: Timestamp(until),
    }))
}

/// From `push_id, link, node_id, title, pushed_at`.
pub(super) fn push(row: &Row) -> Result<Push, Error> {
    const WHAT: &str = "a push";
    let what = match (row.opt_text(1)?, row.opt_text(2)?) {
        (Some(link), None) => {
            What::Link(Link::parse(&link).map_err(|error| unreadable(WHAT, error))?)
        }
        (None, Some(node)) => What::Node(parse(&node, WHAT)?),
        _ => return Err(unreadable(WHAT, "neither a link nor a node")),
    };
    Ok(Push {
        id: parse(row.str(0)?, WHAT)?,
        what,
        title: line(row.str(3)?, WHAT)?,
        at: Timestamp(row.int(4)?),
    })
}

/// Of a push: `link, node_id`.
pub(super) fn what_values(what: &What) -> (Value, Value) {
    match what {
        What::Link(link) => (link.as_str().into(), Value::Null),
        What::Node(node) => (Value::Null, node.to_string().into()),
    }
}

/// From three columns that begin at `from`: `person_id, state, given_at`.
pub(super) fn receipt(row: &Row, from: usize) -> Result<Receipt, Error> {
    let given = match row.int(from + 1)? {
        1 => Given::Received,
        2 => Given::Opened,
        other => return Err(unreadable("a receipt", format!("state {other}"))),
    };
    Ok(Receipt {
        person: parse(row.str(from)?, "a receipt")?,
        given,
        at: Timestamp(row.int(from + 2)?),
    })
}

pub(super) fn given_number(given: Given) -> i64 {
    match given {
        Given::Received => 1,
        Given::Opened => 2,
    }
}

pub(super) fn presence(number: i64) -> Result<Presence, Error> {
    match number {
        1 => Ok(Presence::Here),
        2 => Ok(Presence::Offline),
        3 => Ok(Presence::Absent),
        other => Err(unreadable("a participant", format!("presence {other}"))),
    }
}

pub(super) fn part(number: i64) -> Result<Part, Error> {
    match number {
        1 => Ok(Part::Student),
        2 => Ok(Part::Teacher),
        other => Err(unreadable("a participant", format!("part {other}"))),
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

fn line(text: &str, what: &'static str) -> Result<Line, Error> {
    Line::parse(text).map_err(|error| unreadable(what, error))
}

fn unreadable(what: &'static str, detail: impl ToString) -> Error {
    Error::Unreadable {
        what,
        detail: detail.to_string(),
    }
}

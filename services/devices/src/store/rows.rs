//! Rows to domain types and back.

use std::str::FromStr;

use preau_kernel::clock::Timestamp;
use preau_storage_database::Row;
use preau_storage_database::events::Cursor;

use crate::domain::{
    Action, Command, Description, Device, EnrolmentToken, Line, School, State, Text,
};
use crate::error::Error;

/// Longer than any line that was taken: what is stored is checked for its form, not measured again.
const ANY_LENGTH: usize = 1_000;

/// The columns of [`device`], in its order, from `devices d`, `sightings s` and `leases l`.
macro_rules! device_columns {
    () => {
        "d.device_id, d.school_id, d.authority_id, d.name, d.model, d.os, d.agent_version, d.enrolled_at,
         d.retired_at, d.locked, d.certificate_until, s.seen_at, l.lease_id"
    };
}
pub(super) use device_columns;

/// Of devices with what was seen of them; `$1` is the present.
macro_rules! devices_seen {
    () => {
        " FROM devices d LEFT JOIN sightings s ON s.device_id = d.device_id
          LEFT JOIN leases l ON l.lease_id = s.lease_id AND l.until > $1 "
    };
}
pub(super) use devices_seen;

pub(super) fn device(row: &Row) -> Result<Device, Error> {
    const WHAT: &str = "a device";
    Ok(Device {
        id: parse(row.str(0)?, WHAT)?,
        school: School {
            id: parse(row.str(1)?, WHAT)?,
            authority: parse(row.str(2)?, WHAT)?,
        },
        says: Description {
            name: line(row.str(3)?, WHAT)?,
            model: line(row.str(4)?, WHAT)?,
            os: line(row.str(5)?, WHAT)?,
            agent_version: line(row.str(6)?, WHAT)?,
        },
        enrolled: Timestamp(row.int(7)?),
        retired: row.opt_int(8)?.map(Timestamp),
        is_locked: row.bool(9)?,
        certificate_expires: Timestamp(row.int(10)?),
        last_seen: row.opt_int(11)?.map(Timestamp),
        is_watching: row.opt_text(12)?.is_some(),
    })
}

/// The columns of [`token`], in its order.
macro_rules! token_columns {
    () => {
        "token_id, school_id, authority_id, max_uses, uses, created_at, expires_at, revoked_at"
    };
}
pub(super) use token_columns;

pub(super) fn token(row: &Row) -> Result<EnrolmentToken, Error> {
    const WHAT: &str = "an enrolment token";
    Ok(EnrolmentToken {
        id: parse(row.str(0)?, WHAT)?,
        school: School {
            id: parse(row.str(1)?, WHAT)?,
            authority: parse(row.str(2)?, WHAT)?,
        },
        max_uses: count(row.int(3)?, WHAT)?,
        uses: count(row.int(4)?, WHAT)?,
        created: Timestamp(row.int(5)?),
        expires: Timestamp(row.int(6)?),
        revoked: row.opt_int(7)?.map(Timestamp),
    })
}

/// The columns of [`command`], in its order.
macro_rules! command_columns {
    () => {
        "command_id, device_id, school_id, number, kind, body, state, issued_at, expires_at, issued_by, changed_at,
         changes, reason"
    };
}
pub(super) use command_columns;

pub(super) fn command(row: &Row) -> Result<Command, Error> {
    const WHAT: &str = "a command";
    Ok(Command {
        id: parse(row.str(0)?, WHAT)?,
        device: parse(row.str(1)?, WHAT)?,
        school: parse(row.str(2)?, WHAT)?,
        number: Cursor(u64::try_from(row.int(3)?).map_err(|error| unreadable(WHAT, error))?),
        action: action(row.int(4)?, row.str(5)?)?,
        state: state(row.int(6)?)?,
        issued: Timestamp(row.int(7)?),
        expires: Timestamp(row.int(8)?),
        issued_by: parse(row.str(9)?, WHAT)?,
        changed: Timestamp(row.int(10)?),
        changes: row.int(11)?,
        reason: line(row.str(12)?, WHAT)?,
    })
}

fn action(kind: i64, body: &str) -> Result<Action, Error> {
    const WHAT: &str = "a command";
    match kind {
        1 => Text::parse(body, ANY_LENGTH)
            .map(Action::Message)
            .map_err(|error| unreadable(WHAT, error)),
        2 => line(body, WHAT).map(Action::Lock),
        3 => Ok(Action::Unlock),
        other => Err(unreadable(WHAT, format!("kind {other}"))),
    }
}

/// Of a command: `kind, body`.
pub(super) fn action_values(action: &Action) -> (i64, &str) {
    match action {
        Action::Message(text) => (1, text.as_str()),
        Action::Lock(notice) => (2, notice.as_str()),
        Action::Unlock => (3, ""),
    }
}

fn state(number: i64) -> Result<State, Error> {
    Ok(match number {
        1 => State::Queued,
        2 => State::Sent,
        3 => State::Accepted,
        4 => State::Done,
        5 => State::Failed,
        6 => State::Expired,
        7 => State::NotNow,
        other => return Err(unreadable("a command", format!("state {other}"))),
    })
}

pub(super) fn state_number(state: State) -> i64 {
    match state {
        State::Queued => 1,
        State::Sent => 2,
        State::Accepted => 3,
        State::Done => 4,
        State::Failed => 5,
        State::Expired => 6,
        State::NotNow => 7,
    }
}

/// A place in a log as it is stored; beyond all of them for a cursor that no log reaches.
pub(super) fn place(cursor: Cursor) -> i64 {
    i64::try_from(cursor.0).unwrap_or(i64::MAX)
}

pub(super) fn parse<T>(text: &str, what: &'static str) -> Result<T, Error>
where
    T: FromStr<Err: std::fmt::Display>,
{
    text.parse().map_err(|error| unreadable(what, error))
}

fn line(text: &str, what: &'static str) -> Result<Line, Error> {
    Line::parse(text, ANY_LENGTH).map_err(|error| unreadable(what, error))
}

fn count(number: i64, what: &'static str) -> Result<u32, Error> {
    u32::try_from(number).map_err(|error| unreadable(what, error))
}

fn unreadable(what: &'static str, detail: impl ToString) -> Error {
    Error::Unreadable {
        what,
        detail: detail.to_string(),
    }
}

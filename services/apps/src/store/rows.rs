//! Rows to domain types and back.

use std::str::FromStr;

use preau_kernel::clock::Timestamp;
use preau_storage_database::Row;

use crate::domain::{
    AppId, KeyId, Line, Outcome, PublicKey, Publisher, Release, ReleaseState, Signed, Version,
    Wanted,
};
use crate::error::Error;

/// The columns of [`release`], in its order. Needs the table to be called `releases`.
macro_rules! release_columns {
    () => {
        "releases.release_id, releases.app, releases.version, releases.name, releases.size, releases.manifest,
         releases.signature, releases.key_id, releases.created_at, releases.state, releases.object_id"
    };
}
pub(super) use release_columns;

/// How many they are: what a query asks for besides comes after.
pub(super) const RELEASE_COLUMNS: usize = 11;

pub(super) fn release(row: &Row) -> Result<Release, Error> {
    const WHAT: &str = "a release";
    let object = row.opt_text(10)?;
    let object = object.map(|object| parse(&object, WHAT)).transpose()?;
    let state = match (row.int(9)?, object) {
        (0, object) => ReleaseState::Uploading(object),
        (1, Some(object)) => ReleaseState::Available(object),
        (state, _) => return Err(unreadable(WHAT, format!("state {state}"))),
    };
    Ok(Release {
        id: parse(row.str(0)?, WHAT)?,
        app: app(row.str(1)?, WHAT)?,
        version: Version::parse(row.str(2)?).map_err(|error| unreadable(WHAT, error))?,
        name: label(row.str(3)?, WHAT)?,
        size: number(row.int(4)?, WHAT)?,
        signed: signed(row, 5)?,
        publisher: KeyId::stored(row.text(7)?),
        created_at: Timestamp(row.int(8)?),
        state,
    })
}

/// From two columns that begin at `from`: `manifest, signature`.
fn signed(row: &Row, from: usize) -> Result<Signed, Error> {
    Ok(Signed {
        manifest: row.bytes(from)?,
        signature: row.array(from + 1)?,
    })
}

/// From `release_id, manifest, signature, key_id`.
pub(super) fn wanted(row: &Row) -> Result<Wanted, Error> {
    Ok(Wanted {
        release: parse(row.str(0)?, "a release")?,
        signed: signed(row, 1)?,
        publisher: KeyId::stored(row.text(3)?),
    })
}

/// From `public_key, name, added_at`.
pub(super) fn publisher(row: &Row) -> Result<Publisher, Error> {
    const WHAT: &str = "a publisher";
    Ok(Publisher {
        key: PublicKey::parse(&row.bytes(0)?).map_err(|error| unreadable(WHAT, error))?,
        name: label(row.str(1)?, WHAT)?,
        added_at: Timestamp(row.int(2)?),
    })
}

pub(super) const FETCHING: i64 = 1;
pub(super) const INSTALLED: i64 = 2;
pub(super) const FAILED: i64 = 3;
pub(super) const REMOVED: i64 = 4;

/// From three columns that begin at `from`: `state, release_id, reason`.
pub(super) fn outcome(row: &Row, from: usize) -> Result<Outcome, Error> {
    const WHAT: &str = "an installation";
    let release = row.opt_text(from + 1)?;
    let release = release.map(|release| parse(&release, WHAT)).transpose()?;
    match (row.int(from)?, release) {
        (FETCHING, Some(release)) => Ok(Outcome::Fetching(release)),
        (INSTALLED, Some(release)) => Ok(Outcome::Installed(release)),
        (FAILED, Some(release)) => {
            let reason = Line::reason(row.str(from + 2)?);
            let reason = reason.map_err(|error| unreadable(WHAT, error))?;
            Ok(Outcome::Failed(release, reason))
        }
        (REMOVED, None) => Ok(Outcome::Removed),
        (state, _) => Err(unreadable(WHAT, format!("state {state}"))),
    }
}

pub(super) fn outcome_number(outcome: &Outcome) -> i64 {
    match outcome {
        Outcome::Fetching(_) => FETCHING,
        Outcome::Installed(_) => INSTALLED,
        Outcome::Failed(..) => FAILED,
        Outcome::Removed => REMOVED,
    }
}

pub(super) fn parse<T>(text: &str, what: &'static str) -> Result<T, Error>
where
    T: FromStr<Err: std::fmt::Display>,
{
    text.parse().map_err(|error| unreadable(what, error))
}

pub(super) fn app(text: &str, what: &'static str) -> Result<AppId, Error> {
    AppId::parse(text).map_err(|error| unreadable(what, error))
}

fn label(text: &str, what: &'static str) -> Result<Line, Error> {
    Line::label(text).map_err(|error| unreadable(what, error))
}

pub(super) fn number<T>(number: i64, what: &'static str) -> Result<T, Error>
where
    T: TryFrom<i64, Error: std::fmt::Display>,
{
    T::try_from(number).map_err(|error| unreadable(what, error))
}

pub(super) fn unreadable(what: &'static str, detail: impl ToString) -> Error {
    Error::Unreadable {
        what,
        detail: detail.to_string(),
    }
}

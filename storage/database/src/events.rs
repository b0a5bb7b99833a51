//! The one way to wait for news: an append-only log beside a service's tables.
//!
//! An event is published in the transaction of the change it tells of ([`Tx::publish`](crate::Tx::publish)), so there
//! is neither news of what did not happen nor a change without news. A consumer follows a [`Topic`] from a [`Cursor`]
//! ([`Db::watch`](crate::Db::watch)) and may go on from the cursor of the last event it handled: after a lost
//! connection, in another process, after a restart.
//!
//! # What holds on both databases
//! * Events of a topic are numbered 1, 2, 3 … in the order in which their transactions became durable. A consumer sees
//!   each number once, in order, without a gap. Between topics there is no order.
//! * Publishers of one topic queue behind each other until they commit: a topic is one lesson, one device, one
//!   authority's fleet, never everything. A transaction that publishes to several topics does so in the order of their
//!   names, or two of them may wait for each other (PostgreSQL then ends one: [`DbError::Serialization`]).
//! * [`Watch::next`](crate::events::Watch::next) waits without asking the database again. It is woken in this process
//!   by the commit, and on PostgreSQL by NOTIFY from every other one; when the listening connection was lost, everybody
//!   looks once.
//! * Consumers of one topic in one process share one read for each wake-up.
//! * A cursor the log cannot serve is an error and never a silent gap: [`WatchError::Trimmed`] (read the present state,
//!   go on from its cursor) and [`WatchError::Ahead`] (the database was restored from a backup).

use std::fmt;

use crate::{DbError, Migration};

mod hub;
mod log;
mod watch;

pub(crate) use hub::Hub;
pub(crate) use log::Published;
pub use watch::Watch;

/// The tables of the log, to be named among a service's [`Migrations`](crate::Migrations) for SQLite.
pub const SQLITE: Migration = Migration {
    name: "events",
    sql: include_str!("../migrations/sqlite/events.sql"),
};

/// The same for PostgreSQL.
pub const POSTGRES: Migration = Migration {
    name: "events",
    sql: include_str!("../migrations/postgres/events.sql"),
};

/// The longest name of a topic, in bytes: with its tenant it fits the message of a NOTIFY many times.
const LONGEST_TOPIC: usize = 200;

/// What events are about: a lesson, a device. Belongs to one tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic {
    tenant: String,
    name: String,
}

impl Topic {
    /// # Errors
    /// [`DbError::Mismatch`] when tenant or name are empty, longer than 200 bytes, or hold anything but letters,
    /// digits and `-_.:`.
    pub fn new(tenant: &str, name: &str) -> Result<Self, DbError> {
        for text in [tenant, name] {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
            if text.is_empty() || text.len() > LONGEST_TOPIC || !text.bytes().all(fits) {
                return Err(DbError::Mismatch {
                    detail: format!(
                        "a topic is named by 1 to {LONGEST_TOPIC} letters, digits and -_.: only"
                    ),
                });
            }
        }
        Ok(Self {
            tenant: tenant.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Whose it is.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Its name within the tenant.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.tenant, self.name)
    }
}

/// A place in a topic: after the event of this number. [`Cursor::START`] is before the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(pub u64);

impl Cursor {
    /// Before the first event.
    pub const START: Self = Self(0);

    fn as_int(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    fn from_int(number: i64) -> Self {
        Self(u64::try_from(number).unwrap_or(0))
    }
}

/// One event, stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The place after this event: what a consumer keeps once it has handled it.
    pub cursor: Cursor,
    /// Unix microseconds, as its publisher said.
    pub published_at: i64,
    /// What the publisher wrote; its meaning is the service's.
    pub payload: Vec<u8>,
}

/// Why a topic cannot be followed from a cursor.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WatchError {
    /// Events after the cursor were trimmed: the consumer was away for longer than they are kept.
    #[error(
        "events of {topic} up to {through} are no longer kept: read the present state and go on from its cursor"
    )]
    Trimmed {
        /// Which topic.
        topic: Topic,
        /// The last number that is gone.
        through: u64,
    },
    /// The cursor is past the end: it was given by a database that was later restored from a backup, or invented.
    #[error(
        "{topic} ends at {last}, before the cursor: read the present state and go on from its cursor"
    )]
    Ahead {
        /// Which topic.
        topic: Topic,
        /// The last number there is.
        last: u64,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

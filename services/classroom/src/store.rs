//! SQL of the classroom, written once for SQLite and PostgreSQL.
//!
//! Whoever writes for somebody brings an [`Authorized`](preau_kernel::access::Authorized) proof. Every change of a
//! lesson begins with [`Change::begin`], which takes the lesson's row: the changes of one lesson are in one order, and
//! each publishes what it did in its own transaction.

mod attendances;
mod change;
mod hands;
mod leases;
mod lessons;
mod pushes;
mod rows;
mod state;
mod sweep;
#[cfg(test)]
mod tests;

use preau_storage_database::events::Topic;
use preau_storage_database::{Db, DbError, Migration, Migrations, events, retrying};

pub(crate) use attendances::Attendance;
pub use sweep::Swept;

use crate::domain::Lesson;

/// The schema of the classroom.
pub const MIGRATIONS: Migrations = Migrations {
    service: "classroom",
    sqlite: &[
        events::SQLITE,
        Migration {
            name: "0001_lessons",
            sql: include_str!("../migrations/sqlite/0001_lessons.sql"),
        },
    ],
    postgres: &[
        events::POSTGRES,
        Migration {
            name: "0001_lessons",
            sql: include_str!("../migrations/postgres/0001_lessons.sql"),
        },
    ],
};

/// Lessons and their logs, stored.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    db: Db,
}

impl Store {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }
}

/// The log of a lesson.
fn topic(lesson: &Lesson) -> Result<Topic, DbError> {
    Topic::new(&lesson.school.to_string(), &format!("lesson:{}", lesson.id))
}

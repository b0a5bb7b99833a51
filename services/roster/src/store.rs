//! SQL of the roster, written once for SQLite and PostgreSQL.
//!
//! Whoever calls brings an [`Authorized`](preau_kernel::access::Authorized) proof, except to [`Store::standing`] and
//! [`Store::import`], the look-ups that the proof itself is made from, and to what finishes an import that was decided.

mod applying;
mod bulk;
mod classes;
mod counting;
mod enrolments;
mod imports;
mod planning;
mod rows;
#[cfg(test)]
mod tests;

use std::future::Future;

use preau_storage_database::{Db, DbError, Migration, Migrations};

/// The schema of the roster.
pub const MIGRATIONS: Migrations = Migrations {
    service: "roster",
    sqlite: &[
        Migration {
            name: "0001_classes",
            sql: include_str!("../migrations/sqlite/0001_classes.sql"),
        },
        Migration {
            name: "0002_imports",
            sql: include_str!("../migrations/sqlite/0002_imports.sql"),
        },
        Migration {
            name: "0003_import_powers",
            sql: include_str!("../migrations/sqlite/0003_import_powers.sql"),
        },
        Migration {
            name: "0004_import_replaced",
            sql: include_str!("../migrations/sqlite/0004_import_replaced.sql"),
        },
    ],
    postgres: &[
        Migration {
            name: "0001_classes",
            sql: include_str!("../migrations/postgres/0001_classes.sql"),
        },
        Migration {
            name: "0002_imports",
            sql: include_str!("../migrations/postgres/0002_imports.sql"),
        },
        Migration {
            name: "0003_import_powers",
            sql: include_str!("../migrations/postgres/0003_import_powers.sql"),
        },
        Migration {
            name: "0004_import_replaced",
            sql: include_str!("../migrations/postgres/0004_import_replaced.sql"),
        },
    ],
};

/// Classes and enrolments, stored.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    db: Db,
}

pub(crate) use planning::{Plan, Planned};

impl Store {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }
}

/// Attempts of a transaction that loses its races; the last loss is answered.
const ATTEMPTS: u32 = 4;

/// Runs a whole transaction again when it lost a race and changed nothing.
async fn retrying<T, F>(transaction: impl Fn() -> F) -> Result<T, DbError>
where
    F: Future<Output = Result<T, DbError>>,
{
    let mut attempt = 1;
    loop {
        match transaction().await {
            Err(error) if error.is_retryable() && attempt < ATTEMPTS => attempt += 1,
            outcome => return outcome,
        }
    }
}

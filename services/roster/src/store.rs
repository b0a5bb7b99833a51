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

use preau_storage_database::{Db, Migration, Migrations, retrying};

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

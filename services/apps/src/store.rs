//! SQL of the apps, written once for SQLite and PostgreSQL.
//!
//! Whoever writes for somebody brings an [`Authorized`](preau_kernel::access::Authorized) proof. The catalogue is the
//! platform's; what schools want and devices have is the school's. Whoever changes what a school wants holds the
//! school's row first, so that its changes are in one order and the stored hash is that of the last one.

mod assignments;
mod desired;
mod installations;
mod objects;
mod publishers;
mod releases;
mod rows;
#[cfg(test)]
mod tests;

use preau_storage_database::{Db, Migration, Migrations, Scope, retrying};

pub(crate) use assignments::Change;
pub(crate) use installations::InstallationKey;
pub(crate) use releases::ReleaseKey;

/// The schema of the apps.
pub const MIGRATIONS: Migrations = Migrations {
    service: "apps",
    sqlite: &[Migration {
        name: "0001_apps",
        sql: include_str!("../migrations/sqlite/0001_apps.sql"),
    }],
    postgres: &[Migration {
        name: "0001_apps",
        sql: include_str!("../migrations/postgres/0001_apps.sql"),
    }],
};

/// The tenant of the catalogue.
const PLATFORM: &str = "platform";
const CATALOGUE: Scope<'static> = Scope::Tenant(PLATFORM);

/// Publishers, releases, assignments, installations, stored.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    db: Db,
}

impl Store {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }
}

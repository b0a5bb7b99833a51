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

use std::future::Future;

use preau_storage_database::{Db, Migration, Migrations, Scope};

pub(crate) use assignments::Change;
pub(crate) use installations::InstallationKey;
pub(crate) use releases::ReleaseKey;

use crate::error::Error;

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

/// Attempts of a transaction that loses its races; the last loss is answered.
const ATTEMPTS: u32 = 4;

/// Runs a whole transaction again when it lost a race and changed nothing.
async fn retrying<T, F>(transaction: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut attempt = 1;
    loop {
        match transaction().await {
            Err(Error::Database(error)) if error.is_retryable() && attempt < ATTEMPTS => {
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

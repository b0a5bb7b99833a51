//! SQL of the files, written once for SQLite and PostgreSQL, and the vault in the same transactions.
//!
//! Whoever calls brings an [`Authorized`](preau_kernel::access::Authorized) proof, except to [`Store::space`] and
//! [`Store::upload`], the look-ups that the proof itself is made from, to what download links need: a link is a proof;
//! and to other services' objects, which belong to no user: their proof is the owner.

mod content;
mod copying;
mod holding;
mod link_keys;
mod moving;
mod nodes;
mod objects;
mod removal;
mod rows;
mod spaces;
mod sweep;
#[cfg(test)]
mod tests;
mod trash;
mod trees;
mod uploads;

use preau_storage_database::{Db, Migration, Migrations, retrying};
use preau_storage_vault::Vault;

/// The schema of the files and of the vault inside, in the order of its history.
pub const MIGRATIONS: Migrations = Migrations {
    service: "files",
    sqlite: &[
        preau_storage_vault::SQLITE[0],
        Migration {
            name: "0002_files",
            sql: include_str!("../migrations/sqlite/0002_files.sql"),
        },
        Migration {
            name: "0003_everyday",
            sql: include_str!("../migrations/sqlite/0003_everyday.sql"),
        },
        Migration {
            name: "0004_objects",
            sql: include_str!("../migrations/sqlite/0004_objects.sql"),
        },
    ],
    postgres: &[
        preau_storage_vault::POSTGRES[0],
        Migration {
            name: "0002_files",
            sql: include_str!("../migrations/postgres/0002_files.sql"),
        },
        Migration {
            name: "0003_everyday",
            sql: include_str!("../migrations/postgres/0003_everyday.sql"),
        },
        Migration {
            name: "0004_objects",
            sql: include_str!("../migrations/postgres/0004_objects.sql"),
        },
    ],
};

pub(crate) use content::Range;
pub(crate) use copying::Copy;
pub use removal::KEPT_IN_TRASH;
pub(crate) use trash::{Deletion, TrashKey};
pub(crate) use uploads::Commitment;

/// Spaces, nodes and uploads, stored; their bytes in the vault.
#[derive(Clone)]
pub(crate) struct Store {
    db: Db,
    vault: Vault,
}

impl Store {
    pub(crate) fn new(db: Db, vault: Vault) -> Self {
        Self { db, vault }
    }
}

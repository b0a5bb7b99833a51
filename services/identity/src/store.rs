//! What identity keeps, in SQL. Everything that writes for a caller asks for that caller's proof.
//!
//! Rows of a person belong to the person's home: a school, or the platform. Sign-in, sessions and
//! look-ups by a person's or grant's id do not know the home before they have read the row, so
//! they read with the platform's scope; everything else works inside the home's.

mod accounts;
mod administrators;
mod authorities;
mod first_use;
mod grants;
mod imports;
mod keys;
mod names;
mod people;
mod rows;
mod schools;
mod sessions;

#[cfg(test)]
mod tests;

use preau_storage_database::{Db, DbError, Migration, Migrations, Tx, params};

pub(crate) use accounts::Account;
pub(crate) use administrators::FirstAdmin;
pub(crate) use first_use::{AccountForCode, Claimable};
pub(crate) use imports::{Import, StagedBatch, Staging};
pub(crate) use keys::StoredKey;
pub(crate) use people::PersonKey;
pub(crate) use schools::SchoolKey;
pub(crate) use sessions::{NewSession, Rehash, StoredSession};

macro_rules! migration {
    ($dialect:literal, $name:literal) => {
        Migration {
            name: $name,
            sql: include_str!(concat!("../migrations/", $dialect, "/", $name, ".sql")),
        }
    };
}

/// Every table of identity, for both databases.
pub const MIGRATIONS: Migrations = Migrations {
    service: "identity",
    sqlite: &[
        migration!("sqlite", "0001_directory"),
        migration!("sqlite", "0002_schools_by_name"),
        migration!("sqlite", "0003_people_imports"),
        migration!("sqlite", "0004_first_use_codes"),
    ],
    postgres: &[
        migration!("postgres", "0001_directory"),
        migration!("postgres", "0002_schools_by_name"),
        migration!("postgres", "0003_people_imports"),
        migration!("postgres", "0004_first_use_codes"),
    ],
};

/// Identity's database.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    db: Db,
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("another school has this UAI")]
    UaiTaken,
    #[error("another account has this login")]
    LoginTaken,
    #[error("this person holds the same role here already, at least for a part of that time")]
    GrantExists,
    #[error(
        "this person has {} open grants, the most there may be: end one first",
        crate::domain::grants::MAX_OPEN
    )]
    TooManyGrants,
    #[error("this is the last administrator of the platform: name another one first")]
    LastPlatformAdmin,
    #[error("the platform has an administrator already: sign in as one and create people there")]
    AdminExists,
    /// Something was staged, committed or taken between a check and its transaction; nothing was changed.
    #[error("the import or the people it names changed at the same time: try again")]
    ImportChanged,
    /// A stored value that no release of ours writes.
    #[error("{table}: a stored {what} cannot be read")]
    Damaged {
        table: &'static str,
        what: &'static str,
    },
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Store {
    pub(crate) fn new(db: Db) -> Store {
        Store { db }
    }
}

/// What transactions take turns at where a rule spans rows. Their rows exist from the first migration on.
const PLATFORM_ADMINS: &str = "platform-admins";
const SIGNING_KEYS: &str = "signing-keys";

// Locks the turn's row until the transaction ends. SQLite has one writer anyway; on PostgreSQL
// two transactions that each leave one of two administrators would else leave none.
async fn take_turn(tx: &mut Tx, name: &'static str) -> Result<(), DbError> {
    let sql = "UPDATE turns SET turn = turn + 1 WHERE name = $1";
    tx.execute(sql, params![name]).await.map(drop)
}

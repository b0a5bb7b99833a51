//! Join tokens in SQL: kept by the hash of their secret, used once.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{JoinTokenId, PersonId};
use preau_storage_database::{Db, DbError, Migration, Migrations, Scope, params};

use crate::domain::roles::RoleSet;

#[cfg(test)]
mod tests;

/// Every table of control, for both databases.
pub const MIGRATIONS: Migrations = Migrations {
    service: "control",
    sqlite: &[Migration {
        name: "0001_join_tokens",
        sql: include_str!("../migrations/sqlite/0001_join_tokens.sql"),
    }],
    postgres: &[Migration {
        name: "0001_join_tokens",
        sql: include_str!("../migrations/postgres/0001_join_tokens.sql"),
    }],
};

/// Control's database.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    db: Db,
}

/// A token about to be stored.
#[derive(Clone, Debug)]
pub(crate) struct NewToken {
    pub(crate) id: JoinTokenId,
    pub(crate) secret_sha256: [u8; 32],
    pub(crate) roles: RoleSet,
    pub(crate) created: Timestamp,
    pub(crate) expires: Timestamp,
}

/// A token as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredToken {
    pub(crate) id: JoinTokenId,
    pub(crate) roles: RoleSet,
    pub(crate) expires: Timestamp,
    pub(crate) used: Option<Timestamp>,
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("join_tokens: a stored {0} cannot be read")]
    Damaged(&'static str),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Store {
    pub(crate) fn new(db: Db) -> Store {
        Store { db }
    }

    /// Stores a token, and forgets those that expired before `forget_before`.
    pub(crate) async fn insert_token(
        &self,
        token: &Authorized<NewToken>,
        by: PersonId,
        forget_before: Timestamp,
    ) -> Result<(), StoreError> {
        let token = token.get();
        let mut tx = self.db.begin(Scope::Platform).await?;
        tx.execute(
            "DELETE FROM join_tokens WHERE expires_at < $1",
            params![forget_before.0],
        )
        .await?;
        let sql = "INSERT INTO join_tokens (secret_sha256, id, roles, created_by, created_at,
                                            expires_at, used_at)
                   VALUES ($1, $2, $3, $4, $5, $6, NULL)";
        let values = params![
            token.secret_sha256,
            token.id.to_string(),
            token.roles.stored(),
            by.to_string(),
            token.created.0,
            token.expires.0,
        ];
        tx.execute(sql, values).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn find_token(
        &self,
        secret_sha256: [u8; 32],
    ) -> Result<Option<StoredToken>, StoreError> {
        let sql = "SELECT id, roles, expires_at, used_at FROM join_tokens WHERE secret_sha256 = $1";
        let row = self
            .db
            .fetch_optional(Scope::Platform, sql, params![secret_sha256])
            .await?;
        row.map(|row| {
            Ok(StoredToken {
                id: row
                    .str(0)?
                    .parse()
                    .map_err(|_| StoreError::Damaged("token id"))?,
                roles: RoleSet::from_stored(row.str(1)?),
                expires: Timestamp(row.int(2)?),
                used: row.opt_int(3)?.map(Timestamp),
            })
        })
        .transpose()
    }

    /// Uses the token up. Of any number of callers at once, one is told `true`: the row decides.
    pub(crate) async fn use_token(
        &self,
        secret_sha256: [u8; 32],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin(Scope::Platform).await?;
        let sql = "UPDATE join_tokens SET used_at = $2
                   WHERE secret_sha256 = $1 AND used_at IS NULL AND expires_at > $2";
        let used = tx.execute(sql, params![secret_sha256, now.0]).await?;
        tx.commit().await?;
        Ok(used == 1)
    }
}

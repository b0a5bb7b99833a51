//! Local accounts, found by the key of their login.

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::PersonId;
use preau_storage_database::{Scope, Tx, params};

use super::rows::Columns;
use super::{Store, StoreError};
use crate::domain::directory::NewAccount;
use crate::domain::login::Login;

/// What sign-in needs to know.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) person: PersonId,
    pub(crate) tenant: String,
    /// A PHC string; none until the owner has chosen a password.
    pub(crate) password_hash: Option<String>,
    pub(crate) is_disabled: bool,
}

impl Store {
    pub(crate) async fn find_account(&self, login: &Login) -> Result<Option<Account>, StoreError> {
        let sql = "SELECT a.person_id, a.tenant, a.password_hash, p.disabled_at
                   FROM accounts a JOIN people p ON p.id = a.person_id WHERE a.login_key = $1";
        let row = self
            .db
            .fetch_optional(Scope::Platform, sql, params![login.key()])
            .await?;
        row.map(|row| {
            Ok(Account {
                person: Columns::of(&row, "accounts").parse(0, "person id")?,
                tenant: row.text(1)?,
                password_hash: Some(row.text(2)?).filter(|hash| !hash.is_empty()),
                is_disabled: row.opt_int(3)?.is_some(),
            })
        })
        .transpose()
    }
}

pub(super) async fn insert_account(
    tx: &mut Tx,
    tenant: &str,
    person: PersonId,
    account: &NewAccount,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO accounts (person_id, tenant, login, login_key, password_hash,
                                     created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING";
    let (text, key) = (account.login.text(), account.login.key());
    let values = params![
        person.to_string(),
        tenant,
        text,
        key,
        &account.password_hash,
        now.0
    ];
    if tx.execute(sql, values).await? == 0 {
        return Err(StoreError::LoginTaken);
    }
    Ok(())
}

/// Puts a hash in place, as an older release would have left it.
#[cfg(test)]
impl Store {
    pub(crate) async fn set_hash_for_test(
        &self,
        person: PersonId,
        hash: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Scope::Platform).await?;
        let sql = "UPDATE accounts SET password_hash = $2 WHERE person_id = $1";
        tx.execute(sql, params![person.to_string(), hash]).await?;
        Ok(tx.commit().await?)
    }
}

/// Disables somebody. The directory has no such call yet; sign-in honours the mark already.
#[cfg(test)]
impl Store {
    pub(crate) async fn disable_for_test(
        &self,
        id: PersonId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Scope::Platform).await?;
        let sql = "UPDATE people SET disabled_at = $2 WHERE id = $1";
        tx.execute(sql, params![id.to_string(), now.0]).await?;
        Ok(tx.commit().await?)
    }
}

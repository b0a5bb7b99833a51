//! First-use codes, one for a person at most, gone once used.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{PersonId, SchoolId};
use preau_storage_database::{Scope, Tx, params};

use super::sessions::insert_session;
use super::{NewSession, Store, StoreError};
use crate::domain::directory::School;
use crate::domain::first_use::NewCode;
use crate::domain::login::Login;

/// What an activation needs to know.
pub(crate) struct Claimable {
    pub(crate) person: PersonId,
    pub(crate) tenant: String,
    pub(crate) code_sha256: [u8; 32],
    pub(crate) expires: Timestamp,
    pub(crate) is_disabled: bool,
}

/// Whether somebody's account was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountForCode {
    WithPassword,
    WithoutPassword,
}

impl Store {
    /// The account of somebody of the school who may sign in; `None` for everybody else.
    pub(crate) async fn account_for_code(
        &self,
        school: SchoolId,
        person: PersonId,
    ) -> Result<Option<AccountForCode>, StoreError> {
        let sql = "SELECT a.password_hash FROM people p JOIN accounts a ON a.person_id = p.id
                   WHERE p.id = $1 AND p.school_id = $2 AND p.disabled_at IS NULL";
        let school = school.to_string();
        let values = params![person.to_string(), &school];
        let found = self
            .db
            .fetch_optional(Scope::Tenant(&school), sql, values)
            .await?;
        found
            .map(|row| {
                Ok(match row.str(0)? {
                    "" => AccountForCode::WithoutPassword,
                    _ => AccountForCode::WithPassword,
                })
            })
            .transpose()
    }

    /// Stores codes, each in place of an earlier one; where it resets, also in place of the password and of every
    /// session. One transaction.
    pub(crate) async fn store_codes(
        &self,
        school: &Authorized<School>,
        codes: &[NewCode],
        by: PersonId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let school = school.get().id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        for code in codes {
            let sql = "INSERT INTO first_use_codes (person_id, tenant, code_sha256, issued_by,
                                                    created_at, expires_at)
                       VALUES ($1, $2, $3, $4, $5, $6)
                       ON CONFLICT (person_id) DO UPDATE SET code_sha256 = excluded.code_sha256,
                           issued_by = excluded.issued_by, created_at = excluded.created_at,
                           expires_at = excluded.expires_at";
            let values = params![
                code.person.to_string(),
                &school,
                code.sha256,
                by.to_string(),
                now.0,
                code.expires.0,
            ];
            tx.execute(sql, values).await?;
            if code.resets {
                forget_password(&mut tx, code.person, now).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// The account with this login and its code, while it has one and no password.
    pub(crate) async fn find_claimable(
        &self,
        login: &Login,
    ) -> Result<Option<Claimable>, StoreError> {
        let sql = "SELECT a.person_id, a.tenant, c.code_sha256, c.expires_at, p.disabled_at
                   FROM accounts a JOIN people p ON p.id = a.person_id
                   JOIN first_use_codes c ON c.person_id = a.person_id
                   WHERE a.login_key = $1 AND a.password_hash = ''";
        let row = self
            .db
            .fetch_optional(Scope::Platform, sql, params![login.key()])
            .await?;
        row.map(|row| {
            let columns = super::rows::Columns::of(&row, "first_use_codes");
            Ok(Claimable {
                person: columns.parse(0, "person id")?,
                tenant: row.text(1)?,
                code_sha256: row.array(2)?,
                expires: columns.time(3)?,
                is_disabled: row.opt_int(4)?.is_some(),
            })
        })
        .transpose()
    }

    /// Spends the code, sets the password and begins the session, all or nothing. Answers whether the code was still
    /// there: of two who come with the same, one wins.
    pub(crate) async fn activate(
        &self,
        code_sha256: [u8; 32],
        password_hash: &str,
        session: &NewSession,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin(Scope::Tenant(&session.tenant)).await?;
        let person = session.person.to_string();
        let sql = "DELETE FROM first_use_codes
                   WHERE person_id = $1 AND code_sha256 = $2 AND expires_at > $3";
        let spent = tx
            .execute(sql, params![&person, code_sha256, session.now.0])
            .await?;
        let sql = "UPDATE accounts SET password_hash = $2, updated_at = $3
                   WHERE person_id = $1 AND password_hash = ''
                     AND EXISTS (SELECT 1 FROM people p
                                 WHERE p.id = $1 AND p.disabled_at IS NULL)";
        let set = tx
            .execute(sql, params![&person, password_hash, session.now.0])
            .await?;
        if spent == 0 || set == 0 {
            return Ok(false);
        }
        insert_session(&mut tx, session).await?;
        tx.commit().await?;
        Ok(true)
    }
}

async fn forget_password(tx: &mut Tx, person: PersonId, now: Timestamp) -> Result<(), StoreError> {
    let person = person.to_string();
    let sql = "UPDATE accounts SET password_hash = '', updated_at = $2 WHERE person_id = $1";
    tx.execute(sql, params![&person, now.0]).await?;
    let sql = "UPDATE sessions SET ended_at = $2 WHERE person_id = $1 AND ended_at IS NULL";
    tx.execute(sql, params![&person, now.0]).await?;
    Ok(())
}

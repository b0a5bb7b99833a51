//! Sessions, found by the hash of their token.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{PersonId, SessionId};
use preau_storage_database::{Scope, Tx, params};

use super::rows::Columns;
use super::{Store, StoreError};
use crate::domain::directory::Home;

/// A session about to begin.
#[derive(Clone, Debug)]
pub(crate) struct NewSession {
    pub(crate) token_sha256: [u8; 32],
    pub(crate) id: SessionId,
    pub(crate) person: PersonId,
    pub(crate) tenant: String,
    pub(crate) now: Timestamp,
    pub(crate) expires: Timestamp,
}

/// A password hash that is replaced by one of today's cost, unless it changed meanwhile.
#[derive(Clone)]
pub(crate) struct Rehash {
    pub(crate) old: String,
    pub(crate) new: String,
}

/// A session as kept, with what a principal token says about its person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredSession {
    pub(crate) id: SessionId,
    pub(crate) person: PersonId,
    pub(crate) home: Home,
    pub(crate) last_seen: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) is_disabled: bool,
}

impl Store {
    /// Begins a session, forgets the person's expired ones, and replaces an outdated hash: one transaction. Answers
    /// whether the account still has a password: one that was reset while it was verified begins nothing.
    pub(crate) async fn begin_session(
        &self,
        session: &NewSession,
        rehash: Option<&Rehash>,
    ) -> Result<bool, StoreError> {
        let person = session.person.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&session.tenant)).await?;
        // Locks the account until the end: a reset comes before it, or finds this session and ends it.
        let sql = "UPDATE accounts SET updated_at = updated_at
                   WHERE person_id = $1 AND password_hash <> ''";
        if tx.execute(sql, params![&person]).await? == 0 {
            return Ok(false);
        }
        insert_session(&mut tx, session).await?;
        if let Some(Rehash { old, new }) = rehash {
            let sql = "UPDATE accounts SET password_hash = $3, updated_at = $4
                       WHERE person_id = $1 AND password_hash = $2";
            tx.execute(sql, params![&person, old, new, session.now.0])
                .await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    pub(crate) async fn find_session(
        &self,
        token_sha256: [u8; 32],
    ) -> Result<Option<StoredSession>, StoreError> {
        let sql = "SELECT n.id, n.person_id, p.school_id, s.authority_id, n.last_seen_at,
                          n.expires_at, n.ended_at, p.disabled_at
                   FROM sessions n JOIN people p ON p.id = n.person_id
                   LEFT JOIN schools s ON s.id = p.school_id
                   WHERE n.token_sha256 = $1";
        let row = self
            .db
            .fetch_optional(Scope::Platform, sql, params![token_sha256])
            .await?;
        row.map(|row| {
            let columns = Columns::of(&row, "sessions");
            Ok(StoredSession {
                id: columns.parse(0, "session id")?,
                person: columns.parse(1, "person id")?,
                home: columns.home(2)?,
                last_seen: columns.time(4)?,
                expires: columns.time(5)?,
                ended: columns.time_opt(6)?,
                is_disabled: row.opt_int(7)?.is_some(),
            })
        })
        .transpose()
    }

    /// Notes a use. An earlier time never replaces a later one.
    pub(crate) async fn touch_session(
        &self,
        session: &StoredSession,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Scope::Tenant(&session.home.tenant())).await?;
        let sql = "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2";
        tx.execute(sql, params![session.id.to_string(), now.0])
            .await?;
        Ok(tx.commit().await?)
    }

    /// Ends every open session of a person.
    pub(crate) async fn end_sessions(
        &self,
        person: &Authorized<PersonId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Scope::Platform).await?;
        let sql = "UPDATE sessions SET ended_at = $2 WHERE person_id = $1 AND ended_at IS NULL";
        tx.execute(sql, params![person.get().to_string(), now.0])
            .await?;
        Ok(tx.commit().await?)
    }

    /// Ends a session; ending it again changes nothing.
    pub(crate) async fn end_session(
        &self,
        session: &Authorized<SessionId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Scope::Platform).await?;
        let sql = "UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
        tx.execute(sql, params![session.get().to_string(), now.0])
            .await?;
        Ok(tx.commit().await?)
    }
}

/// Begins a session and forgets the person's expired ones.
pub(super) async fn insert_session(tx: &mut Tx, session: &NewSession) -> Result<(), StoreError> {
    let person = session.person.to_string();
    let sql = "DELETE FROM sessions WHERE person_id = $1 AND expires_at <= $2";
    tx.execute(sql, params![&person, session.now.0]).await?;
    let sql = "INSERT INTO sessions (token_sha256, id, tenant, person_id, created_at,
                                     last_seen_at, expires_at, ended_at)
               VALUES ($1, $2, $3, $4, $5, $5, $6, NULL)";
    let values = params![
        session.token_sha256,
        session.id.to_string(),
        &session.tenant,
        &person,
        session.now.0,
        session.expires.0,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

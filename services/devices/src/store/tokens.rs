//! Enrolment tokens.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{EnrolmentTokenId, PersonId};
use preau_storage_database::{Scope, params};

use super::rows::{token, token_columns};
use super::{Store, retrying};
use crate::domain::{EnrolmentToken, School, TOKENS_KEPT, earlier};
use crate::error::Error;

/// Tokens of one answer at most.
const MAX_LISTED: u32 = 200;

/// A token about to be given out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewToken {
    pub(crate) id: EnrolmentTokenId,
    pub(crate) secret_sha256: [u8; 32],
    pub(crate) max_uses: u32,
    pub(crate) now: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) by: PersonId,
}

impl Store {
    pub(crate) async fn create_token(
        &self,
        school: &Authorized<School>,
        new: NewToken,
    ) -> Result<EnrolmentToken, Error> {
        let school = *school.get();
        retrying(|| self.insert_token(school, new)).await?;
        Ok(EnrolmentToken {
            id: new.id,
            school,
            max_uses: new.max_uses,
            uses: 0,
            created: new.now,
            expires: new.expires,
            revoked: None,
        })
    }

    async fn insert_token(&self, school: School, new: NewToken) -> Result<(), Error> {
        let tenant = school.id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&tenant)).await?;
        tx.execute(
            "INSERT INTO enrolment_tokens
                 (token_id, school_id, authority_id, secret_sha256, max_uses, created_at, created_by, expires_at, ended_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
            params![
                new.id.to_string(),
                &tenant,
                school.authority.to_string(),
                new.secret_sha256,
                new.max_uses,
                new.now.0,
                new.by.to_string(),
                new.expires.0,
            ],
        )
        .await?;
        Ok(tx.commit().await?)
    }

    /// Those that can be used, and those that ended not long ago; newest first.
    pub(crate) async fn tokens(
        &self,
        school: &Authorized<School>,
        now: Timestamp,
    ) -> Result<Vec<EnrolmentToken>, Error> {
        let tenant = school.get().id.to_string();
        let rows = self
            .db
            .fetch_all(
                Scope::Tenant(&tenant),
                concat!(
                    "SELECT ",
                    token_columns!(),
                    " FROM enrolment_tokens WHERE school_id = $1 AND ended_at > $2
                      ORDER BY created_at DESC, token_id DESC LIMIT $3"
                ),
                params![&tenant, earlier(now, TOKENS_KEPT).0, MAX_LISTED],
            )
            .await?;
        rows.iter().map(token).collect()
    }

    /// A token: what an authorization is decided from, so it asks for none.
    pub(crate) async fn token(
        &self,
        id: EnrolmentTokenId,
    ) -> Result<Option<EnrolmentToken>, Error> {
        let sql = concat!(
            "SELECT ",
            token_columns!(),
            " FROM enrolment_tokens WHERE token_id = $1"
        );
        let values = params![id.to_string()];
        let row = self.db.fetch_optional(Scope::Platform, sql, values).await?;
        row.as_ref().map(token).transpose()
    }

    /// The token with this secret.
    pub(crate) async fn token_of_secret(
        &self,
        secret_sha256: [u8; 32],
    ) -> Result<Option<EnrolmentToken>, Error> {
        let sql = concat!(
            "SELECT ",
            token_columns!(),
            " FROM enrolment_tokens WHERE secret_sha256 = $1"
        );
        let values = params![secret_sha256];
        let row = self.db.fetch_optional(Scope::Platform, sql, values).await?;
        row.as_ref().map(token).transpose()
    }

    /// Whether this revoked it; it was before, or had ended by itself, otherwise.
    pub(crate) async fn revoke_token(
        &self,
        token: &Authorized<EnrolmentToken>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let tenant = token.get().school.id.to_string();
        retrying(async || {
            let mut tx = self.db.begin(Scope::Tenant(&tenant)).await?;
            let revoked = tx
                .execute(
                    "UPDATE enrolment_tokens
                     SET revoked_at = $3, ended_at = CASE WHEN ended_at < $3 THEN ended_at ELSE $3 END
                     WHERE token_id = $1 AND school_id = $2 AND revoked_at IS NULL",
                    params![token.get().id.to_string(), &tenant, now.0],
                )
                .await?;
            tx.commit().await?;
            Ok(revoked == 1)
        })
        .await
    }
}

//! Authorities: the platform's own rows.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::AuthorityId;
use preau_storage_database::{Scope, params};

use super::rows::Columns;
use super::{Store, StoreError};
use crate::domain::directory::Authority;

impl Store {
    pub(crate) async fn insert_authority(
        &self,
        authority: &Authorized<Authority>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Authority { id, name } = authority.get();
        let mut tx = self.db.begin(Scope::Platform).await?;
        let sql = "INSERT INTO authorities (id, name, created_at) VALUES ($1, $2, $3)";
        tx.execute(sql, params![id.to_string(), name.as_str(), now.0])
            .await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn find_authority(
        &self,
        id: AuthorityId,
    ) -> Result<Option<Authority>, StoreError> {
        let sql = "SELECT name FROM authorities WHERE id = $1";
        let row = self
            .db
            .fetch_optional(Scope::Platform, sql, params![id.to_string()])
            .await?;
        row.map(|row| {
            Ok(Authority {
                id,
                name: Columns::of(&row, "authorities").name(0)?,
            })
        })
        .transpose()
    }
}

//! Schools: each is the tenant of its own row.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::SchoolId;
use preau_storage_database::{Scope, params};

use super::rows::Columns;
use super::{Store, StoreError};
use crate::domain::directory::School;

impl Store {
    pub(crate) async fn insert_school(
        &self,
        school: &Authorized<School>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let School {
            id,
            authority,
            uai,
            name,
        } = school.get();
        let id = id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&id)).await?;
        let sql = "INSERT INTO schools (id, authority_id, uai, name, created_at)
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let values = params![
            &id,
            authority.to_string(),
            uai.as_str(),
            name.as_str(),
            now.0
        ];
        if tx.execute(sql, values).await? == 0 {
            return Err(StoreError::UaiTaken);
        }
        Ok(tx.commit().await?)
    }

    pub(crate) async fn find_school(&self, id: SchoolId) -> Result<Option<School>, StoreError> {
        let text = id.to_string();
        let sql = "SELECT authority_id, uai, name FROM schools WHERE id = $1";
        let row = self
            .db
            .fetch_optional(Scope::Tenant(&text), sql, params![&text])
            .await?;
        row.map(|row| {
            let columns = Columns::of(&row, "schools");
            Ok(School {
                id,
                authority: columns.parse(0, "authority id")?,
                uai: columns.parse(1, "UAI")?,
                name: columns.name(2)?,
            })
        })
        .transpose()
    }
}

//! Schools: each is the tenant of its own row.

use preau_kernel::access::{Authorized, Role};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{PersonId, SchoolId};
use preau_kernel::names::Name;
use preau_storage_database::{Row, Scope, params};

use super::rows::{Columns, role_number};
use super::{Store, StoreError};
use crate::domain::directory::{School, sort_key};

/// Where a page of schools begins: after this name and id.
#[derive(Clone, Debug, Default)]
pub(crate) struct SchoolKey {
    pub(crate) name: String,
    pub(crate) id: String,
}

impl SchoolKey {
    pub(crate) fn of(school: &School) -> SchoolKey {
        SchoolKey {
            name: sort_key(&school.name),
            id: school.id.to_string(),
        }
    }
}

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
        let sql = "INSERT INTO schools (id, authority_id, uai, name, name_key, created_at)
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
        let values = params![
            &id,
            authority.to_string(),
            uai.as_str(),
            name.as_str(),
            sort_key(name),
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
        row.as_ref().map(|row| school(row, id)).transpose()
    }

    /// At most `limit` schools after `after`, by name, on which the person's grants in force make an administrator:
    /// of the school, of its authority or of the platform.
    pub(crate) async fn administered_schools(
        &self,
        person: &Authorized<PersonId>,
        after: &SchoolKey,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<School>, StoreError> {
        let sql = "SELECT s.authority_id, s.uai, s.name, s.id FROM schools s
                   WHERE (s.name_key, s.id) > ($1, $2) AND EXISTS (
                       SELECT 1 FROM grants g
                       WHERE g.person_id = $3 AND g.begins_at <= $4
                         AND (g.ends_at IS NULL OR g.ends_at > $4)
                         AND (g.role = $5 OR (g.role = $6 AND g.authority_id = s.authority_id)
                              OR (g.role = $7 AND g.school_id = s.id)))
                   ORDER BY s.name_key, s.id LIMIT $8";
        let values = params![
            &after.name,
            &after.id,
            person.get().to_string(),
            now.0,
            role_number(Role::PlatformAdmin),
            role_number(Role::AuthorityAdmin),
            role_number(Role::SchoolAdmin),
            limit,
        ];
        let rows = self.db.fetch_all(Scope::Platform, sql, values).await?;
        rows.iter()
            .map(|row| school(row, Columns::of(row, "schools").parse(3, "school id")?))
            .collect()
    }

    /// Gives schools of before 0002 the key they are listed by. Folding is not SQL's to do, so the migration could not.
    pub(crate) async fn fill_school_keys(&self) -> Result<(), StoreError> {
        let sql = "SELECT id, name FROM schools WHERE name_key = ''";
        let unfilled = self.db.fetch_all(Scope::Platform, sql, params![]).await?;
        if unfilled.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin(Scope::Platform).await?;
        for row in &unfilled {
            let name: Name = Columns::of(row, "schools").name(1)?;
            let sql = "UPDATE schools SET name_key = $2 WHERE id = $1";
            tx.execute(sql, params![row.text(0)?, sort_key(&name)])
                .await?;
        }
        Ok(tx.commit().await?)
    }
}

fn school(row: &Row, id: SchoolId) -> Result<School, StoreError> {
    let columns = Columns::of(row, "schools");
    Ok(School {
        id,
        authority: columns.parse(0, "authority id")?,
        uai: columns.parse(1, "UAI")?,
        name: columns.name(2)?,
    })
}

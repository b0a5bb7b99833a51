use std::collections::HashMap;

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{PersonId, SpaceId};
use preau_storage_database::{Scope, Value, params};

use super::rows::{self, CLASS, PERSON};
use super::{Store, retrying};
use crate::domain::{MyClass, PERSONAL, Space, Tenant};
use crate::error::Error;

/// Classes looked up by one statement: the number of its placeholders.
const BATCH: usize = 20;

/// A space that shall be there.
struct Wanted<'a> {
    kind: i64,
    holder: String,
    tenant: Tenant,
    authority: String,
    name: &'a str,
}

impl<'a> From<&'a MyClass> for Wanted<'a> {
    fn from(class: &'a MyClass) -> Self {
        Self {
            kind: CLASS,
            holder: class.id.to_string(),
            tenant: class.school.into(),
            authority: class.authority.to_string(),
            name: &class.name,
        }
    }
}

impl Store {
    /// A space: what an authorization is decided from, so it asks for none.
    pub(crate) async fn space(&self, space: SpaceId) -> Result<Option<Space>, Error> {
        let row = self
            .db
            .fetch_optional(
                Scope::Platform,
                "SELECT space_id, kind, holder_id, school_id, authority_id, name
                 FROM spaces WHERE space_id = $1",
                params![space.to_string()],
            )
            .await?;
        row.as_ref().map(rows::space).transpose()
    }

    /// The spaces of these classes, which are the authorized person's; those missing are made, those whose class was
    /// renamed are renamed. Writes nothing when there is nothing to change.
    pub(crate) async fn spaces_of(
        &self,
        _person: &Authorized<PersonId>,
        classes: &[MyClass],
        now: Timestamp,
    ) -> Result<Vec<Space>, Error> {
        let mut known = HashMap::with_capacity(classes.len());
        for batch in classes.chunks(BATCH) {
            let spaces = self.known_spaces(batch).await?;
            known.extend(spaces);
        }
        let mut spaces = Vec::with_capacity(classes.len());
        for class in classes {
            spaces.push(match known.remove(&class.id.to_string()) {
                Some(space) if space.name == class.name => space,
                _ => {
                    let wanted = Wanted::from(class);
                    retrying(|| self.make_or_rename_space(&wanted, now)).await?
                }
            });
        }
        Ok(spaces)
    }

    /// The authorized person's own space, made if there is none yet.
    pub(crate) async fn personal_space(
        &self,
        person: &Authorized<PersonId>,
        tenant: &Tenant,
        now: Timestamp,
    ) -> Result<Space, Error> {
        let person = person.get().to_string();
        let row = self
            .db
            .fetch_optional(
                Scope::Platform,
                "SELECT space_id, kind, holder_id, school_id, authority_id, name
                 FROM spaces WHERE holder_id = $1",
                params![person.as_str()],
            )
            .await?;
        if let Some(row) = row {
            return rows::space(&row);
        }
        let wanted = Wanted {
            kind: PERSON,
            holder: person,
            tenant: tenant.clone(),
            authority: String::new(),
            name: PERSONAL,
        };
        retrying(|| self.make_or_rename_space(&wanted, now)).await
    }

    /// Those of these classes, by the class's id.
    async fn known_spaces(&self, classes: &[MyClass]) -> Result<Vec<(String, Space)>, Error> {
        let ids = classes
            .iter()
            .map(|class| Value::from(class.id.to_string()));
        // No class's id is empty: the placeholders left over match nothing.
        let ids: Vec<Value> = ids
            .chain(std::iter::repeat(Value::from("")))
            .take(BATCH)
            .collect();
        let rows = self
            .db
            .fetch_all(
                Scope::Platform,
                "SELECT space_id, kind, holder_id, school_id, authority_id, name
                 FROM spaces
                 WHERE holder_id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
                                    $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
                &ids,
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.text(2)?, rows::space(row)?)))
            .collect()
    }

    async fn make_or_rename_space(
        &self,
        wanted: &Wanted<'_>,
        now: Timestamp,
    ) -> Result<Space, Error> {
        let tenant = wanted.tenant.as_str();
        let fresh = SpaceId::new().to_string();
        let mut tx = self.db.begin(Scope::Tenant(tenant)).await?;
        let row = tx
            .fetch_one(
                "INSERT INTO spaces (space_id, kind, holder_id, school_id, authority_id, name, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (holder_id) DO UPDATE SET name = excluded.name
                 RETURNING space_id, kind, holder_id, school_id, authority_id, name",
                params![
                    fresh.as_str(),
                    wanted.kind,
                    wanted.holder.as_str(),
                    tenant,
                    wanted.authority.as_str(),
                    wanted.name,
                    now.0,
                ],
            )
            .await?;
        if row.str(0)? == fresh {
            // The root: nobody's, nameless, told apart by having no parent.
            tx.execute(
                "INSERT INTO nodes
                     (node_id, space_id, school_id, parent_id, depth, name, name_fold, created_by, created_at)
                 VALUES ($1, $1, $2, NULL, 0, '', '', '', $3)",
                params![fresh.as_str(), tenant, now.0],
            )
            .await?;
        }
        tx.commit().await?;
        rows::space(&row)
    }
}

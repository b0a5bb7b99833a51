use std::collections::HashMap;

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{PersonId, SpaceId};
use preau_storage_database::{Scope, Value, params};

use super::rows;
use super::{Store, retrying};
use crate::domain::{MyClass, Space};
use crate::error::Error;

/// Classes looked up by one statement: the number of its placeholders.
const BATCH: usize = 20;

impl Store {
    /// A space: what an authorization is decided from, so it asks for none.
    pub(crate) async fn space(&self, space: SpaceId) -> Result<Option<Space>, Error> {
        let row = self
            .db
            .fetch_optional(
                Scope::Platform,
                "SELECT space_id, class_id, school_id, authority_id, name
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
            known.extend(spaces.into_iter().map(|space| (space.class, space)));
        }
        let mut spaces = Vec::with_capacity(classes.len());
        for class in classes {
            spaces.push(match known.remove(&class.id) {
                Some(space) if space.name == class.name => space,
                _ => retrying(|| self.make_or_rename_space(class, now)).await?,
            });
        }
        Ok(spaces)
    }

    async fn known_spaces(&self, classes: &[MyClass]) -> Result<Vec<Space>, Error> {
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
                "SELECT space_id, class_id, school_id, authority_id, name
                 FROM spaces
                 WHERE class_id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
                                    $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
                &ids,
            )
            .await?;
        rows.iter().map(rows::space).collect()
    }

    async fn make_or_rename_space(&self, class: &MyClass, now: Timestamp) -> Result<Space, Error> {
        let school = class.school.to_string();
        let fresh = SpaceId::new().to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        let row = tx
            .fetch_one(
                "INSERT INTO spaces (space_id, class_id, school_id, authority_id, name, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (class_id) DO UPDATE SET name = excluded.name
                 RETURNING space_id, class_id, school_id, authority_id, name",
                params![
                    fresh.as_str(),
                    class.id.to_string(),
                    school.as_str(),
                    class.authority.to_string(),
                    class.name.as_str(),
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
                params![fresh.as_str(), school.as_str(), now.0],
            )
            .await?;
        }
        tx.commit().await?;
        rows::space(&row)
    }
}

//! Names of people of one school, many at once.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::PersonId;
use preau_storage_database::{Row, Scope, Value};

use super::rows::Columns;
use super::{Store, StoreError};
use crate::domain::directory::{PersonName, School};

/// Ids of one statement.
const CHUNK: usize = 40;

// A person of another school may hold a role here, and is not in this tenant: the school is said in the statement.
const NAMES: &str = "SELECT p.id, p.given_name, p.family_name FROM people p
    WHERE (p.school_id = $1 OR EXISTS (SELECT 1 FROM grants g WHERE g.person_id = p.id AND g.school_id = $1
               AND g.begins_at <= $2 AND (g.ends_at IS NULL OR g.ends_at > $2)))
      AND p.id IN (
          $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
          $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
          $23, $24, $25, $26, $27, $28, $29, $30, $31, $32,
          $33, $34, $35, $36, $37, $38, $39, $40, $41, $42)";

impl Store {
    /// Those of `people` whose own school it is, or who hold a role there now.
    pub(crate) async fn names(
        &self,
        school: &Authorized<School>,
        people: &[PersonId],
        now: Timestamp,
    ) -> Result<Vec<PersonName>, StoreError> {
        let mut names = Vec::with_capacity(people.len());
        for chunk in people.chunks(CHUNK) {
            let mut values: Vec<Value> = vec![school.get().id.to_string().into(), now.0.into()];
            values.extend(chunk.iter().map(|person| person.to_string().into()));
            // No id is empty.
            values.resize(2 + CHUNK, "".into());
            let rows = self.db.fetch_all(Scope::Platform, NAMES, &values).await?;
            for row in &rows {
                names.push(name(row)?);
            }
        }
        Ok(names)
    }
}

fn name(row: &Row) -> Result<PersonName, StoreError> {
    let columns = Columns::of(row, "people");
    Ok(PersonName {
        id: columns.parse(0, "person id")?,
        given: columns.name(1)?,
        family: columns.name(2)?,
    })
}

//! Where the two databases differ: many rows in one statement, from a JSON array of arrays.

use preau_storage_database::{Dialect, Tx, params};
use serde_json::{Value, json};

use super::StoreError;
use super::role_number;
use crate::domain::directory::sort_key;
use crate::domain::import::{Batch, ImportedPerson, Told};
use preau_kernel::ids::GrantId;

/// Inserts what a batch says.
pub(super) async fn insert(tx: &mut Tx, dialect: Dialect, batch: &Batch) -> Result<(), StoreError> {
    let people: Vec<Value> = batch.people.iter().enumerate().map(person).collect();
    let roles: Vec<Value> = batch.people.iter().enumerate().flat_map(roles).collect();
    let absences: Vec<Value> = batch
        .absent
        .iter()
        .map(|id| json!([id.to_string()]))
        .collect();
    let statements = match dialect {
        Dialect::Sqlite => [SQLITE_PEOPLE, SQLITE_ROLES, SQLITE_ABSENCES],
        Dialect::Postgres => [POSTGRES_PEOPLE, POSTGRES_ROLES, POSTGRES_ABSENCES],
    };
    let (import, school) = (batch.import.to_string(), batch.school.to_string());
    for (sql, rows) in statements.into_iter().zip([people, roles, absences]) {
        if !rows.is_empty() {
            let rows = Value::Array(rows).to_string();
            tx.execute(sql, params![&import, &school, batch.number, rows])
                .await?;
        }
    }
    Ok(())
}

fn person((ord, told): (usize, &Told)) -> Value {
    let id = told.person.to_string();
    match &told.said {
        Ok(ImportedPerson {
            given,
            family,
            login,
            enabled,
            ..
        }) => json!([
            ord,
            id,
            given.as_str(),
            family.as_str(),
            sort_key(given),
            sort_key(family),
            login.text(),
            login.key(),
            i64::from(*enabled),
            "",
            "",
            "",
        ]),
        Err(refusal) => json!([
            ord,
            id,
            "",
            "",
            "",
            "",
            "",
            "",
            0,
            refusal.reason.text(),
            refusal.field,
            refusal.message,
        ]),
    }
}

fn roles((ord, told): (usize, &Told)) -> Vec<Value> {
    let roles = told.said.as_ref().map(|said| said.roles.as_slice());
    let roles = roles.unwrap_or_default().iter();
    roles
        .map(|role| {
            json!([
                ord,
                role_number(role.role),
                GrantId::new().to_string(),
                role.begins.map(|at| at.0),
                role.ends.map(|at| at.0),
            ])
        })
        .collect()
}

macro_rules! into_people {
    () => {
        "INSERT INTO import_people (import_id, tenant, batch, ord, person_id, target, given_name,
             family_name, given_key, family_key, login, login_key, enabled, reason, field, message)
         SELECT $1, $2, $3, "
    };
}

macro_rules! into_roles {
    () => {
        "INSERT INTO import_roles (import_id, tenant, batch, ord, role, grant_id, begins_at, ends_at)
         SELECT $1, $2, $3, "
    };
}

macro_rules! into_absences {
    () => {
        "INSERT INTO import_absences (import_id, tenant, batch, person_id) SELECT DISTINCT $1, $2, CAST($3 AS BIGINT), "
    };
}

const SQLITE_PEOPLE: &str = concat!(
    into_people!(),
    "e.value ->> 0, e.value ->> 1, e.value ->> 1, e.value ->> 2, e.value ->> 3, e.value ->> 4, e.value ->> 5,
     e.value ->> 6, e.value ->> 7, e.value ->> 8, e.value ->> 9, e.value ->> 10, e.value ->> 11
     FROM json_each($4) e"
);

const POSTGRES_PEOPLE: &str = concat!(
    into_people!(),
    "CAST(e.value ->> 0 AS BIGINT), e.value ->> 1, e.value ->> 1, e.value ->> 2, e.value ->> 3, e.value ->> 4,
     e.value ->> 5, e.value ->> 6, e.value ->> 7, CAST(e.value ->> 8 AS BIGINT), e.value ->> 9, e.value ->> 10,
     e.value ->> 11
     FROM jsonb_array_elements(CAST($4 AS JSONB)) e"
);

const SQLITE_ROLES: &str = concat!(
    into_roles!(),
    "e.value ->> 0, e.value ->> 1, e.value ->> 2, e.value ->> 3, e.value ->> 4 FROM json_each($4) e"
);

const POSTGRES_ROLES: &str = concat!(
    into_roles!(),
    "CAST(e.value ->> 0 AS BIGINT), CAST(e.value ->> 1 AS BIGINT), e.value ->> 2,
     CAST(e.value ->> 3 AS BIGINT), CAST(e.value ->> 4 AS BIGINT)
     FROM jsonb_array_elements(CAST($4 AS JSONB)) e"
);

const SQLITE_ABSENCES: &str = concat!(into_absences!(), "e.value ->> 0 FROM json_each($4) e");

const POSTGRES_ABSENCES: &str = concat!(
    into_absences!(),
    "e.value ->> 0 FROM jsonb_array_elements(CAST($4 AS JSONB)) e"
);

//! People, read with their login and their grants.

use std::collections::HashMap;

use preau_kernel::access::Authorized;
use preau_kernel::ids::PersonId;
use preau_storage_database::{Row, Scope, Tx, params};

use super::accounts::insert_account;
use super::grants::insert;
use super::rows::{Columns, grant, grant_columns};
use super::{Store, StoreError};
use crate::domain::directory::{NewPerson, Person, School, sort_key};
use crate::domain::grants::DatedGrant;

/// Where a page of people begins: after this family name, given name and id.
#[derive(Clone, Debug, Default)]
pub(crate) struct PersonKey {
    pub(crate) family: String,
    pub(crate) given: String,
    pub(crate) id: String,
}

impl PersonKey {
    pub(crate) fn of(person: &Person) -> PersonKey {
        PersonKey {
            family: sort_key(&person.family),
            given: sort_key(&person.given),
            id: person.id.to_string(),
        }
    }
}

macro_rules! person_columns {
    () => {
        "p.id, p.school_id, s.authority_id, p.given_name, p.family_name, a.login"
    };
}

macro_rules! people_with_homes {
    () => {
        " FROM people p
          LEFT JOIN schools s ON s.id = p.school_id
          LEFT JOIN accounts a ON a.person_id = p.id "
    };
}

// After an empty key comes everybody: no id is empty.
macro_rules! page {
    () => {
        "p.school_id = $1 AND (p.family_key, p.given_key, p.id) > ($2, $3, $4)
         ORDER BY p.family_key, p.given_key, p.id LIMIT $5"
    };
}

impl Store {
    /// The person, the first grant and the account: all or nothing.
    pub(crate) async fn insert_person(
        &self,
        person: &Authorized<NewPerson>,
        by: PersonId,
    ) -> Result<(), StoreError> {
        let person = person.get();
        let mut tx = self.db.begin(Scope::Tenant(&person.home.tenant())).await?;
        insert_new(&mut tx, person, Some(by)).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn find_person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        let id = id.to_string();
        let sql = concat!(
            "SELECT ",
            person_columns!(),
            people_with_homes!(),
            "WHERE p.id = $1"
        );
        let Some(row) = self
            .db
            .fetch_optional(Scope::Platform, sql, params![&id])
            .await?
        else {
            return Ok(None);
        };
        let sql = concat!(
            "SELECT ",
            grant_columns!(),
            " FROM grants g LEFT JOIN schools gs ON gs.id = g.school_id
              WHERE g.person_id = $1 ORDER BY g.begins_at, g.id"
        );
        let grants = self
            .db
            .fetch_all(Scope::Platform, sql, params![&id])
            .await?;
        let grants = grants.iter().map(grant).collect::<Result<_, _>>()?;
        person(&row, grants).map(Some)
    }

    /// At most `limit` people of the school after `after`, by name.
    pub(crate) async fn list_people(
        &self,
        school: &Authorized<School>,
        after: &PersonKey,
        limit: u32,
    ) -> Result<Vec<Person>, StoreError> {
        let school = school.get().id.to_string();
        let values = params![&school, &after.family, &after.given, &after.id, limit];
        let sql = concat!(
            "SELECT ",
            person_columns!(),
            people_with_homes!(),
            "WHERE ",
            page!()
        );
        let rows = self
            .db
            .fetch_all(Scope::Tenant(&school), sql, values)
            .await?;
        // A person's grant may be on another school, whose row this tenant does not see.
        let sql = concat!(
            "SELECT ",
            grant_columns!(),
            " FROM grants g LEFT JOIN schools gs ON gs.id = g.school_id
              WHERE g.person_id IN (SELECT p.id FROM people p WHERE ",
            page!(),
            ") ORDER BY g.begins_at, g.id"
        );
        let mut grants: HashMap<PersonId, Vec<DatedGrant>> = HashMap::new();
        for row in self
            .db
            .fetch_all(Scope::Tenant(&school), sql, values)
            .await?
        {
            let grant = grant(&row)?;
            grants.entry(grant.person).or_default().push(grant);
        }
        rows.iter()
            .map(|row| {
                let id = Columns::of(row, "people").parse(0, "person id")?;
                person(row, grants.remove(&id).unwrap_or_default())
            })
            .collect()
    }
}

pub(super) async fn insert_new(
    tx: &mut Tx,
    person: &NewPerson,
    by: Option<PersonId>,
) -> Result<(), StoreError> {
    let tenant = person.home.tenant();
    let sql = "INSERT INTO people (id, tenant, school_id, given_name, family_name, family_key,
                                   given_key, disabled_at, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8)";
    let values = params![
        person.id.to_string(),
        &tenant,
        person.home.school().map(|id| id.to_string()),
        person.given.as_str(),
        person.family.as_str(),
        sort_key(&person.family),
        sort_key(&person.given),
        person.created.0,
    ];
    tx.execute(sql, values).await?;
    insert(tx, &tenant, &person.grant, by, person.created).await?;
    match &person.account {
        Some(account) => insert_account(tx, &tenant, person.id, account, person.created).await,
        None => Ok(()),
    }
}

fn person(row: &Row, grants: Vec<DatedGrant>) -> Result<Person, StoreError> {
    let columns = Columns::of(row, "people");
    Ok(Person {
        id: columns.parse(0, "person id")?,
        home: columns.home(1)?,
        given: columns.name(3)?,
        family: columns.name(4)?,
        login: row.opt_text(5)?,
        grants,
    })
}

//! Imports of people: staged aside batch by batch, checked, taken over in one transaction.
//!
//! What is written is written as the school's tenant. What is checked is read with the platform's scope, because logins
//! are unique on the platform; whoever is faster than the check meets the unique keys.

mod commit;
mod rows;
mod staged;
mod statements;

use preau_kernel::access::{Authorized, Role};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{ImportId, PersonId, SchoolId};
use preau_storage_database::{Row, Scope, Tx, Value, params};

use super::rows::{Columns, role, role_number};
use super::{Store, StoreError};
use crate::domain::grants::{DatedGrant, GrantRefusal, On, Period, may_grant};
use crate::domain::import::{Batch, Reason, Refusal};

pub(crate) use staged::StagedBatch;

/// An import as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) id: ImportId,
    pub(crate) school: SchoolId,
    pub(crate) staged_by: PersonId,
    /// How often something was staged.
    pub(crate) changes: i64,
    /// Once committed: accounts that had no password then, of people who may sign in.
    pub(crate) committed: Option<u32>,
}

/// Who stages what, and what they may grant.
pub(crate) struct Staging<'a> {
    pub(crate) by: PersonId,
    pub(crate) held: &'a [DatedGrant],
    pub(crate) on: On,
    pub(crate) now: Timestamp,
}

impl Import {
    /// The parameters of `statements`, always in this order; a statement takes as many of them as it names.
    fn values(&self, now: Timestamp, batches: (u32, u32)) -> [Value; 7] {
        [
            Value::from(self.id.to_string()),
            Value::from(self.school.to_string()),
            Value::from(now.0),
            Value::from(self.staged_by.to_string()),
            Value::from(role_number(Role::SchoolAdmin)),
            Value::from(batches.0),
            Value::from(batches.1),
        ]
    }
}

impl Store {
    pub(crate) async fn find_import(&self, id: ImportId) -> Result<Option<Import>, StoreError> {
        let sql = "SELECT school_id, staged_by, changes, committed_at, without_password
                   FROM people_imports WHERE id = $1";
        let row = self
            .db
            .fetch_optional(Scope::Platform, sql, params![id.to_string()])
            .await?;
        row.map(|row| {
            let columns = Columns::of(&row, "people_imports");
            let without_password =
                u32::try_from(row.int(4)?).map_err(|_| columns.damaged("count"))?;
            Ok(Import {
                id,
                school: columns.parse(0, "school id")?,
                staged_by: columns.parse(1, "person id")?,
                changes: row.int(2)?,
                committed: row.opt_int(3)?.map(|_| without_password),
            })
        })
        .transpose()
    }

    /// Puts one batch aside, in place of an earlier one of its number; batch 0 forgets the others too. One transaction.
    pub(crate) async fn stage(
        &self,
        batch: &Authorized<Batch>,
        staging: &Staging<'_>,
    ) -> Result<(), StoreError> {
        let batch = batch.get();
        let school = batch.school.to_string();
        let mut tx = self.db.begin_bulk(Scope::Tenant(&school)).await?;
        if batch.number == 0 {
            begin(&mut tx, batch, staging).await?;
        } else {
            go_on(&mut tx, batch, staging).await?;
        }
        rows::insert(&mut tx, self.db.dialect(), batch).await?;
        let import = Import {
            id: batch.import,
            school: batch.school,
            staged_by: staging.by,
            changes: 0,
            committed: None,
        };
        let values = import.values(staging.now, (batch.number, batch.number));
        tx.execute(statements::ADOPT, &values).await?;
        refuse_grants(&mut tx, &values, staging).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets what was staged for an import that is not committed; nothing when there is none.
    pub(crate) async fn abort_import(&self, import: &Import) -> Result<(), StoreError> {
        let school = import.school.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        forget(&mut tx, import.id).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets every school's imports that were begun before `then` and not committed since: they hold people's names.
    pub(crate) async fn drop_stale_imports(&self, then: Timestamp) -> Result<(), StoreError> {
        let sql = "SELECT id FROM people_imports WHERE committed_at IS NULL AND begun_at < $1";
        let stale = self
            .db
            .fetch_all(Scope::Platform, sql, params![then.0])
            .await?;
        if stale.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin(Scope::Platform).await?;
        for row in &stale {
            let id = Columns::of(row, "people_imports").parse(0, "import id")?;
            forget(&mut tx, id).await?;
        }
        Ok(tx.commit().await?)
    }
}

async fn begin(tx: &mut Tx, batch: &Batch, staging: &Staging<'_>) -> Result<(), StoreError> {
    forget(tx, batch.import).await?;
    let sql = "INSERT INTO people_imports (id, tenant, school_id, staged_by, changes, begun_at,
                                           committed_at, without_password)
               VALUES ($1, $2, $2, $3, 1, $4, NULL, 0) ON CONFLICT DO NOTHING";
    let (id, school) = (batch.import.to_string(), batch.school.to_string());
    let values = params![id, school, staging.by.to_string(), staging.now.0];
    if tx.execute(sql, values).await? == 0 {
        return Err(StoreError::ImportChanged);
    }
    Ok(())
}

async fn go_on(tx: &mut Tx, batch: &Batch, staging: &Staging<'_>) -> Result<(), StoreError> {
    let sql = "UPDATE people_imports SET changes = changes + 1
               WHERE id = $1 AND school_id = $2 AND staged_by = $3 AND committed_at IS NULL";
    let (id, school) = (batch.import.to_string(), batch.school.to_string());
    if tx
        .execute(sql, params![&id, school, staging.by.to_string()])
        .await?
        == 0
    {
        return Err(StoreError::ImportChanged);
    }
    for sql in [
        "DELETE FROM import_people WHERE import_id = $1 AND batch = $2",
        "DELETE FROM import_roles WHERE import_id = $1 AND batch = $2",
        "DELETE FROM import_absences WHERE import_id = $1 AND batch = $2",
    ] {
        tx.execute(sql, params![&id, batch.number]).await?;
    }
    Ok(())
}

// The row of the import goes first: it is what a commit under way holds.
async fn forget(tx: &mut Tx, import: ImportId) -> Result<(), StoreError> {
    let import = import.to_string();
    let sql = "DELETE FROM people_imports WHERE id = $1 AND committed_at IS NULL";
    if tx.execute(sql, params![&import]).await? > 0 {
        forget_staged(tx, &import).await?;
    }
    Ok(())
}

async fn forget_staged(tx: &mut Tx, import: &str) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM import_people WHERE import_id = $1",
        "DELETE FROM import_roles WHERE import_id = $1",
        "DELETE FROM import_absences WHERE import_id = $1",
    ] {
        tx.execute(sql, params![import]).await?;
    }
    Ok(())
}

// Only what the import would add or change is held against the stager's own grants.
async fn refuse_grants(
    tx: &mut Tx,
    values: &[Value; 7],
    staging: &Staging<'_>,
) -> Result<(), StoreError> {
    for row in tx.fetch_all(statements::GRANTS_WANTED, values).await? {
        let Some((_, refusal)) = refused_grant(&row, staging)? else {
            continue;
        };
        let sql = "UPDATE import_people SET reason = $4, field = $5, message = $6
                   WHERE import_id = $1 AND batch = $2 AND ord = $3";
        let refused = params![
            &values[0],
            row.int(0)?,
            row.int(1)?,
            refusal.reason.text(),
            refusal.field,
            refusal.message,
        ];
        tx.execute(sql, refused).await?;
    }
    Ok(())
}

/// Whether the stager may not give the grant of a row of `GRANTS_WANTED`: whom it is for, and why not.
fn refused_grant(
    row: &Row,
    staging: &Staging<'_>,
) -> Result<Option<(PersonId, Refusal)>, StoreError> {
    let columns = Columns::of(row, "import_roles");
    let role = role(row.int(2)?).ok_or_else(|| columns.damaged("role"))?;
    let period = Period {
        begins: columns.time(3)?,
        ends: columns.time_opt(4)?,
    };
    let reason = match may_grant(staging.held, role, staging.on, period, staging.now) {
        Ok(()) => return Ok(None),
        Err(GrantRefusal::Outlasts) => Reason::GrantOutlasts,
        Err(_) => Reason::GrantNotHeld,
    };
    let person = columns.parse(5, "person id")?;
    Ok(Some((person, Refusal::new(reason, "roles", ""))))
}

//! Grants: inserted, ended, never deleted.

use preau_kernel::access::{Authorized, Role};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{GrantId, PersonId};
use preau_storage_database::{Scope, Tx, params};

use super::administrators::platform_admins;
use super::rows::{grant, grant_columns, role_number, scope_columns};
use super::{PLATFORM_ADMINS, Store, StoreError, take_turn};
use crate::domain::directory::Person;
use crate::domain::grants::{DatedGrant, MAX_OPEN};

impl Store {
    /// Every grant on record of a person.
    pub(crate) async fn grants_of(&self, person: PersonId) -> Result<Vec<DatedGrant>, StoreError> {
        let sql = concat!(
            "SELECT ",
            grant_columns!(),
            " FROM grants g LEFT JOIN schools gs ON gs.id = g.school_id
              WHERE g.person_id = $1 ORDER BY g.begins_at, g.id"
        );
        let rows = self
            .db
            .fetch_all(Scope::Platform, sql, params![person.to_string()])
            .await?;
        rows.iter().map(grant).collect()
    }

    /// What a principal token may carry now: the grants in force, the farthest reaching first.
    pub(crate) async fn grants_in_force(
        &self,
        person: PersonId,
        now: Timestamp,
    ) -> Result<Vec<DatedGrant>, StoreError> {
        let sql = concat!(
            "SELECT ",
            grant_columns!(),
            " FROM grants g LEFT JOIN schools gs ON gs.id = g.school_id
              WHERE g.person_id = $1 AND g.begins_at <= $2 AND (g.ends_at IS NULL OR g.ends_at > $2)
              ORDER BY g.role DESC, g.begins_at, g.id LIMIT $3"
        );
        let limit = i64::try_from(MAX_OPEN).unwrap_or(i64::MAX);
        let values = params![person.to_string(), now.0, limit];
        let rows = self.db.fetch_all(Scope::Platform, sql, values).await?;
        rows.iter().map(grant).collect()
    }

    pub(crate) async fn find_grant(&self, id: GrantId) -> Result<Option<DatedGrant>, StoreError> {
        let sql = concat!(
            "SELECT ",
            grant_columns!(),
            " FROM grants g LEFT JOIN schools gs ON gs.id = g.school_id WHERE g.id = $1"
        );
        let row = self
            .db
            .fetch_optional(Scope::Platform, sql, params![id.to_string()])
            .await?;
        row.as_ref().map(grant).transpose()
    }

    /// Refuses a second grant of the same role on the same scope at the same time, and a
    /// sixty-fifth open one. Whoever becomes an administrator loses a first-use code from before.
    pub(crate) async fn insert_grant(
        &self,
        person: &Authorized<Person>,
        grant: &DatedGrant,
        by: PersonId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tenant = person.get().home.tenant();
        let mut tx = self.db.begin(Scope::Tenant(&tenant)).await?;
        lock_person(&mut tx, grant.person).await?;
        if overlapping(&mut tx, grant).await? > 0 {
            return Err(StoreError::GrantExists);
        }
        if open_grants(&mut tx, grant.person, now).await? >= MAX_OPEN as i64 {
            return Err(StoreError::TooManyGrants);
        }
        insert(&mut tx, &tenant, grant, Some(by), now).await?;
        if grant.role >= Role::SchoolAdmin {
            // A code handed out before was meant for less: whoever holds it must not become an administrator by it.
            let sql = "DELETE FROM first_use_codes WHERE person_id = $1";
            tx.execute(sql, params![grant.person.to_string()]).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Ends a grant now. One that has ended keeps its end; one that has not begun never will.
    pub(crate) async fn end_grant(
        &self,
        grant: &Authorized<DatedGrant>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let grant = grant.get();
        // The platform's scope: the grant's tenant is its person's home, and administrators are counted across homes.
        let mut tx = self.db.begin(Scope::Platform).await?;
        let guarded = grant.role == Role::PlatformAdmin && grant.period.is_in_force(now);
        if guarded {
            take_turn(&mut tx, PLATFORM_ADMINS).await?;
        }
        let sql = "UPDATE grants SET ends_at = $2
                   WHERE id = $1 AND (ends_at IS NULL OR ends_at > $2)";
        tx.execute(sql, params![grant.id.to_string(), now.0])
            .await?;
        if guarded && platform_admins(&mut tx, now).await? == 0 {
            return Err(StoreError::LastPlatformAdmin);
        }
        Ok(tx.commit().await?)
    }
}

pub(super) async fn insert(
    tx: &mut Tx,
    tenant: &str,
    grant: &DatedGrant,
    by: Option<PersonId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (authority, school) = scope_columns(grant.on.scope);
    let sql = "INSERT INTO grants (id, tenant, person_id, role, authority_id, school_id, begins_at,
                                   ends_at, granted_by, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = params![
        grant.id.to_string(),
        tenant,
        grant.person.to_string(),
        role_number(grant.role),
        authority,
        school,
        grant.period.begins.0,
        grant.period.ends.map(|ends| ends.0),
        by.map(|by| by.to_string()),
        now.0,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

// Two grants to one person take turns, so that what is counted below stays true until commit.
async fn lock_person(tx: &mut Tx, person: PersonId) -> Result<(), StoreError> {
    let sql = "UPDATE people SET created_at = created_at WHERE id = $1";
    tx.execute(sql, params![person.to_string()]).await?;
    Ok(())
}

async fn overlapping(tx: &mut Tx, grant: &DatedGrant) -> Result<i64, StoreError> {
    let (authority, school) = scope_columns(grant.on.scope);
    let sql = "SELECT COUNT(*) FROM grants
               WHERE person_id = $1 AND role = $2
                 AND COALESCE(authority_id, '') = $3 AND COALESCE(school_id, '') = $4
                 AND begins_at < $6 AND (ends_at IS NULL OR ends_at > $5)";
    let values = params![
        grant.person.to_string(),
        role_number(grant.role),
        authority.unwrap_or_default(),
        school.unwrap_or_default(),
        grant.period.begins.0,
        grant.period.ends.map_or(i64::MAX, |ends| ends.0),
    ];
    Ok(tx.fetch_one(sql, values).await?.int(0)?)
}

async fn open_grants(tx: &mut Tx, person: PersonId, now: Timestamp) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM grants
               WHERE person_id = $1 AND (ends_at IS NULL OR ends_at > $2)";
    Ok(tx
        .fetch_one(sql, params![person.to_string(), now.0])
        .await?
        .int(0)?)
}

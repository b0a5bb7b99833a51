//! The platform's administrators: there is a first one, and never none again by a slip.

use preau_kernel::access::Role;
use preau_kernel::clock::Timestamp;
use preau_storage_database::{Scope, Tx, params};

use super::people::insert_new;
use super::rows::role_number;
use super::{PLATFORM_ADMINS, Store, StoreError, take_turn};
use crate::domain::directory::NewPerson;

/// The proof that stands in for a caller's where there cannot be a caller yet: only
/// [`crate::Identity::create_first_admin`] makes one, and the store still refuses it when the
/// platform has an administrator.
pub(crate) struct FirstAdmin(pub(crate) NewPerson);

impl Store {
    pub(crate) async fn insert_first_admin(
        &self,
        admin: &FirstAdmin,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Scope::Platform).await?;
        take_turn(&mut tx, PLATFORM_ADMINS).await?;
        if platform_admins(&mut tx, now).await? > 0 {
            return Err(StoreError::AdminExists);
        }
        insert_new(&mut tx, &admin.0, None).await?;
        Ok(tx.commit().await?)
    }
}

/// How many people administer the platform now.
pub(super) async fn platform_admins(tx: &mut Tx, now: Timestamp) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(DISTINCT g.person_id) FROM grants g
               JOIN people p ON p.id = g.person_id AND p.disabled_at IS NULL
               WHERE g.role = $1 AND g.begins_at <= $2 AND (g.ends_at IS NULL OR g.ends_at > $2)";
    let row = tx
        .fetch_one(sql, params![role_number(Role::PlatformAdmin), now.0])
        .await?;
    Ok(row.int(0)?)
}

//! Roles: given and taken.

use preau_kernel::access::{Caller, Role, Scope};
use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::failure::Failure;
use preau_kernel::ids::{GrantId, PersonId};

use crate::audit;
use crate::domain::grants::{
    DatedGrant, GrantRefusal, On, Period, check_shape, may_grant, may_revoke,
};
use crate::store::Store;

/// Use cases around grants.
#[derive(Clone)]
pub(crate) struct Granting {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
}

/// What is asked of [`Granting::grant_role`].
pub(crate) struct GrantWanted {
    pub(crate) person: PersonId,
    pub(crate) role: Role,
    pub(crate) scope: Scope,
    pub(crate) begins: Option<Timestamp>,
    pub(crate) ends: Option<Timestamp>,
}

impl Granting {
    /// The granter's own grants are read from the database, not from the token: one revoked a
    /// moment ago grants nothing more.
    pub(crate) async fn grant_role(
        &self,
        caller: &Caller,
        wanted: GrantWanted,
    ) -> Result<DatedGrant, Failure> {
        let person = self.store.find_person(wanted.person).await?;
        let person = person.ok_or_else(|| Failure::not_found("person"))?;
        let proof = caller.authorize_hidden("person", &person.facts(), person)?;
        let now = self.clock.now();
        check_shape(wanted.role, wanted.scope)?;
        let period = Period::parse(wanted.begins.unwrap_or(now), wanted.ends, now)?;
        let granter = caller.principal().person;
        let held = self.store.grants_of(granter).await?;
        let on = self.on(wanted.scope, &held, now).await?;
        may_grant(&held, wanted.role, on, period, now)?;
        let grant = DatedGrant {
            id: GrantId::new(),
            person: wanted.person,
            role: wanted.role,
            on,
            period,
        };
        self.store
            .insert_grant(&proof, &grant, granter, now)
            .await?;
        audit::done("grant_role", caller, grant.id);
        Ok(grant)
    }

    /// The revoker's own grants are read from the database too: an administrator dismissed a
    /// moment ago dismisses nobody in return.
    pub(crate) async fn revoke_role(&self, caller: &Caller, id: GrantId) -> Result<(), Failure> {
        let grant = self
            .store
            .find_grant(id)
            .await?
            .ok_or_else(|| Failure::not_found("grant"))?;
        let proof = caller.authorize_hidden("grant", &grant.facts(), grant)?;
        let now = self.clock.now();
        let held = self.store.grants_of(caller.principal().person).await?;
        let wanted = proof.get();
        may_revoke(&held, wanted.role, wanted.on, now)?;
        self.store.end_grant(&proof, now).await?;
        audit::done("revoke_role", caller, id);
        Ok(())
    }

    // A scope that does not exist is refused like one that is not held, or the difference would
    // tell anybody which ids are taken; only the platform's administrators learn it.
    async fn on(&self, scope: Scope, held: &[DatedGrant], now: Timestamp) -> Result<On, Failure> {
        let (what, authority) = match scope {
            Scope::Platform => {
                return Ok(On {
                    scope,
                    authority: None,
                });
            }
            Scope::Authority(id) => (
                "authority",
                self.store.find_authority(id).await?.map(|found| found.id),
            ),
            Scope::School(id) => (
                "school",
                self.store
                    .find_school(id)
                    .await?
                    .map(|found| found.authority),
            ),
        };
        if authority.is_some() {
            return Ok(On { scope, authority });
        }
        let sees_all =
            |own: &DatedGrant| own.role == Role::PlatformAdmin && own.period.is_in_force(now);
        if held.iter().any(sees_all) {
            Err(Failure::not_found(what))
        } else {
            Err(GrantRefusal::NotHeld.into())
        }
    }
}

//! Use cases, each in the same order: look the object up → authorize → rule → store.

mod administering;
mod commanding;
mod credentials;
mod enrolling;
mod identity;
mod sightings;
#[cfg(test)]
mod tests;
mod timing;
mod watching;

use preau_kernel::access::Authorized;
use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::failure::Failure;
use preau_kernel::ids::{DeviceId, SchoolId};
use preau_rpc::{Incoming, Schools};

pub(crate) use administering::Page;
pub use timing::Timing;
pub(crate) use watching::{Answer, Following};

use crate::authority::Authority;
use crate::domain::{Device, School, of_caller};
use crate::error::Error;
use crate::store::{Desired, Store, Swept};
use crate::{Deps, ROLE};
use identity::Identity;
use sightings::Sightings;

/// The use cases of the fleet.
pub(crate) struct Fleet {
    store: Store,
    identity: Identity,
    schools: Schools,
    authority: Authority,
    sightings: Sightings,
    clock: Clock,
    timing: Timing,
}

impl Fleet {
    pub(crate) fn new(deps: Deps) -> Self {
        let store = Store::new(deps.db);
        Self {
            identity: Identity::new(&deps.mesh.client(ROLE, "identity")),
            schools: Schools::new(deps.mesh.client(ROLE, "identity")),
            sightings: Sightings::new(store.clone(), deps.clock.clone()),
            store,
            authority: deps.authority,
            clock: deps.clock,
            timing: deps.timing,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The school, if the caller may do in it what the method does; else the same answer as for an unknown id.
    async fn reach_school(
        &self,
        incoming: &Incoming,
        id: SchoolId,
    ) -> Result<Authorized<School>, Error> {
        let authority = self.schools.authority(incoming.call(), id).await?;
        let school = School { id, authority };
        let caller = incoming.caller()?;
        Ok(caller.authorize_hidden("school", &school.facts(), school)?)
    }

    /// The device, if the caller may do to it what the method does; else the same answer as for an unknown id.
    async fn reach_device(
        &self,
        incoming: &Incoming,
        id: DeviceId,
    ) -> Result<Authorized<Device>, Error> {
        let device = self.store.device(id, self.now()).await?;
        let device = device.ok_or_else(|| Failure::not_found("device"))?;
        let caller = incoming.caller()?;
        Ok(caller.authorize_hidden("device", &device.facts(), device)?)
    }

    /// The device that calls, while it is in service.
    async fn calling_device(&self, incoming: &Incoming) -> Result<Authorized<Device>, Error> {
        let id = of_caller(incoming.caller()?.principal().person);
        let device = self.reach_device(incoming, id).await?;
        device.get().in_service()?;
        Ok(device)
    }

    /// Tells the devices of a school that something else is to be installed. Only `apps` may call this.
    pub(crate) async fn announce(&self, desired: Desired) -> Result<(), Error> {
        self.store.announce(desired, self.now()).await
    }

    pub(crate) async fn sweep(&self) -> Result<Swept, Error> {
        self.sightings.settle().await?;
        let expired = self.store.expire(self.now()).await?;
        Ok(Swept { expired })
    }

    pub(crate) async fn purge(&self) -> Result<u64, Error> {
        self.store.purge(self.now()).await
    }

    pub(crate) fn end_watches(&self) {
        self.sightings.stop();
    }

    pub(crate) async fn record_sightings(
        &self,
        devices: &[(DeviceId, SchoolId)],
    ) -> Result<(), Error> {
        self.sightings.record(devices).await
    }
}

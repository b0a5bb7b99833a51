//! The fleet: what devices enrol with, how they prove who they are, what they are told.
//!
//! Three things to know: [`Devices`], opened from its [`Deps`], which gives the mesh role `devices`; [`Authority`],
//! which signs the certificates of devices; and [`MIGRATIONS`], its schema. Inside, a call goes `grpc` (decode) →
//! `service` (authorize → rule → store) → `store` (SQL); `domain` holds the types and rules. The tenant is the school
//! of the device. What a device is to have installed is for `apps` to say; here only its hash is passed on.
//!
//! A command is written with an event of the device's log; a Watch follows the log from a cursor, and what it is told
//! is read from the commands themselves: so any cursor can be served, however old. While a Watch is open the device is
//! seen. Which those are is kept in memory and written down for thousands of devices at once, beside the lease of the
//! process that serves them: those of a killed one are offline when its lease has run out.
//!
//! Must not know: what a device does with a command, which apps there are, how an administrator signed in.

mod audit;
mod authority;
mod convert;
mod domain;
mod error;
mod grpc;
mod service;
mod store;

use std::sync::Arc;
use std::time::Duration;

use preau_kernel::clock::Clock;
use preau_kernel::ids::{DeviceId, SchoolId};
use preau_mesh::{Mesh, RoleServer};
use preau_proto::devices::v1::agent_service_server::AgentServiceServer;
use preau_proto::devices::v1::credential_service_server::CredentialServiceServer;
use preau_proto::devices::v1::desired_state_service_server::DesiredStateServiceServer;
use preau_proto::devices::v1::fleet_service_server::FleetServiceServer;
use preau_storage_database::Db;

pub use authority::Authority;
pub use service::Timing;
pub use store::{MIGRATIONS, Swept};

/// The mesh role this crate serves.
const ROLE: &str = "devices";

/// The longest request taken, in bytes: a certificate request, some lines of text.
const MAX_REQUEST: usize = 16 * 1024;

/// How often [`Devices::sweep`] is to be run: the most by which it is late that a device is online, or a command over.
pub const SWEEP_EVERY: Duration = Duration::from_secs(2);

/// What the fleet needs.
pub struct Deps {
    /// Its own database, migrated to [`MIGRATIONS`].
    pub db: Db,
    /// The way to identity.
    pub mesh: Mesh,
    /// The present.
    pub clock: Clock,
    /// What signs certificates of devices: the same in every process of the platform.
    pub authority: Authority,
    /// How long Watches wait for what, and credentials live.
    pub timing: Timing,
}

/// Why a sweep stopped; the next one goes on there.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SweepError(#[from] error::Error);

/// The fleet as one process serves it. Clones share what it holds.
#[derive(Clone)]
pub struct Devices {
    fleet: Arc<service::Fleet>,
}

impl Devices {
    /// From what it needs; asks nobody anything yet.
    #[must_use]
    pub fn new(deps: Deps) -> Self {
        Self {
            fleet: Arc::new(service::Fleet::new(deps)),
        }
    }

    /// Ready to be served by the mesh.
    #[must_use]
    pub fn server(&self) -> RoleServer {
        let handler = || grpc::Handler::new(Arc::clone(&self.fleet));
        let fleet = FleetServiceServer::new(handler()).max_decoding_message_size(MAX_REQUEST);
        let agent = AgentServiceServer::new(handler()).max_decoding_message_size(MAX_REQUEST);
        let credentials =
            CredentialServiceServer::new(handler()).max_decoding_message_size(MAX_REQUEST);
        let desired =
            DesiredStateServiceServer::new(handler()).max_decoding_message_size(MAX_REQUEST);
        RoleServer::new(ROLE)
            .add_service(fleet)
            .add_service(agent)
            .add_service(credentials)
            .add_service(desired)
    }

    /// Writes down which devices this process sees, and ends the commands of the whole platform whose time has passed.
    /// Bounded; safe beside anything else, in any number of processes.
    ///
    /// # Errors
    /// The database failed. The devices of a process that cannot sweep for half a minute count as offline until it can.
    pub async fn sweep(&self) -> Result<Swept, SweepError> {
        Ok(self.fleet.sweep().await?)
    }

    /// Forgets what is kept no longer (commands that were finished for 90 days, tokens that ended 30 days ago, expired
    /// certificates and sessions, old events), some at a time. Answers how many rows.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge(&self) -> Result<u64, SweepError> {
        Ok(self.fleet.purge().await?)
    }

    /// Ends every Watch, and opens no more: before a drain, which would wait for them.
    pub fn end_watches(&self) {
        self.fleet.end_watches();
    }

    /// Writes down that these devices are seen now, as the sweep does for those whose Watch this process serves. For
    /// measuring what that costs.
    ///
    /// # Errors
    /// The database failed.
    #[doc(hidden)]
    pub async fn record_sightings(
        &self,
        devices: &[(DeviceId, SchoolId)],
    ) -> Result<(), SweepError> {
        Ok(self.fleet.record_sightings(devices).await?)
    }
}

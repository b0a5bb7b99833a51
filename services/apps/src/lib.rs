//! Releases of apps: what publishers signed, what a school's devices are to have, and which of them have it.
//!
//! Three things to know: [`Apps`], opened from its [`Deps`], which gives the mesh role `apps`; [`Apps::sweep`], which
//! the composition root runs every [`SWEEP_EVERY`]; and [`MIGRATIONS`], its schema. Inside, a call goes `grpc` (decode)
//! → `service` (authorize → rule → store) → `store` (SQL); `domain` holds the types and rules. The tenant of the
//! catalogue is the platform; that of assignments and installations, the school.
//!
//! A release's bytes are an object of `files`, which alone holds the vault. What a school wants has a hash and a
//! revision, written in the transaction of the change and announced to `devices` afterwards, again until it has heard:
//! devices learn there that something changed, and here what. They verify signature and hashes themselves; that the
//! platform has verified them too is no reason for them to believe it.
//!
//! Must not know: how a device signed in, what it is called, how the vault keeps bytes.

mod audit;
mod convert;
mod domain;
mod error;
mod grpc;
mod service;
mod store;

use std::sync::Arc;
use std::time::Duration;

use preau_kernel::clock::Clock;
use preau_mesh::{Mesh, RoleServer};
use preau_proto::apps::v1::catalogue_service_server::CatalogueServiceServer;
use preau_proto::apps::v1::delivery_service_server::DeliveryServiceServer;
use preau_proto::apps::v1::deployment_service_server::DeploymentServiceServer;
use preau_storage_database::Db;

pub use service::Swept;
pub use store::MIGRATIONS;

/// The mesh role this crate serves.
const ROLE: &str = "apps";

/// The longest request without a part in it, in bytes: ids, a reason, a page token.
const MAX_REQUEST: usize = 16 * 1024;

/// The longest request with a part in it: with its five bytes of gRPC framing just under 4 MiB, as `files` takes it.
const MAX_PART_REQUEST: usize = 4 * 1024 * 1024 - 5;

/// How often [`Apps::sweep`] is to be run: by how much an announcement is late that `devices` did not hear at once.
pub const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// What the apps need.
pub struct Deps {
    /// Their own database, migrated to [`MIGRATIONS`].
    pub db: Db,
    /// The way to `files`, `identity` and `devices`.
    pub mesh: Mesh,
    /// The present.
    pub clock: Clock,
}

/// Why a sweep stopped; the next one goes on there.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SweepError(#[from] error::Error);

/// The apps of one process. Clones share what it holds.
#[derive(Clone)]
pub struct Apps {
    apps: Arc<service::Apps>,
}

impl Apps {
    /// From what they need; asks nobody anything yet.
    #[must_use]
    pub fn new(deps: Deps) -> Self {
        let Deps { db, mesh, clock } = deps;
        let apps = service::Apps::new(
            store::Store::new(db),
            service::Objects::new(mesh.client(ROLE, "files")),
            preau_rpc::Schools::new(mesh.client(ROLE, "identity")),
            service::Fleet::new(mesh.client(ROLE, "devices")),
            clock,
        );
        Self {
            apps: Arc::new(apps),
        }
    }

    /// Ready to be served by the mesh.
    #[must_use]
    pub fn server(&self) -> RoleServer {
        let apps = || Arc::clone(&self.apps);
        RoleServer::new(ROLE)
            .add_service(
                CatalogueServiceServer::new(grpc::Catalogue::new(apps()))
                    .max_decoding_message_size(MAX_PART_REQUEST),
            )
            .add_service(
                DeploymentServiceServer::new(grpc::Deployment::new(apps()))
                    .max_decoding_message_size(MAX_REQUEST),
            )
            .add_service(
                DeliveryServiceServer::new(grpc::Delivery::new(apps()))
                    .max_decoding_message_size(MAX_REQUEST),
            )
    }

    /// Announces what `devices` has not heard of, gives up releases that nobody finished, and lets go of bytes that no
    /// release refers to. Safe beside anything else, in any number of processes.
    ///
    /// # Errors
    /// The database failed. That `devices` or `files` does not answer is no error: the next sweep tries again.
    pub async fn sweep(&self) -> Result<Swept, SweepError> {
        Ok(self.apps.sweep().await?)
    }
}

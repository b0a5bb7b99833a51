//! Spaces, folders and files: where a class keeps what it shares, and a person what is theirs.
//!
//! Three things to know: [`Deps`], what the service needs; [`server`], which turns them into the mesh role `files`; and
//! [`sweep`], which the composition root runs now and then. Inside, a call goes `grpc` (decode) → `service` (authorize →
//! rule → store) → `store` (SQL and the vault, in one transaction); `domain` holds the types and rules. The tenant is
//! the school of the space's class, or of the person. Who is in a class is the roster's to say; its answer is believed
//! for [`MEMBERSHIP_TTL`], and asked for anew before a file appears.
//!
//! What is deleted lies in the trash for [`KEPT_IN_TRASH`] and can be restored. A copy refers to the same content; the
//! vault is told to let go of one when its last reference is purged.
//!
//! Other services keep bytes here too, as objects: they belong to the workload that created them and lie under the
//! platform's own key, in no space, so that no user's call leads to them.
//!
//! Must not know: how a caller signed in, how the vault seals and places bytes, any other domain service's tables.

mod convert;
mod domain;
mod error;
mod grpc;
mod service;
mod store;

use std::sync::Arc;

use preau_kernel::clock::Clock;
use preau_mesh::{Mesh, RoleServer};
use preau_proto::files::v1::download_service_server::DownloadServiceServer;
use preau_proto::files::v1::file_service_server::FileServiceServer;
use preau_proto::files::v1::object_service_server::ObjectServiceServer;
use preau_proto::files::v1::space_service_server::SpaceServiceServer;
use preau_proto::files::v1::upload_service_server::UploadServiceServer;
use preau_storage_database::Db;
use preau_storage_vault::{SweepReport, Vault, VaultError};

pub use preau_rpc::MEMBERSHIP_TTL;
pub use store::{KEPT_IN_TRASH, MIGRATIONS};

/// The mesh role this crate serves.
const ROLE: &str = "files";

/// The longest request without a part in it, in bytes: ids, names, paths and page tokens.
const MAX_REQUEST: usize = 64 * 1024;

/// The longest request with a part in it: with its five bytes of gRPC framing just under 4 MiB, what every client sends
/// by default. A part is 2 MiB, so that one that is somewhat too long still hears what is wrong with it.
const MAX_PART_REQUEST: usize = 4 * 1024 * 1024 - 5;

/// What the files service needs.
#[derive(Clone)]
pub struct Deps {
    /// Its own database, migrated to [`MIGRATIONS`].
    pub db: Db,
    /// The vault, opened on the same database.
    pub vault: Vault,
    /// The way to the roster.
    pub mesh: Mesh,
    /// The present.
    pub clock: Clock,
}

/// The files service, ready to be served by the mesh.
#[must_use]
pub fn server(deps: Deps) -> RoleServer {
    let roster = deps.mesh.client(ROLE, "roster");
    let store = store::Store::new(deps.db, deps.vault);
    let files = Arc::new(service::Files::new(store, roster, deps.clock));
    RoleServer::new(ROLE)
        .add_service(
            SpaceServiceServer::new(grpc::Spaces::new(Arc::clone(&files)))
                .max_decoding_message_size(MAX_REQUEST),
        )
        .add_service(
            FileServiceServer::new(grpc::Nodes::new(Arc::clone(&files)))
                .max_decoding_message_size(MAX_REQUEST),
        )
        .add_service(
            DownloadServiceServer::new(grpc::Downloads::new(Arc::clone(&files)))
                .max_decoding_message_size(MAX_REQUEST),
        )
        .add_service(
            UploadServiceServer::new(grpc::Uploads::new(Arc::clone(&files)))
                .max_decoding_message_size(MAX_PART_REQUEST),
        )
        .add_service(
            ObjectServiceServer::new(grpc::Objects::new(files))
                .max_decoding_message_size(MAX_PART_REQUEST),
        )
}

/// Removes what is no longer needed: uploads whose time is up, what has lain in the trash for [`KEPT_IN_TRASH`], and
/// stored bytes that nothing refers to. Safe beside
/// anything else, in any number of processes; every few minutes is enough.
///
/// # Errors
/// The database or a site failed; the next sweep goes on where this one stopped.
pub async fn sweep(deps: &Deps) -> Result<SweepReport, VaultError> {
    let store = store::Store::new(deps.db.clone(), deps.vault.clone());
    store.sweep(deps.clock.now()).await
}

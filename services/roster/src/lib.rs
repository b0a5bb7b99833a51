//! Classes and who is enrolled in them: the roster, made by hand or imported from OneRoster 1.2 files.
//!
//! Three things to know: [`Deps`], what the service needs; [`server`], which turns them into the mesh role `roster`;
//! and [`recover`], which the composition root runs at the start and now and then. Inside, a call goes `grpc` (decode) → `service` (authorize → rule → store) → `store`
//! (SQL); `domain` holds the types and rules. The tenant is the school; a class keeps its school's authority beside it,
//! as the directory said when the class was made, so that deciding who may see a class asks no other service.
//!
//! Must not know: how a caller signed in, what anybody keeps in a class's space, any other domain service's tables.

mod convert;
mod domain;
mod error;
mod grpc;
mod service;
mod store;

use std::sync::Arc;

use preau_kernel::clock::Clock;
use preau_mesh::{Mesh, RoleServer};
use preau_proto::roster::v1::class_service_server::ClassServiceServer;
use preau_proto::roster::v1::import_service_server::ImportServiceServer;
use preau_storage_database::Db;

pub use service::Recovered;
pub use store::MIGRATIONS;

/// The mesh role this crate serves.
const ROLE: &str = "roster";

/// The longest request taken, in bytes: ids, names and page tokens.
const MAX_REQUEST: usize = 64 * 1024;

/// The longest request with a part of a zip in it, in bytes: a part is 1 MiB, so that one that is somewhat too long
/// still hears what is wrong with it.
const MAX_PART_REQUEST: usize = 2 * 1024 * 1024;

/// What the roster needs.
#[derive(Clone)]
pub struct Deps {
    /// Its own database, migrated to [`MIGRATIONS`].
    pub db: Db,
    /// The way to the directory of schools and people (role `identity`).
    pub mesh: Mesh,
    /// The present.
    pub clock: Clock,
}

/// The roster, ready to be served by the mesh.
#[must_use]
pub fn server(deps: Deps) -> RoleServer {
    let directory = deps.mesh.client(ROLE, "identity");
    let imports = imports(&deps);
    let roster = service::Roster::new(
        store::Store::new(deps.db),
        preau_rpc::Schools::new(directory.clone()),
        service::People::new(directory),
        deps.clock,
    );
    let classes = ClassServiceServer::new(grpc::Classes::new(Arc::new(roster)))
        .max_decoding_message_size(MAX_REQUEST);
    let imports = ImportServiceServer::new(grpc::ImportsOfSchools::new(Arc::new(imports)))
        .max_decoding_message_size(MAX_PART_REQUEST);
    RoleServer::new(ROLE)
        .add_service(classes)
        .add_service(imports)
}

/// Why [`recover`] could not look: the database's fault.
#[derive(Debug, thiserror::Error)]
#[error("imports could not be looked for: {0}")]
pub struct RecoverError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Finishes imports that were decided when a process died, and drops zips that nobody applied within a day. Safe beside
/// anything else, in any number of processes; at the start and every few minutes is enough.
///
/// # Errors
/// The database failed; the next call goes on where this one stopped. An import that identity cannot finish now is no
/// error: it is counted as left.
pub async fn recover(deps: &Deps) -> Result<Recovered, RecoverError> {
    imports(deps)
        .recover()
        .await
        .map_err(|error| RecoverError(Box::new(error)))
}

fn imports(deps: &Deps) -> service::Imports {
    let directory = deps.mesh.client(ROLE, "identity");
    service::Imports::new(
        store::Store::new(deps.db.clone()),
        preau_rpc::Schools::new(directory.clone()),
        service::PeopleImport::new(directory),
        deps.clock.clone(),
    )
}

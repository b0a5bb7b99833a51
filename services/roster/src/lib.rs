//! Classes and who is enrolled in them: the roster.
//!
//! Three things to know: [`Deps`], what the service needs; [`server`], which turns them into the mesh role `roster`;
//! and [`MIGRATIONS`], its schema. Inside, a call goes `grpc` (decode) → `service` (authorize → rule → store) → `store`
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
use preau_storage_database::Db;

pub use store::MIGRATIONS;

/// The mesh role this crate serves.
const ROLE: &str = "roster";

/// The longest request taken, in bytes: ids, names and page tokens.
const MAX_REQUEST: usize = 64 * 1024;

/// What the roster needs.
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
    let roster = service::Roster::new(
        store::Store::new(deps.db),
        service::Schools::new(directory.clone()),
        service::People::new(directory),
        deps.clock,
    );
    let classes = ClassServiceServer::new(grpc::Classes::new(Arc::new(roster)))
        .max_decoding_message_size(MAX_REQUEST);
    RoleServer::new(ROLE).add_service(classes)
}

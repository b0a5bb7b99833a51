//! The mesh's control plane: who becomes a workload.
//!
//! Three things to know: [`server`], which serves the role `control` over the certificate authority;
//! [`join`], by which a process without an identity becomes roles with a one-use [`JoinToken`]; and
//! the two issuers for `preau_mesh::keep_renewed`, [`LocalIssuer`] beside the authority and
//! [`RemoteIssuer`] over the mesh.
//!
//! Must not know: people, schools, files or any other domain service; how certificates are made or
//! checked (the mesh's identity part does).

mod convert;
mod domain;
mod error;
mod grpc;
mod issuer;
mod joining;
mod service;
mod store;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use preau_kernel::clock::Clock;
use preau_mesh::{CertificateAuthority, IdentityStore, RoleServer};
use preau_proto::control::v1::join_token_service_server::JoinTokenServiceServer;
use preau_proto::control::v1::workload_identity_service_server::WorkloadIdentityServiceServer;
use preau_storage_database::Db;

pub use domain::join_token::{JoinSecret, JoinToken, JoinTokenError};
pub use issuer::{LocalIssuer, RemoteIssuer};
pub use joining::{JoinError, join};
pub use store::MIGRATIONS;

use service::tokens::Tokens;
use service::workloads::Workloads;
use store::Store;

/// The role this service takes on the mesh.
pub const ROLE: &str = "control";

/// What control stands on.
pub struct Deps {
    /// Its own database, migrated with [`MIGRATIONS`].
    pub db: Db,
    /// The authority that signs.
    pub ca: Arc<CertificateAuthority>,
    /// This process's identities: the deny list is honoured at renewal too.
    pub identities: Arc<IdentityStore>,
    /// Namespace in the SPIFFE ids that are given out.
    pub namespace: String,
    /// Life of a certificate; the authority caps it.
    pub leaf_lifetime: Duration,
    /// The present.
    pub clock: Clock,
}

/// The services of this role, to be served by the mesh.
#[must_use]
pub fn server(deps: Deps) -> RoleServer {
    let Deps {
        db,
        ca,
        identities,
        namespace,
        leaf_lifetime,
        clock,
    } = deps;
    let store = Store::new(db);
    let issuer = LocalIssuer::new(Arc::clone(&ca), &namespace, leaf_lifetime);
    let tokens = Tokens {
        store: store.clone(),
        ca,
        clock: clock.clone(),
    };
    let workloads = Workloads {
        store,
        issuer,
        identities,
        clock,
    };
    RoleServer::new(ROLE)
        .add_service(WorkloadIdentityServiceServer::new(grpc::WorkloadHandler(
            workloads,
        )))
        .add_service(JoinTokenServiceServer::new(grpc::TokenHandler(tokens)))
}

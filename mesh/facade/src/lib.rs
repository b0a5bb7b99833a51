//! The mesh as a service author sees it.
//!
//! A service is a [`RoleServer`] holding generated tonic servers; a caller is a generated tonic client over
//! [`Mesh::client`]. Identity, deadlines, traces, metrics and authorization happen in between, by the contract.
//!
//! Three types to know: [`Mesh`] (one per process: serves roles, makes clients), [`RoleServer`] (the services of one
//! role) and [`Call`] (what a handler knows about the call it serves, and how it calls on in the same caller's name).
//!
//! ```
//! use preau_mesh::{Call, RoleServer, testing};
//! use preau_proto::mesh::v1::{EchoRequest, probe_service_client::ProbeServiceClient};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! // A certificate authority, a listener on loopback and real mutual TLS; every role answers the probe.
//! let pair = testing::pair("files", RoleServer::new("files"), "gateway").await;
//! let mut request = tonic::Request::new(EchoRequest { payload: "bonjour".into() });
//! preau_mesh::with_principal(&mut request, &pair.token_for(preau_proto::contract::Role::Teacher));
//! let answer = ProbeServiceClient::new(pair.client()).echo(request).await.unwrap();
//! assert_eq!(answer.get_ref().payload, "bonjour");
//! # });
//! ```
//!
//! This crate must not know any domain service, any database, or what a relation means: it checks that somebody
//! checked.

mod call;
mod channel;
mod error;
mod mesh;
mod peer;
mod probe;
mod role_server;
mod serve;
pub mod testing;
#[cfg(test)]
mod tests;

pub use call::{Call, own_request, with_principal};
pub use channel::Channel;
pub use error::MeshError;
pub use mesh::{Mesh, MeshBuilder};
pub use role_server::RoleServer;

pub use preau_mesh_identity::principal::{self, Claims};
pub use preau_mesh_identity::{
    self as identity, BoxFuture, CaConfig, CertificateAuthority, IdentityError, IdentityStore,
    IssueError, Issued, Issuer, JOIN, Renewal, RenewalEvent, SpiffeId, Svid, TrustBundle,
    TrustDomain, WallClock, WorkloadKey, keep_renewed, obtain, server_name, system_clock,
};
pub use preau_mesh_layers::{
    Admission, ConnectionInfo, Deadline, Fault, Inherited, Metrics, PRINCIPAL_HEADER, Reported,
    SpanIds, TraceContext,
};
pub use preau_mesh_transport::{
    self as transport, ConnectorConfig, Drained, Listener, ListenerConfig,
};

//! Workload and caller identity: who a process is, who it speaks to, and on whose behalf.
//!
//! A workload is a [`SpiffeId`] proved by a short-lived X.509 certificate (an [`Svid`]) that a
//! [`CertificateAuthority`] signed; a caller is a [`principal`] token signed by the identity service.
//!
//! Three types to know: [`IdentityStore`] (what this process is and whom it trusts, swapped while it runs and
//! read at every handshake), [`CertificateAuthority`] (signs public keys, nothing else from a request) and
//! [`principal::Verifier`] (turns a token into claims).
//!
//! This crate knows TLS but neither HTTP nor gRPC: it opens no socket and serves no request.

mod authority;
mod bundle;
mod clock;
mod error;
mod id;
mod key;
mod leaf;
pub mod pem;
pub mod principal;
mod renewal;
pub mod secret_file;
mod store;
mod svid;
mod tls;

pub use authority::{CaConfig, CertificateAuthority, RequestedKey, requested_key};
pub use bundle::TrustBundle;
pub use clock::{WallClock, system_clock};
pub use error::IdentityError;
pub use id::{IdError, JOIN, SpiffeId, TrustDomain, server_name};
pub use key::WorkloadKey;
pub use leaf::SvidError;
pub use renewal::{
    BoxFuture, IssueError, Issued, Issuer, Renewal, RenewalEvent, keep_renewed, obtain,
};
pub use store::IdentityStore;
pub use svid::Svid;
pub use tls::explain::{explain_tls, explain_tls_io};

#[cfg(test)]
mod testing;

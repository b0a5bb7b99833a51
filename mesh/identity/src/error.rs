//! What can go wrong when an identity is made, kept or asked for.

use std::io;
use std::path::PathBuf;

use crate::id::{IdError, SpiffeId, TrustDomain};
use crate::leaf::SvidError;

/// A failure to make, store, issue or use a workload identity.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// A name is not a SPIFFE id or a trust domain of this mesh.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A certificate breaks the rules for workload certificates.
    #[error(transparent)]
    Svid(#[from] SvidError),
    /// The cryptographic library refused; nothing the operator configured.
    #[error("cannot {what} a P-256 key: the cryptographic library refused")]
    Key {
        /// What was tried.
        what: &'static str,
    },
    /// A certificate or a request could not be encoded.
    #[error("cannot build the certificate")]
    Build(#[from] rcgen::Error),
    /// The certificate does not belong to the key it is stored with.
    #[error(
        "the certificate of {id} does not belong to its private key: delete the stored identity and enrol again"
    )]
    KeyMismatch {
        /// Whose certificate it is.
        id: SpiffeId,
    },
    /// A certificate came for another workload than the one that asked.
    #[error("asked for a certificate for role {role:?} but received one for {id}")]
    WrongWorkload {
        /// The role that asked.
        role: String,
        /// Whom the certificate names.
        id: SpiffeId,
    },
    /// Two parts of the configuration speak of different trust domains.
    #[error("expected trust domain {expected} but found {found}")]
    WrongTrustDomain {
        /// What this process belongs to.
        expected: TrustDomain,
        /// What was presented.
        found: TrustDomain,
    },
    /// A certificate is not signed by any anchor of the trust bundle, or is outside its validity.
    #[error("the certificate of {id} is not valid under the trust bundle: {reason}")]
    NotTrusted {
        /// Whose certificate it is.
        id: SpiffeId,
        /// What the path validation said.
        reason: String,
    },
    /// A request to sign is malformed, not self-signed, or asks for a key we do not sign.
    #[error("certificate request refused: {reason}")]
    Request {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The role has no certificate in this process.
    #[error(
        "this process holds no certificate for role {role:?}: start it with that role or wait until it has enrolled"
    )]
    NoSvid {
        /// The missing role.
        role: String,
    },
    /// A file of keys could not be read or written.
    #[error("cannot {what} {path}: check that the directory exists and belongs to this user", path = path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of keys is readable by others.
    #[error("{path} is readable by other users (mode {mode:o}): run chmod 600 on it", path = path.display())]
    OpenToOthers {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file of keys does not hold what it should.
    #[error("{path} is damaged: {reason}", path = path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

//! What can go wrong on the way, named with the endpoint and the reason.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use preau_mesh_identity::IdentityError;

/// Any error of a body or a service.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a listener could not be opened. The operator's to solve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Somebody listens there already.
    #[error(
        "cannot listen on {addr}: the port is in use; stop the process that holds it or choose another port"
    )]
    InUse {
        /// Where.
        addr: SocketAddr,
    },
    /// A port below 1024, usually.
    #[error(
        "cannot listen on {addr}: not permitted; choose a port above 1023 or grant CAP_NET_BIND_SERVICE"
    )]
    NotPermitted {
        /// Where.
        addr: SocketAddr,
    },
    /// Anything else.
    #[error("cannot listen on {addr}: check that the address belongs to this machine")]
    Other {
        /// Where.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Why a request did not get an answer. Names the peer and says whether the request may have been processed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// This process has no certificate to show, or the peer is of another trust domain.
    #[error("cannot call {to}: {source}")]
    Identity {
        /// Whom.
        to: Arc<str>,
        /// What is missing.
        source: Arc<IdentityError>,
    },
    /// No TCP connection: wrong address, nobody listening, or a network policy.
    #[error("cannot connect to {to} at {addr}: {source}")]
    Connect {
        /// Whom.
        to: Arc<str>,
        /// Where.
        addr: Arc<str>,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The peer did not answer the dial in time.
    #[error("cannot connect to {to} at {addr}: no answer within {after:?}")]
    TimedOut {
        /// Whom.
        to: Arc<str>,
        /// Where.
        addr: Arc<str>,
        /// The limit.
        after: Duration,
    },
    /// The TLS handshake failed on either side.
    #[error("cannot agree on TLS with {to} at {addr}: {reason}")]
    Tls {
        /// Whom.
        to: Arc<str>,
        /// Where.
        addr: Arc<str>,
        /// What our side or the peer's alert said.
        reason: Arc<str>,
    },
    /// Recent dials failed; the next follows soon.
    #[error("not calling {to} at {addr} for another {retry_in:?}: {last}")]
    BackingOff {
        /// Whom.
        to: Arc<str>,
        /// Where.
        addr: Arc<str>,
        /// When the next dial may follow.
        retry_in: Duration,
        /// How the last dial failed.
        last: Arc<TransportError>,
    },
    /// The connection or the stream ended before the answer.
    #[error("the connection to {to} at {addr} ended before the answer: {reason}")]
    Closed {
        /// Whom.
        to: Arc<str>,
        /// Where.
        addr: Arc<str>,
        /// What was seen.
        reason: Arc<str>,
        /// Whether the peer may have processed the request.
        sent: bool,
    },
    /// The request cannot be put on the wire; the caller's fault.
    #[error("the request to {to} cannot be sent: {reason}")]
    Request {
        /// Whom.
        to: Arc<str>,
        /// What is wrong with it.
        reason: Arc<str>,
    },
}

impl TransportError {
    /// Whether the peer may have processed the request. When it cannot have, the call may be repeated safely.
    pub fn was_sent(&self) -> bool {
        matches!(self, Self::Closed { sent: true, .. })
    }
}

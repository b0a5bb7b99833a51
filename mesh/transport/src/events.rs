//! What the listener sees, told to whoever counts or logs it.

use std::net::SocketAddr;
use std::time::Duration;

use preau_mesh_identity::SpiffeId;

/// Who is on the other side of a connection. Every request carries it in its extensions, as an `Arc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// The role the client addressed by server name; `join` when it asks for its first certificate.
    pub role: String,
    /// The client's verified identity; none only when joining.
    pub peer: Option<SpiffeId>,
    /// Where it connects from.
    pub remote: SocketAddr,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// The client ended it, or it was told to go away and did.
    Finished,
    /// It broke: network, protocol or unanswered probe.
    Broken,
    /// Its grace after age or drain was over while streams were still open.
    Forced,
    /// Its peer was put on the deny list.
    Denied,
}

/// Something that happened to a connection.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum TransportEvent<'a> {
    /// A connection passed its handshake.
    Accepted {
        /// Whose.
        info: &'a ConnectionInfo,
    },
    /// A handshake failed or took too long.
    HandshakeFailed {
        /// From where.
        remote: SocketAddr,
        /// What went wrong.
        reason: &'a str,
    },
    /// A connection was closed before its handshake because a limit was reached.
    Refused {
        /// From where.
        remote: SocketAddr,
        /// Which limit.
        reason: &'a str,
    },
    /// A connection reached its age and was told to go away.
    Aged {
        /// Whose.
        info: &'a ConnectionInfo,
    },
    /// A connection ended.
    Closed {
        /// Whose.
        info: &'a ConnectionInfo,
        /// Why.
        reason: CloseReason,
    },
    /// The process or the machine ran out of file descriptors; accepting pauses.
    Emfile {
        /// For how long.
        pause: Duration,
    },
}

/// Hears of connections. Called on the listener's tasks: it must not block.
pub trait TransportEvents: Send + Sync {
    /// Something happened.
    fn on(&self, event: TransportEvent<'_>);
}

/// Hears nothing.
impl TransportEvents for () {
    fn on(&self, _event: TransportEvent<'_>) {}
}

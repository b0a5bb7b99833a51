//! Who speaks in an error: the service and the endpoint that `ErrorInfo` names.

use std::sync::Arc;

use preau_mesh_transport::ConnectionInfo;

/// The side of a call that a layer's error comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A server: the role of the connection, at the address it listens on.
    Server {
        /// The connection, if the transport said.
        connection: Option<Arc<ConnectionInfo>>,
        /// The address listened on.
        endpoint: Arc<str>,
    },
    /// A client, about the service it called and its authority.
    Client {
        /// The role called.
        service: Arc<str>,
        /// `<role>.<trust domain>`.
        endpoint: Arc<str>,
    },
}

impl Origin {
    /// The role concerned.
    #[must_use]
    pub fn service(&self) -> &str {
        match self {
            Self::Server { connection, .. } => {
                connection.as_ref().map_or("unknown", |info| &info.role)
            }
            Self::Client { service, .. } => service,
        }
    }

    /// Where it answers.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        match self {
            Self::Server { endpoint, .. } | Self::Client { endpoint, .. } => endpoint,
        }
    }
}

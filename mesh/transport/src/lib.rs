//! The mesh's listener and connector: HTTP/2 over mutual TLS, and the whole life of a connection.
//!
//! Three types to know: [`Listener`] (accepts, with caps, timed handshakes, connection age and a bounded drain),
//! [`Endpoint`] (one peer: several connections, dialled when needed and replaced when they go away) and
//! [`ConnectionInfo`] (who is on the other side, put into every request).
//!
//! This crate moves requests and bodies. It knows no gRPC method, no policy and no metric; what it sees it tells
//! to [`TransportEvents`].
//!
//! Tasks: [`Listener::serve`] owns one task per connection and, through hyper, one per request; it returns only
//! when the connections are gone. An [`Endpoint`] owns one task per connection and one while it dials; they end
//! with the last clone of the endpoint, once the streams in flight are over.

mod config;
mod endpoint;
mod error;
mod events;
mod listener;
mod wire;

pub use config::{ConnectorConfig, ListenerConfig};
pub use endpoint::{Endpoint, JoinEndpoint, ResponseBody, join_connection};
pub use error::{BindError, BoxError, TransportError};
pub use events::{CloseReason, ConnectionInfo, TransportEvent, TransportEvents};
pub use listener::{Drained, Listener, Pause};

#[cfg(test)]
mod tests;

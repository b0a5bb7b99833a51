//! The edge's limits, with the values they have unless configured.

use std::time::Duration;

use http::HeaderValue;
use preau_mesh::{WallClock, system_clock};

/// Limits and allow-lists of the edge.
#[derive(Clone)]
pub struct Config {
    /// Open connections; more are closed at once.
    pub max_connections: usize,
    /// From accept to the first bytes that tell the protocol, and for the headers of every HTTP/1.1 request.
    pub header_timeout: Duration,
    /// After this age a connection is asked to go (GOAWAY, `connection: close`), ±10 %.
    pub max_age: Duration,
    /// How long open calls get at the end.
    pub drain: Duration,
    /// Bytes of one request's body: one message of the contract with room for its framing.
    pub max_request_body: u64,
    /// Calls at once on one HTTP/2 connection.
    pub max_concurrent_streams: u32,
    /// Sessions whose principal token is remembered.
    pub max_sessions: usize,
    /// Origins that browsers may call from besides our own. Empty: no CORS at all.
    pub cors_origins: Vec<HeaderValue>,
    /// For the expiry of principal tokens.
    pub clock: WallClock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            header_timeout: Duration::from_secs(10),
            max_age: Duration::from_secs(3600),
            drain: Duration::from_secs(12),
            // The contract's cap of 4 MiB a message, the five bytes of its frame and gRPC-web's slack.
            max_request_body: 4 * 1024 * 1024 + 64 * 1024,
            max_concurrent_streams: 128,
            max_sessions: 50_000,
            cors_origins: Vec::new(),
            clock: system_clock(),
        }
    }
}

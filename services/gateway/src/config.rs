//! The edge's limits, with the values they have unless configured.

use std::time::Duration;

use http::HeaderValue;
use preau_kernel::throttle::Allowance;
use preau_mesh::{WallClock, system_clock};

use crate::attempts;
use crate::tls::Tls;
use crate::visitor::Network;

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
    /// Names that the gateway answers to, besides IP addresses and `localhost`. Empty: any name with TLS, where the
    /// certificate vouches for it; no other without.
    pub hosts: Vec<String>,
    /// Proxies in front whose `x-forwarded-for` and `x-forwarded-proto` are believed.
    pub trusted_proxies: Vec<Network>,
    /// Wrong sign-ins from one part of the network.
    pub failed_sign_ins: Allowance,
    /// The certificate; without one the gateway speaks plain HTTP.
    pub tls: Option<Tls>,
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
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            failed_sign_ins: attempts::ALLOWANCE,
            tls: None,
            clock: system_clock(),
        }
    }
}

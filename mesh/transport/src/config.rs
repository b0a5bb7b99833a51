//! The limits of both sides, in one place.

use std::time::Duration;

const KIB: u32 = 1024;
const MIB: u32 = 1024 * KIB;

/// Flow-control window of one stream. A download over a 20 ms path fills 100 MB/s with it, and one slow reader
/// pins no more than this in memory.
const STREAM_WINDOW: u32 = 2 * MIB;
/// Streams a peer may have open on one connection.
const STREAMS: u32 = 250;
/// Flow-control window of a connection: no limit of its own. What a stream's reader leaves lying counts against the
/// connection too, so with less than all streams' windows a few paused downloads stop everybody's calls. Twice that,
/// because h2 gives a window back only when half of it was read.
const CONNECTION_WINDOW: u32 = 2 * STREAMS * STREAM_WINDOW;
/// Largest frame. Above HTTP/2's 16 KiB because file frames are 256 KiB and each frame costs a turn of the
/// scheduler; not larger, so that a small answer never waits long behind a piece of a large one.
const MAX_FRAME: u32 = 64 * KIB;
/// Largest header block: a principal token with 64 grants is about 8 KiB.
pub(crate) const MAX_HEADERS: u32 = 32 * KIB;

/// How a [`Listener`](crate::Listener) behaves.
#[derive(Clone, Debug)]
pub struct ListenerConfig {
    /// From accept to the end of the TLS handshake and HTTP/2 preface.
    pub handshake_timeout: Duration,
    /// Connections in all; further ones are closed at once.
    pub max_connections: usize,
    /// Connections from one IP address.
    pub max_connections_per_peer_ip: usize,
    /// Handshakes whose cryptography runs at the same time; further ones wait their turn within their time-out.
    pub max_handshakes: usize,
    /// Age at which a connection is told to go away, so that new instances receive load.
    pub max_age: Duration,
    /// The part of `max_age` by which it is shortened or lengthened at random.
    pub age_jitter: f64,
    /// How long streams of an aged connection may still run.
    pub age_grace: Duration,
    /// How long streams may still run once the listener stops.
    pub drain: Duration,
    /// Streams a peer may have open on one connection.
    pub max_concurrent_streams: u32,
    /// How often a quiet connection is probed.
    pub keepalive_interval: Duration,
    /// How long a probe may stay unanswered.
    pub keepalive_timeout: Duration,
    /// Flow-control window of a stream, in bytes.
    pub stream_window: u32,
    /// Flow-control window of a connection, in bytes.
    pub connection_window: u32,
    /// Largest frame accepted, in bytes.
    pub max_frame: u32,
}

impl Default for ListenerConfig {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(10),
            max_connections: 10_000,
            max_connections_per_peer_ip: 5_000,
            max_handshakes: 256,
            max_age: Duration::from_secs(60 * 60),
            age_jitter: 0.1,
            age_grace: Duration::from_secs(30),
            drain: Duration::from_secs(25),
            max_concurrent_streams: STREAMS,
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(20),
            stream_window: STREAM_WINDOW,
            connection_window: CONNECTION_WINDOW,
            max_frame: MAX_FRAME,
        }
    }
}

/// How an [`Endpoint`](crate::Endpoint) behaves.
#[derive(Clone, Debug)]
pub struct ConnectorConfig {
    /// From name resolution to the peer's first byte of HTTP/2.
    pub connect_timeout: Duration,
    /// Connections kept to one peer when there is work for them; up to 128 times as many when all are full.
    pub connections_per_endpoint: usize,
    /// Open streams at which a connection counts as full; below the listener's own limit.
    pub streams_per_connection: usize,
    /// How often a quiet connection is probed; below the 50 s after which some load balancers cut it.
    pub keepalive_interval: Duration,
    /// How long a probe may stay unanswered.
    pub keepalive_timeout: Duration,
    /// Longest pause after the first failed dial; it doubles with every further one, with full jitter.
    pub backoff_first: Duration,
    /// Longest pause at all.
    pub backoff_longest: Duration,
    /// Flow-control window of a stream, in bytes.
    pub stream_window: u32,
    /// Flow-control window of a connection, in bytes.
    pub connection_window: u32,
    /// Largest frame accepted, in bytes.
    pub max_frame: u32,
}

impl Default for ConnectorConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            connections_per_endpoint: 2,
            streams_per_connection: 200,
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(20),
            backoff_first: Duration::from_millis(100),
            backoff_longest: Duration::from_secs(10),
            stream_window: STREAM_WINDOW,
            connection_window: CONNECTION_WINDOW,
            max_frame: MAX_FRAME,
        }
    }
}

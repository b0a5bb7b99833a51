//! Accepts connections and looks after each of them until it is gone.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use preau_mesh_identity::IdentityStore;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use crate::config::ListenerConfig;
use crate::error::{BindError, BoxError};
use crate::events::{TransportEvent, TransportEvents};

mod accept;
mod connection;
mod handshake;
mod lifetime;
mod peers;

use accept::Accept;
pub use accept::Pause;
use connection::End;
use peers::PeerCounts;

/// How long handlers whose connection was cut may take to notice it.
const STRAGGLERS: Duration = Duration::from_secs(1);

/// A bound port.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    addr: SocketAddr,
    config: ListenerConfig,
}

/// How a listener's connections ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were open at the stop and finished their streams.
    pub clean: usize,
    /// Connections that were open at the stop and had to be cut.
    pub forced: usize,
}

impl Listener {
    /// Opens `addr`; port 0 takes a free one.
    pub async fn bind(addr: SocketAddr, config: ListenerConfig) -> Result<Self, BindError> {
        let fail = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse { addr },
            io::ErrorKind::PermissionDenied => BindError::NotPermitted { addr },
            _ => BindError::Other { addr, source },
        };
        let tcp = TcpListener::bind(addr).await.map_err(fail)?;
        let addr = tcp.local_addr().map_err(fail)?;
        Ok(Self { tcp, addr, config })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `stop`, then stops accepting, lets streams finish for at most the configured drain and
    /// returns when every connection is gone.
    ///
    /// The service is cloned for every request; who calls is in the request's extensions as
    /// `Arc<`[`ConnectionInfo`](crate::ConnectionInfo)`>`.
    pub async fn serve<S, B>(
        self,
        identities: Arc<IdentityStore>,
        service: S,
        events: Arc<dyn TransportEvents>,
        stop: CancellationToken,
    ) -> Drained
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let host = Host {
            handshakes: Semaphore::new(self.config.max_handshakes),
            config: self.config,
            identities,
            events,
            stop,
            requests: TaskTracker::new(),
        };
        serve_from(self.tcp, Arc::new(host), service).await
    }
}

/// What every connection of a listener shares.
struct Host {
    config: ListenerConfig,
    identities: Arc<IdentityStore>,
    events: Arc<dyn TransportEvents>,
    stop: CancellationToken,
    handshakes: Semaphore,
    requests: TaskTracker,
}

async fn serve_from<A, S, B>(acceptor: A, host: Arc<Host>, service: S) -> Drained
where
    A: Accept,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let mut connections = JoinSet::new();
    let peers = PeerCounts::default();
    let mut pause = Pause::default();
    loop {
        tokio::select! {
            () = host.stop.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = accept_at(&acceptor, pause.until()) => match accepted {
                Ok((tcp, remote)) => {
                    pause.reset();
                    let Some(place) = admit(&host, &peers, connections.len(), remote) else {
                        continue;
                    };
                    let (host, service) = (host.clone(), service.clone());
                    connections.spawn(async move {
                        let end = connection::run(&host, tcp, remote, service).await;
                        drop(place);
                        end
                    });
                }
                Err(error) => {
                    let length = pause.after(&error);
                    if accept::is_exhaustion(&error) {
                        host.events.on(TransportEvent::Emfile { pause: length });
                    }
                }
            }
        }
    }
    drop(acceptor);
    drain(&host, connections).await
}

async fn accept_at(
    acceptor: &impl Accept,
    not_before: Option<Instant>,
) -> io::Result<(TcpStream, SocketAddr)> {
    if let Some(moment) = not_before {
        sleep_until(moment).await;
    }
    acceptor.accept().await
}

/// Applies both caps; the connection keeps the returned place for as long as it lives.
fn admit(host: &Host, peers: &PeerCounts, open: usize, remote: SocketAddr) -> Option<peers::Place> {
    let refuse = |reason| host.events.on(TransportEvent::Refused { remote, reason });
    if open >= host.config.max_connections {
        refuse("the listener's connection limit is reached");
        return None;
    }
    let place = peers.enter(remote.ip(), host.config.max_connections_per_peer_ip);
    if place.is_none() {
        refuse("the peer address's connection limit is reached");
    }
    place
}

/// Each connection bounds its own drain, so this ends.
async fn drain(host: &Host, mut connections: JoinSet<End>) -> Drained {
    let mut drained = Drained::default();
    while let Some(end) = connections.join_next().await {
        match end {
            Ok(End::Clean) => drained.clean += 1,
            // A panic in a handler ends that request only; one here lost the connection.
            Ok(End::Forced) | Err(_) => drained.forced += 1,
            Ok(End::Unborn) => {}
        }
    }
    host.requests.close();
    let _ = timeout(STRAGGLERS, host.requests.wait()).await;
    drained
}

#[cfg(test)]
mod tests;

//! The accept loop: caps, time-outs, age, and an end that comes.

use std::convert::Infallible;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use preau_mesh::Mesh;
use preau_proto::contract::Contract;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::body::Body;

use crate::config::Config;
use crate::door;
use crate::edge::Edge;
use crate::sniff::{Protocol, Replayed, sniff};
use crate::source::{Accept, Pause};

/// Why the edge's port cannot be had. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Passwords would cross a network in the clear.
    #[error(
        "gateway address {0} is not a loopback address: plain HTTP is served on this machine only: use 127.0.0.1 or [::1]"
    )]
    NotLoopback(SocketAddr),
    /// Somebody else listens there.
    #[error(
        "gateway port in use: {0}: stop the process that listens there, or choose another with --gateway (port 0 takes any free one)"
    )]
    InUse(SocketAddr),
    /// Anything else the system says.
    #[error("cannot listen for the gateway: {address}: {source}")]
    Io {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// How the end went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut because they were still open when the drain's time was over.
    pub cut: usize,
}

/// Takes the port.
///
/// # Errors
/// Not a loopback address, in use, or what the system says.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    if !address.ip().is_loopback() {
        return Err(BindError::NotLoopback(address));
    }
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse(address),
            _ => BindError::Io { address, source },
        })
}

/// Serves until `stop`, then lets open calls end within `config.drain`.
pub async fn serve(
    listener: TcpListener,
    mesh: Mesh,
    contract: Contract,
    config: Config,
    stop: CancellationToken,
) -> Drained {
    let edge = Edge::new(&mesh, contract, &config).await;
    let service = door::service(edge.clone(), &config.cors_origins);
    let host = Arc::new(Host::new(config, stop.clone()));
    let connections = TaskTracker::new();

    stop.run_until_cancelled(accept(&listener, &host, &connections, &service))
        .await;
    drop(listener);
    edge.stop_serving().await;
    connections.close();

    if tokio::time::timeout(host.config.drain, connections.wait())
        .await
        .is_ok()
    {
        return Drained { cut: 0 };
    }
    let cut = connections.len();
    host.kill.cancel();
    connections.wait().await;
    Drained { cut }
}

/// What every connection of one listener shares.
struct Host {
    places: Arc<Semaphore>,
    stop: CancellationToken,
    kill: CancellationToken,
    jitter: RandomState,
    config: Config,
}

async fn accept<A, S>(listener: &A, host: &Arc<Host>, connections: &TaskTracker, service: &S)
where
    A: Accept,
    S: EdgeService,
    S::Future: Send + 'static,
{
    let mut pause = Pause::default();
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                pause.reset();
                let Ok(place) = Arc::clone(&host.places).try_acquire_owned() else {
                    tracing::warn!(
                        limit = host.config.max_connections,
                        "connection refused: the edge is full"
                    );
                    continue;
                };
                let served = connection(stream, remote, Arc::clone(host), service.clone(), place);
                connections.spawn(served);
            }
            Err(error) => {
                if let Some(pause) = pause.after(&error) {
                    let pause_ms = pause.as_millis();
                    tracing::warn!(%error, pause_ms, "cannot accept: raise the limit of open files");
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

/// The tower service behind every connection.
trait EdgeService:
    tower::Service<
        Request<Incoming>,
        Response = Response<Body>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static
{
}

impl<S> EdgeService for S where
    S: tower::Service<
            Request<Incoming>,
            Response = Response<Body>,
            Error = Infallible,
            Future: Send + 'static,
        > + Clone
        + Send
        + 'static
{
}

async fn connection<S: EdgeService>(
    stream: TcpStream,
    remote: SocketAddr,
    host: Arc<Host>,
    service: S,
    _place: OwnedSemaphorePermit,
) {
    // A small answer must not wait for the one before it to be acknowledged.
    let _ = stream.set_nodelay(true);
    let sniffed = tokio::select! {
        sniffed = tokio::time::timeout(host.config.header_timeout, sniff(stream)) => sniffed,
        () = host.stop.cancelled() => return,
    };
    let ended = match sniffed {
        Ok(Ok((Protocol::Http1, io))) => http1_connection(io, remote, &host, service).await,
        Ok(Ok((Protocol::Http2, io))) => http2_connection(io, remote, &host, service).await,
        Ok(Err(_)) | Err(_) => {
            tracing::debug!("connection closed: it said nothing in time");
            return;
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

async fn http1_connection<S: EdgeService>(
    io: Replayed<TcpStream>,
    remote: SocketAddr,
    host: &Host,
    service: S,
) -> hyper::Result<()> {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(host.config.header_timeout)
        .max_headers(64)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(io), TowerToHyperService::new(service));
    drive(
        connection,
        remote,
        host,
        http1::Connection::graceful_shutdown,
    )
    .await
}

async fn http2_connection<S: EdgeService>(
    io: Replayed<TcpStream>,
    remote: SocketAddr,
    host: &Host,
    service: S,
) -> hyper::Result<()> {
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_concurrent_streams(host.config.max_concurrent_streams)
        .max_header_list_size(16 * 1024)
        // A part of a file fits the window, so that it crosses in one go.
        .initial_stream_window_size(2 * 1024 * 1024)
        .initial_connection_window_size(8 * 1024 * 1024)
        .serve_connection(TokioIo::new(io), TowerToHyperService::new(service));
    drive(
        connection,
        remote,
        host,
        http2::Connection::graceful_shutdown,
    )
    .await
}

/// Runs a connection to its end: its own, old age, the stop, or the cut.
async fn drive<C>(
    connection: C,
    remote: SocketAddr,
    host: &Host,
    ask_to_go: impl FnOnce(Pin<&mut C>),
) -> hyper::Result<()>
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = host.stop.cancelled() => {}
        () = tokio::time::sleep(host.age_of(remote)) => {}
    }
    ask_to_go(connection.as_mut());
    tokio::select! {
        ended = connection => ended,
        () = host.kill.cancelled() => Ok(()),
        // Calls have deadlines, watches have not; no connection outlives its age twice.
        () = tokio::time::sleep(host.config.max_age) => Ok(()),
    }
}

impl Host {
    fn new(config: Config, stop: CancellationToken) -> Self {
        Self {
            places: Arc::new(Semaphore::new(config.max_connections)),
            stop,
            kill: CancellationToken::new(),
            jitter: RandomState::new(),
            config,
        }
    }

    /// The configured age ±10 %, so that connections opened together do not leave together.
    fn age_of(&self, remote: SocketAddr) -> Duration {
        let thousandths = 900 + u32::try_from(self.jitter.hash_one(remote) % 201).unwrap_or(0);
        self.config.max_age * thousandths / 1000
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::time::Instant;

    use super::*;

    /// Has no descriptors for a while, then no connections.
    struct Exhausted {
        began: Instant,
        /// When each accept was tried.
        tried: Mutex<Vec<Duration>>,
        stop: CancellationToken,
    }

    impl Accept for Exhausted {
        async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
            let tries = {
                let mut tried = self.tried.lock().expect("not poisoned");
                tried.push(self.began.elapsed());
                tried.len()
            };
            if tries == 4 {
                self.stop.cancel();
                std::future::pending::<()>().await;
            }
            // EMFILE.
            Err(io::Error::from_raw_os_error(24))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_descriptors_the_loop_waits_instead_of_spinning() {
        let stop = CancellationToken::new();
        let listener = Exhausted {
            began: Instant::now(),
            tried: Mutex::default(),
            stop: stop.clone(),
        };
        let host = Arc::new(Host::new(Config::default(), stop.clone()));
        let service = tower::service_fn(|_: Request<Incoming>| async {
            Ok::<_, Infallible>(Response::new(Body::empty()))
        });
        stop.run_until_cancelled(accept(&listener, &host, &TaskTracker::new(), &service))
            .await;
        let tried = listener.tried.lock().expect("not poisoned");
        let waits: Vec<u128> = tried
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).as_millis())
            .collect();
        assert!(
            waits
                .iter()
                .zip([50, 100, 200])
                .all(|(wait, least)| *wait >= least),
            "{waits:?}"
        );
        assert_eq!(waits.len(), 3);
    }
}

//! One connection: handshake, protocol, requests, end.

use std::convert::Infallible;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::Service;

use crate::config::Config;
use crate::sniff::{Protocol, sniff};
use crate::visitor::Peer;

/// What every connection of one listener shares.
pub(crate) struct Host {
    pub(crate) places: Arc<Semaphore>,
    pub(crate) kill: CancellationToken,
    pub(crate) config: Config,
    stop: CancellationToken,
    jitter: RandomState,
}

/// The tower service behind every connection.
pub(crate) trait EdgeService:
    Service<
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
    S: Service<
            Request<Incoming>,
            Response = Response<Body>,
            Error = Infallible,
            Future: Send + 'static,
        > + Clone
        + Send
        + 'static
{
}

/// Serves a connection to its end.
pub(crate) async fn serve<S: EdgeService>(
    stream: TcpStream,
    remote: SocketAddr,
    host: Arc<Host>,
    service: S,
    _place: OwnedSemaphorePermit,
) {
    // A small answer must not wait for the one before it to be acknowledged.
    let _ = stream.set_nodelay(true);
    let service = WithPeer {
        peer: Peer {
            address: remote.ip(),
            tls: host.config.tls.is_some(),
        },
        inner: service,
    };
    let ended = match &host.config.tls {
        Some(tls) => match host.opening(tls.accept(stream)).await {
            Some((true, io)) => http2_connection(io, remote, &host, service).await,
            Some((false, io)) => http1_connection(io, remote, &host, service).await,
            None => return,
        },
        None => match host.opening(sniff(stream)).await {
            Some((Protocol::Http2, io)) => http2_connection(io, remote, &host, service).await,
            Some((Protocol::Http1, io)) => http1_connection(io, remote, &host, service).await,
            None => return,
        },
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

async fn http1_connection<I, S>(
    io: I,
    remote: SocketAddr,
    host: &Host,
    service: S,
) -> hyper::Result<()>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    S: EdgeService,
{
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

async fn http2_connection<I, S>(
    io: I,
    remote: SocketAddr,
    host: &Host,
    service: S,
) -> hyper::Result<()>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    S: EdgeService,
{
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
    pub(crate) fn new(config: Config, stop: CancellationToken) -> Self {
        Self {
            places: Arc::new(Semaphore::new(config.max_connections)),
            stop,
            kill: CancellationToken::new(),
            jitter: RandomState::new(),
            config,
        }
    }

    /// What a connection opens with, within its time and before the stop.
    async fn opening<T>(&self, opening: impl Future<Output = io::Result<T>>) -> Option<T> {
        let opened = tokio::select! {
            opened = tokio::time::timeout(self.config.header_timeout, opening) => opened,
            () = self.stop.cancelled() => return None,
        };
        match opened {
            Ok(Ok(opened)) => Some(opened),
            Ok(Err(error)) => {
                tracing::debug!(%error, "connection closed: it did not open");
                None
            }
            Err(_) => {
                tracing::debug!("connection closed: it did not open in time");
                None
            }
        }
    }

    /// The configured age ±10 %, so that connections opened together do not leave together.
    fn age_of(&self, remote: SocketAddr) -> Duration {
        let thousandths = 900 + u32::try_from(self.jitter.hash_one(remote) % 201).unwrap_or(0);
        self.config.max_age * thousandths / 1000
    }
}

/// Tells each request where its connection comes from.
#[derive(Clone)]
struct WithPeer<S> {
    peer: Peer,
    inner: S,
}

impl<S: EdgeService> Service<Request<Incoming>> for WithPeer<S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Incoming>) -> S::Future {
        request.extensions_mut().insert(self.peer);
        self.inner.call(request)
    }
}

//! One connection: handshake, protocol, requests, end.

use std::convert::Infallible;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
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
use crate::socket;
use crate::tls::{Acceptor, Secured};
use crate::visitor::Peer;

/// What every connection of one listener shares.
pub(crate) struct Host {
    pub(crate) places: Arc<Semaphore>,
    pub(crate) kill: CancellationToken,
    pub(crate) config: Config,
    pub(crate) tls: Option<Acceptor>,
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

/// Serves a connection to its end. What is large lies in boxes that are gone when it is over: most connections wait,
/// and there are many.
pub(crate) async fn serve<S: EdgeService>(
    stream: TcpStream,
    remote: SocketAddr,
    host: Arc<Host>,
    service: S,
    _place: OwnedSemaphorePermit,
) {
    if let Err(error) = socket::prepare(&stream) {
        tracing::debug!(%error, "connection closed: the system has no more of it");
        return;
    }
    let peer = Peer {
        address: remote.ip(),
        tls: host.tls.is_some(),
        device: None,
    };
    let ended = match &host.tls {
        Some(acceptor) => match host.opening(Box::pin(acceptor.accept(stream))).await {
            Some(secured) => serve_secured(secured, remote, peer, &host, service).await,
            None => return,
        },
        None => match host.opening(Box::pin(sniff(stream))).await {
            Some((protocol, io)) => {
                let service = WithPeer::new(peer, service);
                match protocol {
                    Protocol::Http2 => http2_connection(io, remote, &host, service).await,
                    Protocol::Http1 => http1_connection(io, remote, &host, service).await,
                }
            }
            None => return,
        },
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

async fn serve_secured<S: EdgeService>(
    secured: Secured,
    remote: SocketAddr,
    mut peer: Peer,
    host: &Host,
    service: S,
) -> hyper::Result<()> {
    let Secured {
        stream,
        is_http2,
        device,
    } = secured;
    if device.is_some()
        && let Err(error) = socket::expect_to_be_heard(stream.get_ref().0)
    {
        tracing::debug!(%error, "a device that vanishes is noticed late");
    }
    peer.device = device.map(Arc::new);
    let service = WithPeer::new(peer, service);
    if is_http2 {
        http2_connection(stream, remote, host, service).await
    } else {
        http1_connection(stream, remote, host, service).await
    }
}

fn http1_connection<I, S>(
    io: I,
    remote: SocketAddr,
    host: &Host,
    service: S,
) -> impl Future<Output = hyper::Result<()>> + Send
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
        Box::pin(connection),
        remote,
        host,
        http1::Connection::graceful_shutdown,
    )
}

fn http2_connection<I, S>(
    io: I,
    remote: SocketAddr,
    host: &Host,
    service: S,
) -> impl Future<Output = hyper::Result<()>> + Send
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
        // A part of a file fits the window, so that it crosses in one go. A limit; nothing is set aside for it.
        .initial_stream_window_size(2 * 1024 * 1024)
        .initial_connection_window_size(8 * 1024 * 1024)
        .serve_connection(TokioIo::new(io), TowerToHyperService::new(service));
    drive(
        Box::pin(connection),
        remote,
        host,
        http2::Connection::graceful_shutdown,
    )
}

/// Runs a connection to its end: its own, old age, the stop, or the cut.
async fn drive<C>(
    mut connection: Pin<Box<C>>,
    remote: SocketAddr,
    host: &Host,
    ask_to_go: fn(Pin<&mut C>),
) -> hyper::Result<()>
where
    C: Future<Output = hyper::Result<()>>,
{
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
        let tls = config.tls.as_ref();
        Self {
            places: Arc::new(Semaphore::new(config.max_connections)),
            tls: tls.map(|tls| Acceptor::new(tls, Arc::clone(&config.clock))),
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

impl<S> WithPeer<S> {
    fn new(peer: Peer, inner: S) -> Self {
        Self { peer, inner }
    }
}

impl<S: EdgeService> Service<Request<Incoming>> for WithPeer<S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Incoming>) -> S::Future {
        request.extensions_mut().insert(self.peer.clone());
        self.inner.call(request)
    }
}

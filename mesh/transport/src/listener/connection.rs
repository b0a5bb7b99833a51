//! One connection, from its handshake to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::http2::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::task::TaskTracker;
use tower::Service;
use tower::util::Oneshot;

use super::lifetime::{Command, Lifetime};
use super::{Host, handshake};
use crate::config::{ListenerConfig, MAX_HEADERS};
use crate::error::BoxError;
use crate::events::{CloseReason, ConnectionInfo, TransportEvent};
use crate::wire::Rewound;

/// How long a client that was told everything may take to hang up.
const LINGER: Duration = Duration::from_secs(1);

/// How a connection ended, as the drain counts it.
pub(super) enum End {
    Clean,
    Forced,
    /// It never got past its handshake.
    Unborn,
}

pub(super) async fn run<S, B>(host: &Host, tcp: TcpStream, remote: SocketAddr, service: S) -> End
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let handshake = timeout(
        host.config.handshake_timeout,
        handshake::run(host, tcp, remote),
    );
    let failed = |reason: &str| {
        host.events
            .on(TransportEvent::HandshakeFailed { remote, reason });
        End::Unborn
    };
    let (tls, info) = tokio::select! {
        () = host.stop.cancelled() => return failed("the listener stopped"),
        outcome = handshake => match outcome {
            Ok(Ok(ready)) => ready,
            Ok(Err(error)) => return failed(&error.to_string()),
            Err(_) => return failed("the handshake took too long"),
        }
    };
    host.events.on(TransportEvent::Accepted { info: &info });
    let reason = serve(host, tls, info.clone(), service).await;
    host.events.on(TransportEvent::Closed {
        info: &info,
        reason,
    });
    match reason {
        CloseReason::Finished | CloseReason::Broken => End::Clean,
        CloseReason::Forced | CloseReason::Denied => End::Forced,
    }
}

async fn serve<S, B>(
    host: &Host,
    tls: TlsStream<TcpStream>,
    info: Arc<ConnectionInfo>,
    service: S,
) -> CloseReason
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let lifetime = Lifetime::new(host, info.peer.clone());
    let service = PerRequest {
        service,
        info: info.clone(),
    };
    let (io, back) = Rewound::lend(tls);
    let connection =
        builder(&host.config, host.requests.clone()).serve_connection(TokioIo::new(io), service);
    let mut connection = Box::pin(connection);
    // Polled only when one of its timers or signals fires, not at every wake of the socket.
    let mut commands = FuturesUnordered::from_iter([lifetime.next()]);
    loop {
        tokio::select! {
            biased;
            outcome = connection.as_mut() => {
                drop(connection);
                let Ok(()) = outcome else { return CloseReason::Broken };
                linger(back).await;
                return CloseReason::Finished;
            }
            Some((command, lifetime)) = commands.next() => match command {
                Command::Age | Command::Drain => {
                    if command == Command::Age {
                        host.events.on(TransportEvent::Aged { info: &info });
                    }
                    connection.as_mut().graceful_shutdown();
                    commands.push(lifetime.next());
                }
                Command::Cut => return CloseReason::Forced,
                Command::Deny => return CloseReason::Denied,
            },
        }
    }
}

/// Reads on until the client hangs up too. Closing with something unread makes the system reset the connection,
/// and the client then loses our last GOAWAY, which alone tells it which requests it may send again elsewhere.
async fn linger(back: oneshot::Receiver<TlsStream<TcpStream>>) {
    let Ok(tls) = back.await else { return };
    let (mut tcp, _) = tls.into_inner();
    let _ = timeout(LINGER, tokio::io::copy(&mut tcp, &mut tokio::io::sink())).await;
}

fn builder(config: &ListenerConfig, requests: TaskTracker) -> Builder<Tracked> {
    let mut builder = Builder::new(Tracked(requests));
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(config.max_concurrent_streams)
        .initial_stream_window_size(config.stream_window)
        .initial_connection_window_size(config.connection_window)
        .max_frame_size(config.max_frame)
        .max_header_list_size(MAX_HEADERS)
        // A thousand readers who hang up at once reset a thousand calls: peers are workloads of ours, and taking the
        // twentieth for an attack would end everybody's calls on the connection.
        .max_pending_accept_reset_streams(Some(config.max_concurrent_streams as usize * 8))
        .keep_alive_interval(config.keepalive_interval)
        .keep_alive_timeout(config.keepalive_timeout)
        .auto_date_header(false);
    builder
}

/// Runs hyper's per-request tasks where the listener can wait for them.
#[derive(Clone)]
struct Tracked(TaskTracker);

impl<F> Executor<F> for Tracked
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.spawn(task);
    }
}

/// Gives every request a clone of the service and tells it who calls.
struct PerRequest<S> {
    service: S,
    info: Arc<ConnectionInfo>,
}

impl<S> hyper::service::Service<Request<Incoming>> for PerRequest<S>
where
    S: Service<Request<Incoming>> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Oneshot<S, Request<Incoming>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.info.clone());
        Oneshot::new(self.service.clone(), request)
    }
}

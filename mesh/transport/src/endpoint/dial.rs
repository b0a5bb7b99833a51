//! Makes one connection: resolve, TCP, TLS, HTTP/2, and the peer's first byte.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::client::conn::http2::Builder;
use hyper::rt::Executor;
use hyper_util::rt::{TokioIo, TokioTimer};
use preau_mesh_identity::{IdentityStore, SpiffeId, explain_tls_io};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

use super::connection::Connection;
use super::outgoing::Dispatched;
use crate::config::{ConnectorConfig, MAX_HEADERS};
use crate::error::TransportError;
use crate::wire::{Life, Observed};

/// Whom to dial, and as whom.
pub(super) struct Target {
    pub(super) to: Arc<str>,
    pub(super) addr: Arc<str>,
    pub(super) server_name: String,
    pub(super) credentials: Credentials,
}

pub(super) enum Credentials {
    Workload {
        identities: Arc<IdentityStore>,
        from_role: String,
        to: SpiffeId,
    },
    Joining(Arc<ClientConfig>),
}

impl Target {
    fn tls(&self) -> Result<Arc<ClientConfig>, TransportError> {
        match &self.credentials {
            Credentials::Joining(config) => Ok(config.clone()),
            Credentials::Workload {
                identities,
                from_role,
                to,
            } => {
                identities
                    .client_config(from_role, to)
                    .map_err(|error| TransportError::Identity {
                        to: self.to.clone(),
                        source: Arc::new(error),
                    })
            }
        }
    }

    fn tls_error(&self, reason: impl Into<Arc<str>>) -> TransportError {
        TransportError::Tls {
            to: self.to.clone(),
            addr: self.addr.clone(),
            reason: reason.into(),
        }
    }

    fn connect_error(&self, source: io::Error) -> TransportError {
        TransportError::Connect {
            to: self.to.clone(),
            addr: self.addr.clone(),
            source: Arc::new(source),
        }
    }

    /// Resolves when the peer is put on the deny list; never for one that cannot be.
    async fn denied(&self, mut changes: Option<watch::Receiver<u64>>) {
        if let (Credentials::Workload { identities, to, .. }, Some(changes)) =
            (&self.credentials, &mut changes)
        {
            while changes.changed().await.is_ok() {
                if identities.is_denied(to) {
                    return;
                }
            }
        }
        std::future::pending().await
    }

    fn deny_changes(&self) -> Option<watch::Receiver<u64>> {
        match &self.credentials {
            Credentials::Workload { identities, .. } => {
                let mut changes = identities.denied_changes();
                changes.mark_changed();
                Some(changes)
            }
            Credentials::Joining(_) => None,
        }
    }
}

/// Dials once, within the configured time. `on_end` runs when the connection takes no more requests.
pub(super) async fn dial(
    target: &Arc<Target>,
    config: &ConnectorConfig,
    on_end: impl FnOnce() + Send + 'static,
) -> Result<Arc<Connection>, TransportError> {
    let attempt = async {
        let tls = handshake(target).await?;
        establish(target, config, tls, on_end).await
    };
    tokio::time::timeout(config.connect_timeout, attempt)
        .await
        .unwrap_or_else(|_| {
            Err(TransportError::TimedOut {
                to: target.to.clone(),
                addr: target.addr.clone(),
                after: config.connect_timeout,
            })
        })
}

async fn handshake(target: &Target) -> Result<TlsStream<TcpStream>, TransportError> {
    let config = target.tls()?;
    let tcp = connect_tcp(&target.addr)
        .await
        .map_err(|error| target.connect_error(error))?;
    let name = ServerName::try_from(target.server_name.clone())
        .map_err(|error| target.tls_error(error.to_string()))?;
    let tls = TlsConnector::from(config)
        .connect(name, tcp)
        .await
        .map_err(|error| target.tls_error(explain_tls_io(&error)))?;
    if tls.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(target.tls_error("the peer did not agree on HTTP/2 (ALPN h2)"));
    }
    Ok(tls)
}

async fn connect_tcp(addr: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for candidate in lookup_host(addr).await? {
        match TcpStream::connect(candidate).await {
            Ok(tcp) => {
                tcp.set_nodelay(true)?;
                return Ok(tcp);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn establish(
    target: &Arc<Target>,
    config: &ConnectorConfig,
    tls: TlsStream<TcpStream>,
    on_end: impl FnOnce() + Send + 'static,
) -> Result<Arc<Connection>, TransportError> {
    let life = Arc::new(Life::default());
    let tasks = Tasks::default();
    // Boxed: hyper's tasks for single requests have the size of the one that owns the socket, and each is moved
    // several times; a TLS session in it is a kilobyte and more.
    let io = TokioIo::new(Box::new(Observed::new(tls, life.clone())));
    // Subscribed before the wait below, so that no change of the deny list is missed.
    let denied = target.deny_changes();
    let (sender, driver) = builder(config, tasks.clone())
        .handshake::<_, Dispatched>(io)
        .await
        .map_err(|error| target.tls_error(error.to_string()))?;
    tasks.running.store(true, Ordering::Relaxed);
    let cut = tasks.cut.clone().drop_guard();
    let mut driver = Box::pin(driver);
    // TLS 1.3 lets a client finish before the server has judged its certificate. Only the server's first byte
    // says that it did, and an alert in its place is a failed dial, not a failed request.
    tokio::select! {
        // First, because a peer that spoke and went away at once is alive: dial again, do not leave it alone.
        biased;
        () = life.spoke.notified() => {}
        _ = &mut driver => {
            let reason = life.fault().unwrap_or("the peer closed it");
            return Err(target.tls_error(reason));
        }
    }
    let _ = cut.disarm();
    let owner = target.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = driver => {}
            () = owner.denied(denied) => tasks.cut.cancel(),
        }
        on_end();
    });
    Ok(Arc::new(Connection::new(sender, life, target.clone())))
}

fn builder(config: &ConnectorConfig, tasks: Tasks) -> Builder<Tasks> {
    let mut builder = Builder::new(tasks);
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(config.stream_window)
        .initial_connection_window_size(config.connection_window)
        .max_frame_size(config.max_frame)
        .max_header_list_size(MAX_HEADERS)
        .keep_alive_interval(config.keepalive_interval)
        .keep_alive_timeout(config.keepalive_timeout)
        .keep_alive_while_idle(true);
    builder
}

/// Runs hyper's tasks for one connection. The first, begun during its handshake, owns the socket and can be cut;
/// the others each belong to one request and end with the socket.
#[derive(Clone, Default)]
struct Tasks {
    running: Arc<AtomicBool>,
    cut: CancellationToken,
}

impl<F> Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        if self.running.load(Ordering::Relaxed) {
            tokio::spawn(task);
        } else {
            let cut = self.cut.clone();
            tokio::spawn(async move {
                cut.run_until_cancelled(task).await;
            });
        }
    }
}

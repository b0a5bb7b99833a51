//! The accept loop: caps, time-outs, age, and an end that comes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use preau_mesh::Mesh;
use preau_mesh::transport::Pause;
use preau_proto::contract::Contract;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::authorities;
use crate::config::Config;
use crate::connection::{self, EdgeService, Host};
use crate::door::Door;
use crate::tls::Tls;
use crate::ui::Interface;

/// Why the edge's port cannot be had. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Passwords would cross a network in the clear.
    #[error(
        "gateway address {0} is not a loopback address: plain HTTP is served on this machine only: use 127.0.0.1 or [::1], or set gateway.tls_certificate and gateway.tls_key"
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

/// How long the first connections wait for the answer whose devices there are.
const FOR_AUTHORITIES: Duration = Duration::from_secs(1);

/// Takes the port: any with TLS, one of loopback without.
///
/// # Errors
/// Not a loopback address, in use, or what the system says.
pub async fn bind(address: SocketAddr, tls: Option<&Tls>) -> Result<TcpListener, BindError> {
    if tls.is_none() && !address.ip().is_loopback() {
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
    serve_with(
        listener,
        mesh,
        contract,
        config,
        stop,
        Interface::embedded(),
    )
    .await
}

/// As [`serve`], with this interface.
pub(crate) async fn serve_with(
    listener: TcpListener,
    mesh: Mesh,
    contract: Contract,
    config: Config,
    stop: CancellationToken,
    interface: Interface,
) -> Drained {
    let door = Door::new(&mesh, contract, &config, interface).await;
    let host = Arc::new(Host::new(config, stop.clone()));
    let connections = TaskTracker::new();
    let (asked, first) = oneshot::channel();

    tokio::select! {
        () = async {
            // Devices that come back after a restart are to be asked for their certificates, every one of them.
            let _ = tokio::time::timeout(FOR_AUTHORITIES, first).await;
            accept(&listener, &host, &connections, &door).await;
        } => {}
        () = keep_fresh(host.config.tls.as_ref()) => {}
        () = follow_authorities(&mesh, &host, asked) => {}
        () = stop.cancelled() => {}
    }
    drop(listener);
    door.stop_serving().await;
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

/// Learns whose devices may show certificates, where there is TLS for it. Does not end.
async fn follow_authorities(mesh: &Mesh, host: &Host, asked: oneshot::Sender<()>) {
    match &host.tls {
        Some(acceptor) => authorities::follow(mesh, acceptor, asked).await,
        None => {
            drop(asked);
            std::future::pending().await
        }
    }
}

/// Looks after the certificate, if there is one. Does not end.
async fn keep_fresh(tls: Option<&Tls>) {
    match tls {
        Some(tls) => tls.keep_fresh().await,
        None => std::future::pending().await,
    }
}

/// Where connections come from: the system's listener, or a test's.
trait Accept: Sync {
    fn accept(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send;
}

impl Accept for TcpListener {
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        TcpListener::accept(self).await
    }
}

async fn accept<A, S>(listener: &A, host: &Arc<Host>, connections: &TaskTracker, service: &S)
where
    A: Accept,
    S: EdgeService,
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
                let served =
                    connection::serve(stream, remote, Arc::clone(host), service.clone(), place);
                connections.spawn(served);
            }
            Err(error) => {
                let pause = pause.after(&error);
                if !pause.is_zero() {
                    let pause_ms = pause.as_millis();
                    tracing::warn!(%error, pause_ms, "cannot accept: raise the limit of open files");
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Mutex;

    use http::{Request, Response};
    use hyper::body::Incoming;
    use tokio::time::Instant;
    use tonic::body::Body;

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
                .zip([5, 10, 20])
                .all(|(wait, least)| *wait >= least),
            "{waits:?}"
        );
        assert_eq!(waits.len(), 3);
    }
}

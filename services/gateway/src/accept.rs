//! The accept loop: caps, time-outs, age, and an end that comes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use preau_mesh::Mesh;
use preau_proto::contract::Contract;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::connection::{self, EdgeService, Host};
use crate::door::Door;
use crate::source::{Accept, Pause};
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

    tokio::select! {
        () = accept(&listener, &host, &connections, &door) => {}
        () = keep_fresh(host.config.tls.as_ref()) => {}
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

/// Looks after the certificate, if there is one. Does not end.
async fn keep_fresh(tls: Option<&Tls>) {
    match tls {
        Some(tls) => tls.keep_fresh().await,
        None => std::future::pending().await,
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
                if let Some(pause) = pause.after(&error) {
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
    use std::time::Duration;

    use http::{Request, Response};
    use hyper::body::Incoming;
    use tokio::net::TcpStream;
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
                .zip([50, 100, 200])
                .all(|(wait, least)| *wait >= least),
            "{waits:?}"
        );
        assert_eq!(waits.len(), 3);
    }
}

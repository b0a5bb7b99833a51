//! The innermost client: finds where the role is at the time of the call, and says in words why a call failed.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use preau_mesh_identity::{IdentityStore, SpiffeId};
use preau_mesh_layers::Fault;
use preau_mesh_transport::{ConnectorConfig, Endpoint, ResponseBody, TransportError};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::Service;

use crate::mesh::{Inner, Peers};

/// One role as another sees it.
#[derive(Clone)]
pub(crate) struct Peer {
    shared: Arc<Shared>,
}

struct Shared {
    from: String,
    to: String,
    /// None for a name that cannot be a role's.
    target: Option<SpiffeId>,
    identities: Arc<IdentityStore>,
    connector: ConnectorConfig,
    peers: Arc<ArcSwap<Peers>>,
    resolved: ArcSwapOption<Resolved>,
    resolving: Mutex<()>,
}

/// An answer of the table of peers, good for as long as the table is the same.
struct Resolved {
    table: Arc<Peers>,
    address: String,
    endpoint: Endpoint,
}

impl Peer {
    pub(crate) fn new(mesh: &Inner, from: &str, to: &str) -> Self {
        let domain = mesh.identities.trust_domain();
        let shared = Shared {
            from: from.to_owned(),
            to: to.to_owned(),
            target: SpiffeId::for_service(domain, &mesh.namespace, to).ok(),
            identities: mesh.identities.clone(),
            connector: mesh.connector.clone(),
            peers: mesh.peers.clone(),
            resolved: ArcSwapOption::empty(),
            resolving: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The identity it must prove.
    pub(crate) fn id(&self) -> &str {
        self.shared.target.as_ref().map_or("", SpiffeId::as_str)
    }
}

impl Shared {
    fn resolve(&self) -> Result<Arc<Resolved>, Status> {
        let id = self.target.as_ref().ok_or_else(|| self.no_such_role())?;
        let table = self.peers.load();
        let is_current = |known: &Arc<Resolved>| Arc::ptr_eq(&known.table, &table);
        if let Some(known) = self.resolved.load_full().filter(is_current) {
            return Ok(known);
        }
        // Connections are shared by all calls, so two calls must not make an endpoint each.
        let _resolving = self
            .resolving
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let table = self.peers.load_full();
        let address = table.address(&self.to).ok_or_else(|| self.no_address())?;
        let before = self
            .resolved
            .load_full()
            .filter(|known| known.address == address);
        let endpoint = before.map_or_else(
            || {
                Endpoint::new(
                    self.identities.clone(),
                    &self.from,
                    id.clone(),
                    address.to_owned(),
                    self.connector.clone(),
                )
            },
            |known| known.endpoint.clone(),
        );
        let resolved = Arc::new(Resolved {
            address: address.to_owned(),
            endpoint,
            table,
        });
        self.resolved.store(Some(resolved.clone()));
        Ok(resolved)
    }

    fn fault(&self, reason: &'static str, address: &str, message: String) -> Status {
        Fault::new(Code::Unavailable, reason, message)
            .with("from", &self.from)
            .into_status(&self.to, address)
    }

    fn no_such_role(&self) -> Status {
        self.fault(
            "NO_SUCH_ROLE",
            "",
            format!(
                "{:?} cannot be the name of a role: check the caller",
                self.to
            ),
        )
    }

    fn no_address(&self) -> Status {
        let to = &self.to;
        self.fault(
            "NO_ADDRESS",
            "",
            format!("nobody said where {to} is: run it here or add it to [mesh.peers]"),
        )
    }

    fn failed(&self, address: &str, error: &TransportError) -> Status {
        let reason = if error.was_sent() {
            "CONNECTION_LOST"
        } else {
            "PEER_UNREACHABLE"
        };
        self.fault(reason, address, chain(error))
    }

    fn lost(&self, address: &str, error: &hyper::Error) -> Status {
        let message = format!(
            "{} at {address} went away during its answer: {}",
            self.to,
            chain(error)
        );
        self.fault("CONNECTION_LOST", address, message)
    }
}

impl Service<Request<Body>> for Peer {
    type Response = Response<PeerBody>;
    type Error = Status;
    type Future = PeerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        // Which endpoint it will be is known only at the call, which then waits for it.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> PeerFuture {
        let shared = self.shared.clone();
        // The one box of the exchange; every layer above is part of the caller's own future.
        Box::pin(async move {
            let resolved = shared.resolve()?;
            match resolved.endpoint.send(request).await {
                Ok(response) => Ok(response.map(|inner| PeerBody {
                    inner,
                    resolved,
                    shared,
                })),
                Err(error) => Err(shared.failed(&resolved.address, &error)),
            }
        })
    }
}

/// An exchange with the peer.
pub(crate) type PeerFuture =
    Pin<Box<dyn Future<Output = Result<Response<PeerBody>, Status>> + Send>>;

/// The peer's answer, its errors in words.
pub(crate) struct PeerBody {
    inner: ResponseBody,
    resolved: Arc<Resolved>,
    shared: Arc<Shared>,
}

impl HttpBody for PeerBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        Poll::Ready(
            frame.map(|frame| {
                frame.map_err(|error| self.shared.lost(&self.resolved.address, &error))
            }),
        )
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An error with its causes: HTTP libraries keep the telling part in the last.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        source = error.source();
    }
    text
}

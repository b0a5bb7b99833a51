//! Counts calls received, by role, method and the caller's identity.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use arc_swap::ArcSwap;
use http::{Request, Response};
use http_body::Body as HttpBody;
use preau_mesh_identity::SpiffeId;
use preau_mesh_transport::ConnectionInfo;
use tonic::body::Body;
use tower::{Layer, Service};

use super::ServerShared;
use crate::catalogue::{Catalogue, request_path};
use crate::metrics::{CallObserver, Handles, Labels, Metrics};
use crate::observe::{ObservedBody, ObservedFuture};

/// Callers of one method counted apart; more than a platform has services. Beyond, they share one series.
const PEERS: usize = 64;

/// Makes [`ServerMetrics`].
#[derive(Clone, Debug)]
pub struct ServerMetricsLayer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    catalogue: Arc<Catalogue>,
    metrics: Metrics,
    /// By method, then a short list of callers; the last is for unknown paths. Read without a lock.
    handles: Vec<ArcSwap<Vec<Known>>>,
}

#[derive(Clone, Debug)]
struct Known {
    role: String,
    peer: Option<SpiffeId>,
    handles: Arc<Handles>,
}

impl ServerMetricsLayer {
    /// Counts in the metrics of `shared`.
    #[must_use]
    pub fn new(shared: &ServerShared) -> Self {
        let (catalogue, metrics) = (shared.catalogue.clone(), shared.metrics.clone());
        let handles = (0..=catalogue.len()).map(|_| ArcSwap::default()).collect();
        Self {
            shared: Arc::new(Shared {
                catalogue,
                metrics,
                handles,
            }),
        }
    }
}

impl Shared {
    fn handles(&self, request: &Request<Body>) -> Arc<Handles> {
        let entry = self.catalogue.find(request_path(request.uri()));
        let info = request.extensions().get::<Arc<ConnectionInfo>>();
        let (role, peer) = info.map_or(("unknown", None), |info| {
            (info.role.as_str(), info.peer.as_ref())
        });
        let slot = &self.handles[entry.map_or(self.catalogue.len(), |entry| entry.index)];
        let known = slot.load();
        let is_same = |known: &&Known| known.peer.as_ref() == peer && known.role == role;
        if let Some(known) = known.iter().find(is_same) {
            return known.handles.clone();
        }
        let rpc = entry.map_or("unknown", |entry| &entry.rpc);
        let counted_apart = known.len() < PEERS;
        let client = if counted_apart {
            peer.map(ToString::to_string)
        } else {
            Some("other".into())
        };
        let handles = Handles::new(&self.metrics, labels(role, client, rpc));
        if counted_apart {
            let added = Known {
                role: role.into(),
                peer: peer.cloned(),
                handles: handles.clone(),
            };
            slot.rcu(|known| {
                known
                    .iter()
                    .cloned()
                    .chain([added.clone()])
                    .collect::<Vec<_>>()
            });
        }
        handles
    }
}

fn labels(role: &str, client: Option<String>, rpc: &str) -> Labels {
    let mut labels: Labels = vec![("direction", "inbound".into()), ("tls", "true".into())];
    labels.extend(client.map(|client| ("client_id", client)));
    labels.extend([("role", role.to_owned()), ("rpc", rpc.to_owned())]);
    labels
}

impl<S> Layer<S> for ServerMetricsLayer {
    type Service = ServerMetrics<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ServerMetrics {
            inner,
            shared: self.shared.clone(),
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct ServerMetrics<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S, B> Service<Request<Body>> for ServerMetrics<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: HttpBody,
{
    type Response = Response<ObservedBody<B, CallObserver>>;
    type Error = Infallible;
    type Future = ObservedFuture<S::Future, CallObserver>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let observer = CallObserver::start(self.shared.handles(&request));
        ObservedFuture::new(self.inner.call(request), observer)
    }
}

#[cfg(test)]
mod tests;

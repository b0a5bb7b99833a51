//! Counts calls made, by method; caller and peer are fixed for a client.

use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body as HttpBody;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use super::ClientShared;
use crate::catalogue::request_path;
use crate::metrics::{CallObserver, Handles, Labels};
use crate::observe::{ObservedBody, ObservedFuture};

/// Makes [`ClientMetrics`].
#[derive(Clone, Debug)]
pub struct ClientMetricsLayer {
    config: Arc<Config>,
}

#[derive(Debug)]
struct Config {
    client: ClientShared,
    /// By method; the last is for unknown paths.
    handles: Vec<OnceLock<Arc<Handles>>>,
}

impl ClientMetricsLayer {
    /// Counts in the metrics of `shared`.
    #[must_use]
    pub fn new(shared: &ClientShared) -> Self {
        let handles = (0..=shared.catalogue.len())
            .map(|_| OnceLock::new())
            .collect();
        Self {
            config: Arc::new(Config {
                client: shared.clone(),
                handles,
            }),
        }
    }
}

impl Config {
    fn handles(&self, path: &str) -> Arc<Handles> {
        let ClientShared {
            catalogue, metrics, ..
        } = &self.client;
        let entry = catalogue.find(path);
        let slot = &self.handles[entry.map_or(catalogue.len(), |entry| entry.index)];
        let rpc = entry.map_or("unknown", |entry| &entry.rpc);
        slot.get_or_init(|| Handles::new(metrics, self.labels(rpc)))
            .clone()
    }

    fn labels(&self, rpc: &str) -> Labels {
        let ClientShared {
            from,
            authority,
            server_id,
            ..
        } = &self.client;
        vec![
            ("direction", "outbound".into()),
            ("authority", authority.to_string()),
            ("tls", "true".into()),
            ("server_id", server_id.to_string()),
            ("role", from.to_string()),
            ("rpc", rpc.into()),
        ]
    }
}

impl<S> Layer<S> for ClientMetricsLayer {
    type Service = ClientMetrics<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientMetrics {
            inner,
            config: self.config.clone(),
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct ClientMetrics<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S, B> Service<Request<Body>> for ClientMetrics<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Status>,
    B: HttpBody,
{
    type Response = Response<ObservedBody<B, CallObserver>>;
    type Error = Status;
    type Future = ObservedFuture<S::Future, CallObserver>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let observer = CallObserver::start(self.config.handles(request_path(request.uri())));
        ObservedFuture::new(self.inner.call(request), observer)
    }
}

#[cfg(test)]
mod tests;

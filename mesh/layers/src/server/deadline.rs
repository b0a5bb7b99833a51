//! The deadline of a call: the sooner of what the caller asked and what the method's policy allows.
//!
//! Enforced until the trailers. When it passes the handler's future, or its response stream, is dropped there and
//! then, and the caller gets DEADLINE_EXCEEDED in headers or in trailers, whichever is still to be sent. Handlers
//! find the [`Deadline`] in their admission.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use preau_mesh_transport::ConnectionInfo;
use tokio::time::Instant;
use tonic::Code;
use tonic::body::Body;
use tower::{Layer, Service};

use super::ServerShared;
use crate::catalogue::{Catalogue, request_path};
use crate::expiring::{Deadline, ExpiringBody, ExpiringFuture, Timer};
use crate::fault::Fault;
use crate::origin::Origin;
use crate::timeout;

/// For paths without a policy: authorization refuses them, this only bounds how long that may take.
const UNKNOWN_METHOD: Duration = Duration::from_secs(5);

/// Makes [`ServerDeadline`]s.
#[derive(Clone, Debug)]
pub struct ServerDeadlineLayer {
    config: Arc<Config>,
}

#[derive(Debug)]
struct Config {
    catalogue: Arc<Catalogue>,
    endpoint: Arc<str>,
}

impl ServerDeadlineLayer {
    /// Deadlines by the policies in `shared`.
    #[must_use]
    pub fn new(shared: &ServerShared) -> Self {
        let (catalogue, endpoint) = (shared.catalogue.clone(), shared.endpoint.clone());
        Self {
            config: Arc::new(Config {
                catalogue,
                endpoint,
            }),
        }
    }
}

impl<S> Layer<S> for ServerDeadlineLayer {
    type Service = ServerDeadline<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ServerDeadline {
            inner,
            config: self.config.clone(),
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct ServerDeadline<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S, B> Service<Request<Body>> for ServerDeadline<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<ExpiringBody<B>>;
    type Error = Infallible;
    type Future = ExpiringFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let now = Instant::now();
        let entry = self
            .config
            .catalogue
            .find(request_path(request.uri()))
            .cloned();
        let connection = request.extensions().get::<Arc<ConnectionInfo>>().cloned();
        let origin = Origin::Server {
            connection,
            endpoint: self.config.endpoint.clone(),
        };
        let asked = match timeout::read(request.headers()) {
            Ok(asked) => asked,
            Err(malformed) => {
                let fault = Fault::new(
                    Code::InvalidArgument,
                    "MALFORMED_TIMEOUT",
                    malformed.to_string(),
                );
                return ExpiringFuture::refused(fault.from(&origin));
            }
        };
        let allowed = entry
            .as_ref()
            .map_or(UNKNOWN_METHOD, |entry| entry.method.deadline);
        let timeout = asked.map_or(allowed, |asked| asked.min(allowed));
        let deadline = Deadline(now + timeout);
        let timer = Timer::new(deadline, origin, entry);
        if timeout.is_zero() {
            return ExpiringFuture::refused(timer.status());
        }
        request.extensions_mut().insert(deadline);
        ExpiringFuture::running(self.inner.call(request), timer)
    }
}

#[cfg(test)]
mod tests;

//! The time a call may take: the soonest of the inherited deadline, what the caller set, and the method's policy.
//!
//! It is sent as `grpc-timeout` and enforced here too, until the trailers, because a peer that hangs enforces nothing.
//! With nothing left a call fails at once and is not sent.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use tokio::time::Instant;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::{ClientShared, Inherited};
use crate::catalogue::{Catalogue, request_path};
use crate::expiring::{Deadline, ExpiringBody, ExpiringFuture, Timer};
use crate::fault::Fault;
use crate::origin::Origin;
use crate::timeout::{self, GRPC_TIMEOUT};

/// For paths without a policy, which the peer will refuse.
const UNKNOWN_METHOD: Duration = Duration::from_secs(10);

/// Makes [`Budget`]s.
#[derive(Clone, Debug)]
pub struct BudgetLayer {
    catalogue: Arc<Catalogue>,
    origin: Origin,
}

impl BudgetLayer {
    /// Budgets by the policies in `shared`.
    #[must_use]
    pub fn new(shared: &ClientShared) -> Self {
        Self {
            catalogue: shared.catalogue.clone(),
            origin: shared.origin(),
        }
    }
}

impl<S> Layer<S> for BudgetLayer {
    type Service = Budget<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Budget {
            inner,
            config: self.clone(),
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Budget<S> {
    inner: S,
    config: BudgetLayer,
}

impl<S, B> Service<Request<Body>> for Budget<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Status>,
{
    type Response = Response<ExpiringBody<B>>;
    type Error = Status;
    type Future = ExpiringFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let BudgetLayer { catalogue, origin } = &self.config;
        let now = Instant::now();
        let entry = catalogue.find(request_path(request.uri())).cloned();
        let asked = match timeout::read(request.headers()) {
            Ok(asked) => asked,
            Err(malformed) => {
                let fault = Fault::new(
                    Code::InvalidArgument,
                    "MALFORMED_TIMEOUT",
                    malformed.to_string(),
                );
                return ExpiringFuture::refused(fault.from(origin));
            }
        };
        let inherited = request
            .extensions()
            .get::<Inherited>()
            .and_then(|inherited| inherited.deadline);
        let allowed = entry
            .as_ref()
            .map_or(UNKNOWN_METHOD, |entry| entry.method.deadline);
        let remaining = inherited.map(|deadline| deadline.0.saturating_duration_since(now));
        let budget = [asked, remaining]
            .into_iter()
            .flatten()
            .fold(allowed, Duration::min);
        let timer = Timer::new(Deadline(now + budget), origin.clone(), entry);
        if budget.is_zero() {
            return ExpiringFuture::refused(timer.status());
        }
        request
            .headers_mut()
            .insert(GRPC_TIMEOUT, timeout::format(budget));
        ExpiringFuture::running(self.inner.call(request), timer)
    }
}

#[cfg(test)]
mod tests;

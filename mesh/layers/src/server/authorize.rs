//! Who may call what: the default is no.
//!
//! In this order, each failing closed: the path is exactly a method's; the method belongs to the role the connection
//! was opened for; the calling workload is listed; the user's principal token verifies; one of the user's roles is in
//! a rule. What remains, the relation between user and object, only the use case can check: it must call
//! [`Admission::discharge`], and a guard replaces a successful answer by INTERNAL if it did not.

mod admission;
mod decision;
mod guard;
mod unreadable;

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderName, Request, Response};
use preau_mesh_identity::principal::Verifier;
use tonic::body::Body;
use tower::{Layer, Service};

use super::ServerShared;
use crate::catalogue::Catalogue;

pub use admission::Admission;
use guard::GuardedFuture;

/// The principal token's header on the mesh. Handlers never see it: see [`Admission`].
pub const PRINCIPAL_HEADER: HeaderName = HeaderName::from_static("x-preau-principal");

/// Makes [`Authorize`]s.
#[derive(Clone)]
pub struct AuthorizeLayer {
    config: Arc<Config>,
}

/// Decides by the policies of one catalogue.
struct Config {
    catalogue: Arc<Catalogue>,
    verifier: Arc<Verifier>,
    namespace: Arc<str>,
    endpoint: Arc<str>,
}

impl AuthorizeLayer {
    /// Decisions by the policies in `shared`.
    #[must_use]
    pub fn new(shared: &ServerShared) -> Self {
        let ServerShared {
            catalogue,
            verifier,
            namespace,
            endpoint,
            ..
        } = shared.clone();
        Self {
            config: Arc::new(Config {
                catalogue,
                verifier,
                namespace,
                endpoint,
            }),
        }
    }
}

impl<S> Layer<S> for AuthorizeLayer {
    type Service = Authorize<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Authorize {
            inner,
            config: self.config.clone(),
        }
    }
}

/// See the module.
#[derive(Clone)]
pub struct Authorize<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S> Service<Request<Body>> for Authorize<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = GuardedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.config.admit(&mut request) {
            Ok(admission) => {
                let admission = Arc::new(admission);
                request.extensions_mut().insert(admission.clone());
                GuardedFuture::running(self.inner.call(request), admission)
            }
            Err(status) => GuardedFuture::refused(status),
        }
    }
}

#[cfg(test)]
mod tests;

//! Where a call goes: to the edge's own health and reflection, or through the mesh.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use http::{HeaderMap, Request, Response};
use preau_mesh::principal::PrincipalError;
use preau_mesh::{Deadline, Inherited, Mesh, TraceContext};
use preau_proto::contract::{Contract, Method, Role};
use tonic::body::Body;
use tonic::{Status, body};
use tower::Service;

use crate::config::Config;
use crate::local::Local;
use crate::principals::{Principals, SessionToken};
use crate::proxy::Proxy;
use crate::refusal::Refusal;
use crate::trace;

const HEALTH: [&str; 2] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
];
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
/// For learning who asks; the contract says nothing of a method that is not its own.
const REFLECTION_WITHIN: Duration = Duration::from_secs(10);
const SIGN_OUT: &str = "/preau.identity.v1.SessionService/SignOut";

/// Who may read the contract off a running server. It names every internal method and every rule:
/// a map for an attacker, a tool for those who operate. Foreign clients build from `proto/` instead.
const MAY_REFLECT: [Role; 3] = [Role::SchoolAdmin, Role::AuthorityAdmin, Role::PlatformAdmin];

/// The gRPC service of the edge. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Edge {
    inner: Arc<Inner>,
}

struct Inner {
    contract: Contract,
    mesh: Mesh,
    local: Local,
    principals: Principals,
    proxy: Proxy,
}

impl Edge {
    pub(crate) async fn new(mesh: &Mesh, contract: Contract, config: &Config) -> Self {
        let inner = Inner {
            local: Local::new(&contract).await,
            principals: Principals::new(mesh, config),
            proxy: Proxy::new(mesh, &contract, config.max_request_body),
            mesh: mesh.clone(),
            contract,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    pub(crate) async fn stop_serving(&self) {
        self.inner.local.stop_serving().await;
    }
}

impl Service<Request<Body>> for Edge {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let inner = Arc::clone(&self.inner);
        async move {
            let path = request.uri().path().to_owned();
            let answer = inner.answer(&path, request).await;
            Ok(answer.unwrap_or_else(Status::into_http::<body::Body>))
        }
        .boxed()
    }
}

impl Inner {
    async fn answer(
        &self,
        path: &str,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, Status> {
        trace::normalise(request.headers_mut());
        // Paths are compared as they came: no decoding, no folding, no query. What is not
        // exactly a method's path is no method, so no variant slips past a policy.
        if request.uri().query().is_some() {
            return Err(Refusal::NoSuchMethod.into_status(path));
        }
        if HEALTH.contains(&path) {
            return Ok(self.local.health(request).await);
        }
        if path == REFLECTION {
            self.check_administrator(path, request.headers()).await?;
            return Ok(self.local.reflection(request).await);
        }
        match self
            .contract
            .method(path)
            .filter(|method| method.is_public())
        {
            Some(method) => self.call_method(method, request).await,
            None => Err(Refusal::NoSuchMethod.into_status(path)),
        }
    }

    async fn call_method(
        &self,
        method: &Method,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, Status> {
        let session = self.session(method, &request)?;
        // One deadline for the mint and for what follows it.
        let inherited = inherited(request.headers(), method.deadline);
        let principal = match &session {
            Some(session) => Some(
                self.principals
                    .principal(session, inherited.clone())
                    .await?,
            ),
            None => None,
        };
        request.extensions_mut().insert(inherited);
        // When this call is over, however it ends: a caller who hangs up has signed out too.
        let _forgetting = session
            .as_ref()
            .filter(|_| method.path == SIGN_OUT)
            .map(|session| self.principals.forget_afterwards(session));
        self.proxy.forward(method, request, principal).await
    }

    /// The session that the call acts for, if the method has to do with one.
    fn session(
        &self,
        method: &Method,
        request: &Request<Body>,
    ) -> Result<Option<SessionToken>, Status> {
        let only_anonymous = !method
            .rules
            .iter()
            .any(|rule| rule.roles != [Role::Anonymous]);
        if only_anonymous {
            // Signing in with a stale session in hand must work.
            return Ok(None);
        }
        let session = SessionToken::from_headers(request.headers())
            .map_err(|refusal| refusal.into_status(&method.path))?;
        if session.is_none() && method.needs_principal() {
            return Err(Refusal::NotSignedIn.into_status(&method.path));
        }
        Ok(session)
    }

    async fn check_administrator(&self, path: &str, headers: &HeaderMap) -> Result<(), Status> {
        let session = SessionToken::from_headers(headers)
            .map_err(|refusal| refusal.into_status(path))?
            .ok_or_else(|| Refusal::NotSignedIn.into_status(path))?;
        let inherited = inherited(headers, REFLECTION_WITHIN);
        let principal = self.principals.principal(&session, inherited).await?;
        let token = principal.to_str().unwrap_or_default();
        let claims = self
            .mesh
            .principals()
            .verify(token)
            .map_err(|error| match error {
                PrincipalError::NoKeys => Refusal::KeysNotYetKnown.into_status(path),
                _ => Refusal::NotSignedIn.into_status(path),
            })?;
        let may = claims
            .grants
            .iter()
            .any(|grant| MAY_REFLECT.iter().any(|role| *role as i32 == grant.role));
        if may {
            Ok(())
        } else {
            Err(Refusal::NotAdministrator.into_status(path))
        }
    }
}

/// What this call hands on to the calls made for it.
fn inherited(headers: &HeaderMap, allowed: Duration) -> Inherited {
    Inherited {
        trace: TraceContext::extract(headers),
        deadline: Some(Deadline::asked(headers, allowed)),
    }
}

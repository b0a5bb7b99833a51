//! Where a call goes: to the edge's own health and reflection, or through the mesh.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use http::{HeaderName, Request, Response, header};
use preau_mesh::principal::PrincipalError;
use preau_mesh::{Inherited, Mesh};
use preau_proto::contract::{Contract, Method, Role};
use tonic::body::Body;
use tonic::{Status, body};
use tower::Service;

use crate::attempts::{Attempt, Attempts};
use crate::config::Config;
use crate::cookie::CookieSession;
use crate::credential::{Credential, SessionToken};
use crate::local::Local;
use crate::outward;
use crate::principals::{Ending, Principals};
use crate::proxy::Proxy;
use crate::refusal::Refusal;
use crate::trace::{self, inherited};
use crate::visitor::{Peer, Visitor};

const HEALTH: [&str; 2] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
];
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
/// For learning who asks; the contract says nothing of a method that is not its own.
const REFLECTION_WITHIN: Duration = Duration::from_secs(10);
/// What ends the calling session, and what ends all of the caller's.
const ENDS_SESSIONS: [(&str, Ending); 2] = [
    ("/preau.identity.v1.SessionService/SignOut", Ending::One),
    (
        "/preau.identity.v1.SessionService/SignOutEverywhere",
        Ending::All,
    ),
];
/// What answers whether a password or a code is right.
const GUESSES: [&str; 2] = [
    "/preau.identity.v1.SessionService/SignIn",
    "/preau.identity.v1.SessionService/Activate",
];

/// What every browser adds to a call, and no agent of a device.
const OF_BROWSERS: [HeaderName; 2] = [header::ORIGIN, HeaderName::from_static("sec-fetch-site")];

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
    principals: Arc<Principals>,
    attempts: Arc<Attempts>,
    proxy: Proxy,
}

impl Edge {
    pub(crate) async fn new(
        mesh: &Mesh,
        contract: Contract,
        config: &Config,
        principals: Arc<Principals>,
        attempts: Arc<Attempts>,
    ) -> Self {
        let inner = Inner {
            local: Local::new(&contract).await,
            principals,
            attempts,
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
            let answer = answer.unwrap_or_else(Status::into_http::<body::Body>);
            Ok(outward::put_path(answer, path))
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
            let session = session_of(&request).map_err(|refusal| refusal.into_status(path))?;
            let inherited = inherited(request.headers(), REFLECTION_WITHIN);
            self.check_administrator(path, session, inherited).await?;
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
        let attempt = self.attempt(method, &request)?;
        let credential = self.credential(method, &request)?;
        // One deadline for the mint and for what follows it.
        let inherited = inherited(request.headers(), method.deadline);
        let principal = match &credential {
            Some(credential) => Some(
                self.principals
                    .principal_for(credential, inherited.clone(), method.deadline)
                    .await?,
            ),
            None => None,
        };
        request.extensions_mut().insert(inherited);
        // When this call is over, however it ends: a caller who hangs up has signed out too.
        let ending = ENDS_SESSIONS.iter().find(|(path, _)| *path == method.path);
        let _forgetting = credential
            .as_ref()
            .zip(ending)
            .map(|(credential, (_, ending))| {
                self.principals.forget_afterwards(credential, *ending)
            });
        let answer = self.proxy.forward(method, request, principal).await;
        match attempt {
            Some(attempt) => attempt.watch(answer),
            None => answer,
        }
    }

    /// Whether the call is a guess, and one more is allowed.
    fn attempt(&self, method: &Method, request: &Request<Body>) -> Result<Option<Attempt>, Status> {
        let visitor = request.extensions().get::<Visitor>();
        match visitor.filter(|_| GUESSES.contains(&method.path.as_str())) {
            Some(visitor) => self
                .attempts
                .begin(*visitor)
                .map(Some)
                .map_err(|refusal| refusal.into_status(&method.path)),
            None => Ok(None),
        }
    }

    /// Whom the call acts for, if the method has to do with anybody: a session goes before a certificate.
    fn credential(
        &self,
        method: &Method,
        request: &Request<Body>,
    ) -> Result<Option<Credential>, Status> {
        let only_anonymous = !method
            .rules
            .iter()
            .any(|rule| rule.roles != [Role::Anonymous]);
        if only_anonymous {
            // Signing in with a stale session in hand must work.
            return Ok(None);
        }
        let session = session_of(request).map_err(|refusal| refusal.into_status(&method.path))?;
        if session.is_some() || !method.needs_principal() {
            return Ok(session.map(Credential::Session));
        }
        match device_of(request) {
            Some(device) => Ok(Some(device)),
            None => Err(Refusal::NotSignedIn.into_status(&method.path)),
        }
    }

    async fn check_administrator(
        &self,
        path: &str,
        session: Option<SessionToken>,
        inherited: Inherited,
    ) -> Result<(), Status> {
        let session = session.ok_or_else(|| Refusal::NotSignedIn.into_status(path))?;
        let session = Credential::Session(session);
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

/// The session that a call names: by `authorization`, or else by a browser's cookie.
fn session_of(request: &Request<Body>) -> Result<Option<SessionToken>, Refusal> {
    if let Some(session) = SessionToken::from_headers(request.headers())? {
        return Ok(Some(session));
    }
    match request.extensions().get::<CookieSession>() {
        Some(CookieSession::Own(session)) => Ok(Some(session.clone())),
        Some(CookieSession::Foreign) => Err(Refusal::ForeignOrigin),
        Some(CookieSession::None | CookieSession::Unusable) | None => Ok(None),
    }
}

/// The device whose connection it is. A certificate is shown by itself, as a cookie is: what a browser sends for some
/// page, or with a session that is none, does not act as the device.
fn device_of(request: &Request<Body>) -> Option<Credential> {
    let by_browser = OF_BROWSERS
        .iter()
        .any(|name| request.headers().contains_key(name));
    let unclear = matches!(
        request.extensions().get(),
        Some(CookieSession::Unusable | CookieSession::Foreign)
    );
    let peer = request.extensions().get::<Peer>();
    let certificate = peer.and_then(|peer| peer.device.clone());
    certificate
        .filter(|_| !by_browser && !unclear)
        .map(Credential::Certificate)
}

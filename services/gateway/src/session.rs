//! Signing in and out for browsers: `identity`'s answers, turned into a cookie that no script sees.

mod answer;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::BodyExt;
use preau_mesh::{Channel, Inherited, Mesh, WallClock, own_request, with_principal};
use preau_proto::identity::v1::session_service_client::SessionServiceClient;
use preau_proto::identity::v1::{
    ActivateRequest, SignInRequest, SignOutEverywhereRequest, SignOutRequest,
};
use serde::Deserialize;
use tonic::body::Body;
use tonic::{Code, Status};

use self::answer::Denied;
use crate::attempts::Attempts;
use crate::body::Limited;
use crate::config::Config;
use crate::cookie;
use crate::credential::{Credential, SessionToken};
use crate::principals::{Ending, Principals};
use crate::site::Site;
use crate::trace::{self, inherited};
use crate::visitor::Visitor;

/// Under which the requests are.
pub(crate) const PATH: &str = "/session";
const FIRST: &str = "/session/first";

/// Far more than the longest login, code and password.
const MOST_BYTES: u64 = 4 * 1024;
/// As the contract allows for signing in.
const WITHIN: Duration = Duration::from_secs(10);
/// For ending a session that is replaced: nobody waits longer for that.
const REPLACED_WITHIN: Duration = Duration::from_secs(2);

/// What a new session comes as: its token, and until when it may last.
type NewSession = (String, Option<SystemTime>);

/// The endpoint of sessions.
pub(crate) struct Sessions {
    identity: SessionServiceClient<Channel>,
    principals: Arc<Principals>,
    attempts: Arc<Attempts>,
    clock: WallClock,
    body_within: Duration,
}

enum Wanted {
    SignIn,
    Activate,
    SignOut { everywhere: bool },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    login: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Activate {
    login: String,
    code: String,
    password: String,
}

impl Sessions {
    pub(crate) fn new(
        mesh: &Mesh,
        principals: Arc<Principals>,
        attempts: Arc<Attempts>,
        config: &Config,
    ) -> Self {
        Self {
            identity: SessionServiceClient::new(mesh.client("gateway", "identity")),
            principals,
            attempts,
            clock: Arc::clone(&config.clock),
            body_within: config.header_timeout,
        }
    }

    pub(crate) async fn answer(
        &self,
        request: Request<Body>,
        site: &Site,
        visitor: Visitor,
    ) -> Response<Body> {
        match self.try_answer(request, site, visitor).await {
            Ok(headers) => answer::done(headers),
            Err(denied) => denied.into_response(),
        }
    }

    /// The headers of the answer when all went well.
    async fn try_answer(
        &self,
        request: Request<Body>,
        site: &Site,
        visitor: Visitor,
    ) -> Result<HeaderMap, Denied> {
        let wanted = wanted(&request)?;
        let (mut parts, body) = request.into_parts();
        if !site.sent_it(&parts.headers) {
            return Err(Denied::foreign());
        }
        trace::normalise(&mut parts.headers);
        let inherited = inherited(&parts.headers, WITHIN);
        let held = cookie::sessions(&parts.headers)
            .map_err(|error| Denied::bad_request(&error.to_string()))?;
        let mut answer = HeaderMap::new();
        if let Wanted::SignOut { everywhere } = wanted {
            self.sign_out(held, everywhere, inherited).await?;
            cookie::clear(&mut answer);
            return Ok(answer);
        }
        let json = self.json(&parts.headers, body).await?;
        let (token, until) = self
            .guess(&wanted, &json, visitor, inherited.clone())
            .await?;
        let session = SessionToken::parse(&token).ok_or_else(Denied::internal)?;
        let lasts = until.map(|until| until.duration_since((self.clock)()).unwrap_or_default());
        cookie::set(&mut answer, &session, lasts).map_err(|error| {
            tracing::error!(%error, "nobody can sign in with a browser");
            Denied::internal()
        })?;
        self.replace(held, inherited).await;
        Ok(answer)
    }

    /// A sign-in, counted against the visitor's part of the network when it was a wrong guess.
    async fn guess(
        &self,
        wanted: &Wanted,
        json: &[u8],
        visitor: Visitor,
        inherited: Inherited,
    ) -> Result<NewSession, Denied> {
        let attempt = self.attempts.begin(visitor)?;
        let guessed = match wanted {
            Wanted::Activate => self.activate(json, inherited).await,
            _ => self.sign_in(json, inherited).await,
        };
        match &guessed {
            Ok(_) => attempt.ended(Code::Ok),
            Err(denied) => attempt.ended(denied.code()),
        }
        guessed
    }

    async fn sign_in(&self, json: &[u8], inherited: Inherited) -> Result<NewSession, Denied> {
        let SignIn { login, password } = parse(json, "login and password")?;
        let request = calling(SignInRequest { login, password }, inherited);
        let answer = self.identity.clone().sign_in(request).await?.into_inner();
        let until = answer
            .expires_at
            .and_then(|at| SystemTime::try_from(at).ok());
        Ok((answer.session_token, until))
    }

    async fn activate(&self, json: &[u8], inherited: Inherited) -> Result<NewSession, Denied> {
        let Activate {
            login,
            code,
            password,
        } = parse(json, "login, code and password")?;
        let message = ActivateRequest {
            login,
            code,
            password,
        };
        let request = calling(message, inherited);
        let answer = self.identity.clone().activate(request).await?.into_inner();
        let until = answer
            .expires_at
            .and_then(|at| SystemTime::try_from(at).ok());
        Ok((answer.session_token, until))
    }

    /// Ends every one of the sessions, or all of their persons'. One that has ended already is ended.
    async fn sign_out(
        &self,
        sessions: Vec<SessionToken>,
        everywhere: bool,
        inherited: Inherited,
    ) -> Result<(), Status> {
        let mut failed = None;
        for session in sessions {
            let session = Credential::Session(session);
            match self.end(&session, everywhere, inherited.clone()).await {
                Err(status) if status.code() != Code::Unauthenticated => failed = Some(status),
                _ => {}
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn end(
        &self,
        session: &Credential,
        everywhere: bool,
        inherited: Inherited,
    ) -> Result<(), Status> {
        let principal = self
            .principals
            .principal(session, inherited.clone())
            .await?;
        let principal = principal.to_str().unwrap_or_default();
        let ending = if everywhere { Ending::All } else { Ending::One };
        let _forgetting = self.principals.forget_afterwards(session, ending);
        let mut identity = self.identity.clone();
        if everywhere {
            let mut request = calling(SignOutEverywhereRequest {}, inherited);
            with_principal(&mut request, principal);
            identity.sign_out_everywhere(request).await?;
        } else {
            let mut request = calling(SignOutRequest {}, inherited);
            with_principal(&mut request, principal);
            identity.sign_out(request).await?;
        }
        Ok(())
    }

    /// Ends the sessions whose cookies the new one replaces. If that does not work it ends by its own time-outs; nobody
    /// is kept from signing in for it.
    async fn replace(&self, sessions: Vec<SessionToken>, inherited: Inherited) {
        let ended = self.sign_out(sessions, false, inherited);
        match tokio::time::timeout(REPLACED_WITHIN, ended).await {
            Ok(Ok(())) => {}
            Ok(Err(status)) => {
                tracing::debug!(code = ?status.code(), "a replaced session was not ended");
            }
            Err(_) => tracing::debug!("a replaced session was not ended in time"),
        }
    }

    async fn json(&self, headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Denied> {
        if !is_json(headers) {
            return Err(Denied::not_json());
        }
        let (body, exceeded) = Limited::new(body, MOST_BYTES);
        if exceeded.get() {
            return Err(Denied::too_large(MOST_BYTES));
        }
        match tokio::time::timeout(self.body_within, body.collect()).await {
            Ok(Ok(collected)) => Ok(collected.to_bytes().into()),
            Ok(Err(_)) if exceeded.get() => Err(Denied::too_large(MOST_BYTES)),
            Ok(Err(_)) => Err(Denied::bad_request("the body broke off: send it again")),
            Err(_) => Err(Denied::too_slow()),
        }
    }
}

fn wanted<B>(request: &Request<B>) -> Result<Wanted, Denied> {
    let (path, query) = (request.uri().path(), request.uri().query());
    match (request.method(), path, query) {
        (&Method::POST, PATH, None) => Ok(Wanted::SignIn),
        (&Method::POST, FIRST, None) => Ok(Wanted::Activate),
        (&Method::DELETE, PATH, None) => Ok(Wanted::SignOut { everywhere: false }),
        (&Method::DELETE, PATH, Some("everywhere=1")) => Ok(Wanted::SignOut { everywhere: true }),
        (&Method::POST | &Method::DELETE, ..) => Err(Denied::nothing_here()),
        _ => Err(Denied::method()),
    }
}

/// Whether the body says that it is JSON. A form of a foreign page cannot say so.
fn is_json(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let kind = kinds.next().and_then(|kind| kind.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next());
    kinds.next().is_none()
        && essence.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// What serde says may quote a password, so it is not passed on.
fn parse<'a, T: Deserialize<'a>>(json: &'a [u8], fields: &str) -> Result<T, Denied> {
    let wrong = || {
        Denied::bad_request(&format!(
            "send one JSON object of the texts {fields}, no more"
        ))
    };
    // serde also takes the bare values in a row, as an array.
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(wrong());
    }
    serde_json::from_slice(json).map_err(|_| wrong())
}

fn calling<M>(message: M, inherited: Inherited) -> tonic::Request<M> {
    let mut request = own_request(message);
    request.extensions_mut().insert(inherited);
    request
}

//! Calls as a device: by its certificate where the server sees it, and by a session where it does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use preau_proto::devices::v1::SignInRequest;
use preau_proto::devices::v1::agent_service_client::AgentServiceClient;
use rustls_pki_types::CertificateDer;
use tokio::sync::Mutex;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Code, Request, Response, Status};

use super::clock::DeviceClock;
use super::trust::Shown;
use super::wire::Wire;
use super::{detail, reason};
use crate::error::AgentError;
use crate::keys::DeviceKey;

/// As the contract has it, for each call.
const SIGN_IN: Duration = Duration::from_secs(10);
/// The reason of an assertion whose time is not the server's.
const ASSERTION_EXPIRED: &str = "ASSERTION_EXPIRED";

/// What a device proves with who it is.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) device_id: Arc<str>,
    pub(crate) key: Arc<DeviceKey>,
    /// DER, the device's own first.
    pub(crate) chain: Vec<CertificateDer<'static>>,
}

impl Credential {
    /// For TLS.
    pub(crate) fn shown(&self) -> Shown {
        (self.chain.clone(), self.key.for_tls())
    }
}

/// An enrolled device's way to its server. Cheap to clone; every clone shares connections and session.
#[derive(Clone)]
pub(crate) struct Link(Arc<Inner>);

struct Inner {
    wire: Wire,
    credential: Credential,
    clock: DeviceClock,
    /// The server does not see the certificate.
    by_session: AtomicBool,
    session: Mutex<Option<MetadataValue<Ascii>>>,
}

impl Link {
    pub(crate) fn new(wire: Wire, credential: Credential, clock: DeviceClock) -> Self {
        let by_session = AtomicBool::new(!wire.is_secure());
        Self(Arc::new(Inner {
            wire,
            credential,
            clock,
            by_session,
            session: Mutex::default(),
        }))
    }

    /// Makes a call that may be repeated; signs in first, or again, where the server asks who calls. A stream's
    /// `deadline` is for its beginning.
    ///
    /// # Errors
    /// The server's status; DEADLINE_EXCEEDED after `deadline`; UNAVAILABLE without a connection.
    pub(crate) async fn call<M, T>(
        &self,
        deadline: Duration,
        message: M,
        call: fn(Wire, Request<M>) -> Answer<T>,
    ) -> Result<T, Status>
    where
        M: Clone,
    {
        let attempt = |bearer: Option<MetadataValue<Ascii>>| {
            let mut request = Request::new(message.clone());
            if let Some(bearer) = bearer {
                request.metadata_mut().insert("authorization", bearer);
            }
            within(deadline, call(self.0.wire.clone(), request))
        };
        let bearer = self.bearer(None).await?;
        let answer = match attempt(bearer.clone()).await {
            // The certificate is not seen, or the session has ended.
            Err(status) if status.code() == Code::Unauthenticated => {
                self.0.by_session.store(true, Ordering::Relaxed);
                let bearer = self.bearer(bearer.as_ref()).await?;
                attempt(bearer).await
            }
            answer => answer,
        };
        if let Err(status) = &answer
            && status.code() == Code::DeadlineExceeded
        {
            self.hang_up().await;
        }
        answer.map(Response::into_inner)
    }

    /// The next call is made on a new connection. Streams that are open go on.
    pub(crate) async fn hang_up(&self) {
        self.0.wire.hang_up().await;
    }

    /// The session's token, where there has to be one: another than `stale`.
    async fn bearer(
        &self,
        stale: Option<&MetadataValue<Ascii>>,
    ) -> Result<Option<MetadataValue<Ascii>>, Status> {
        if !self.0.by_session.load(Ordering::Relaxed) {
            return Ok(None);
        }
        // Held while signing in: whoever comes meanwhile wants the same session.
        let mut held = self.0.session.lock().await;
        if let Some(token) = held.as_ref().filter(|token| Some(*token) != stale) {
            return Ok(Some(token.clone()));
        }
        *held = None;
        let token = self.sign_in().await?;
        let unusable = |_| Status::internal("the server's session token is none");
        let mut bearer: MetadataValue<Ascii> =
            format!("Bearer {token}").parse().map_err(unusable)?;
        bearer.set_sensitive(true);
        *held = Some(bearer.clone());
        Ok(Some(bearer))
    }

    async fn sign_in(&self) -> Result<String, Status> {
        let refused = match self.assert().await {
            Err(status) if reason(&status).as_deref() == Some(ASSERTION_EXPIRED) => status,
            answer => return answer,
        };
        let now = detail(&refused, "now").and_then(|now| now.parse().ok());
        match now {
            Some(now) => {
                self.0.clock.learn(now);
                tracing::warn!(
                    device_id = %self.0.credential.device_id,
                    ahead_seconds = self.0.clock.offset() / 1_000_000,
                    "the device's clock is wrong; the server's is used"
                );
                self.assert().await
            }
            None => Err(refused),
        }
    }

    async fn assert(&self) -> Result<String, Status> {
        let credential = &self.0.credential;
        let assertion = credential
            .key
            .assertion(&credential.device_id, self.0.clock.now())
            .map_err(|error: AgentError| Status::internal(error.to_string()))?;
        let mut agents = AgentServiceClient::new(self.0.wire.clone());
        let answer = within(SIGN_IN, agents.sign_in(SignInRequest { assertion })).await;
        if let Err(status) = &answer
            && status.code() == Code::DeadlineExceeded
        {
            self.hang_up().await;
        }
        Ok(answer?.into_inner().session_token)
    }
}

/// What a call comes to.
pub(crate) type Answer<T> = BoxFuture<'static, Result<Response<T>, Status>>;

/// A call, or DEADLINE_EXCEEDED.
pub(crate) async fn within<T>(
    deadline: Duration,
    call: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    let late = |_| Status::deadline_exceeded(format!("no answer within {} s", deadline.as_secs()));
    tokio::time::timeout(deadline, call)
        .await
        .map_err(late)
        .flatten()
}

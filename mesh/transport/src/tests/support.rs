//! A mesh of one listener and as many endpoints as a test wants.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use preau_mesh_identity::{
    CaConfig, CertificateAuthority, IdentityStore, SpiffeId, Svid, TrustDomain, WorkloadKey,
    system_clock,
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::Service;

use crate::{
    CloseReason, ConnectionInfo, ConnectorConfig, Drained, Endpoint, Listener, ListenerConfig,
    ResponseBody, TransportError, TransportEvent, TransportEvents,
};

/// Only ever reached when something hangs; no test's outcome depends on it otherwise.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it hangs")
}

pub(super) fn domain() -> TrustDomain {
    TrustDomain::parse("preau.test").expect("valid")
}

pub(super) fn id(service: &str) -> SpiffeId {
    SpiffeId::for_service(&domain(), "default", service).expect("valid")
}

pub(super) fn authority() -> CertificateAuthority {
    CertificateAuthority::create(domain(), &CaConfig::default()).expect("creates")
}

pub(super) fn svid(authority: &CertificateAuthority, service: &str) -> Svid {
    let key = WorkloadKey::generate().expect("generates");
    let csr = key.csr_der().expect("encodes");
    let chain = authority
        .issue(&csr, &id(service), Duration::from_secs(3600))
        .expect("issues");
    Svid::new(key, chain).expect("matches")
}

pub(super) fn store(authority: &CertificateAuthority, roles: &[&str]) -> Arc<IdentityStore> {
    let store = IdentityStore::new(domain(), system_clock());
    store.set_bundle(authority.bundle());
    for role in roles {
        store.set_svid(role, svid(authority, role));
    }
    store
}

/// What was told about connections, in a form that can be kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Accepted(String),
    Failed(String),
    Refused(String),
    Aged,
    Closed(CloseReason),
    Emfile(Duration),
}

pub(super) struct Recorder(mpsc::UnboundedSender<Seen>);

impl Recorder {
    pub(super) fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Seen>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Arc::new(Self(sender)), receiver)
    }
}

impl TransportEvents for Recorder {
    fn on(&self, event: TransportEvent<'_>) {
        let seen = match event {
            TransportEvent::Accepted { info } => Seen::Accepted(info.role.clone()),
            TransportEvent::HandshakeFailed { reason, .. } => Seen::Failed(reason.to_owned()),
            TransportEvent::Refused { reason, .. } => Seen::Refused(reason.to_owned()),
            TransportEvent::Aged { .. } => Seen::Aged,
            TransportEvent::Closed { reason, .. } => Seen::Closed(reason),
            TransportEvent::Emfile { pause } => Seen::Emfile(pause),
        };
        // The test may have seen enough.
        let _ = self.0.send(seen);
    }
}

/// A listener that runs.
pub(super) struct Running {
    pub(super) addr: SocketAddr,
    pub(super) stop: CancellationToken,
    pub(super) task: JoinHandle<Drained>,
    pub(super) events: mpsc::UnboundedReceiver<Seen>,
}

impl Running {
    /// The next event that `wanted` accepts.
    pub(super) async fn seen(&mut self, wanted: impl Fn(&Seen) -> bool) -> Seen {
        within(async {
            loop {
                let event = self.events.recv().await.expect("the listener runs");
                if wanted(&event) {
                    return event;
                }
            }
        })
        .await
    }

    pub(super) async fn failure(&mut self) -> String {
        match self.seen(|seen| matches!(seen, Seen::Failed(_))).await {
            Seen::Failed(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn finish(self) -> Drained {
        self.stop.cancel();
        within(self.task).await.expect("serves to the end")
    }
}

pub(super) async fn start(
    identities: &Arc<IdentityStore>,
    config: ListenerConfig,
    service: Pupil,
) -> Running {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Listener::bind(any, config).await.expect("a free port");
    let addr = listener.local_addr();
    let (recorder, events) = Recorder::new();
    let stop = CancellationToken::new();
    let task = tokio::spawn(listener.serve(identities.clone(), service, recorder, stop.clone()));
    Running {
        addr,
        stop,
        task,
        events,
    }
}

/// A service that echoes; `/whoami` tells who calls, `/wait` answers once it may, `/hang` never does.
#[derive(Clone)]
pub(super) struct Pupil {
    pub(super) may_answer: Arc<Semaphore>,
    pub(super) arrived: mpsc::UnboundedSender<String>,
}

impl Pupil {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<String>) {
        let (arrived, arrivals) = mpsc::unbounded_channel();
        let pupil = Self {
            may_answer: Arc::new(Semaphore::new(0)),
            arrived,
        };
        (pupil, arrivals)
    }

    async fn answer(self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let info = request.extensions().get::<Arc<ConnectionInfo>>().cloned();
        let info = info.expect("every request has it");
        let body = request.into_body().collect().await;
        // A test that does not count arrivals has dropped the other end.
        let _ = self.arrived.send(path.clone());
        match path.as_str() {
            "/whoami" => {
                let peer = info.peer.as_ref().map_or("nobody", SpiffeId::as_str);
                Response::new(Full::from(format!("{} {peer}", info.role)))
            }
            "/hang" => std::future::pending().await,
            "/wait" => {
                let permit = self.may_answer.acquire().await.expect("never closed");
                permit.forget();
                Response::new(Full::from("waited"))
            }
            _ => match body {
                Ok(body) => Response::new(Full::new(body.to_bytes())),
                // The caller took it back; it must not be taken for an answer.
                Err(_) => Response::builder()
                    .status(http::StatusCode::BAD_REQUEST)
                    .body(Full::default())
                    .expect("a valid response"),
            },
        }
    }
}

impl Service<Request<Incoming>> for Pupil {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(
        &mut self,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let pupil = self.clone();
        Box::pin(async move { Ok(pupil.answer(request).await) })
    }
}

pub(super) fn endpoint(identities: &Arc<IdentityStore>, addr: SocketAddr) -> Endpoint {
    endpoint_with(identities, addr, ConnectorConfig::default())
}

pub(super) fn endpoint_with(
    identities: &Arc<IdentityStore>,
    addr: SocketAddr,
    config: ConnectorConfig,
) -> Endpoint {
    Endpoint::new(
        identities.clone(),
        "gateway",
        id("files"),
        addr.to_string(),
        config,
    )
}

pub(super) fn post(path: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post(path)
        .body(Full::new(body.into()))
        .expect("a valid request")
}

pub(super) async fn text(response: Response<ResponseBody>) -> String {
    let body = response.into_body().collect().await.expect("a whole body");
    String::from_utf8(body.to_bytes().to_vec()).expect("text")
}

/// One call to its end.
pub(super) async fn call(
    endpoint: &Endpoint,
    path: &str,
    body: &str,
) -> Result<String, TransportError> {
    let response = within(endpoint.send(post(path, body.to_owned()))).await?;
    Ok(within(text(response)).await)
}

/// A TLS client that believes anybody and shows nothing.
pub(super) fn careless_client(alpn: &[&[u8]]) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Gullible))
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Arc::new(config)
}

#[derive(Debug)]
struct Gullible;

impl ServerCertVerifier for Gullible {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}

//! What the layers' tests share: a small contract, connections, bodies.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt;
use preau_mesh_identity::principal::{Claims, GrantClaim, ScopeClaim, Signer, Verifier};
use preau_mesh_identity::{SpiffeId, TrustDomain};
use preau_mesh_transport::ConnectionInfo;
use preau_proto::contract::{Contract, Role};
use tonic::Status;
use tonic::body::Body;
use tower::Service;
use tower_test::mock;

use crate::{Catalogue, ClientShared, Metrics, ServerShared, SpanIds, TraceContext};

/// Unary, five seconds, for users whose class it is.
pub(crate) const LIST: &str = "/preau.files.v1.FileService/ListFolder";
/// A server stream, for the same.
pub(crate) const READ: &str = "/preau.files.v1.FileService/Read";
pub(crate) const ECHO: &str = "/preau.mesh.v1.ProbeService/Echo";
pub(crate) const SIGN_IN: &str = "/preau.identity.v1.SessionService/SignIn";
pub(crate) const MINT: &str = "/preau.identity.v1.SessionService/MintPrincipal";
pub(crate) const JOIN: &str = "/preau.control.v1.WorkloadIdentityService/Join";
pub(crate) const RENEW: &str = "/preau.control.v1.WorkloadIdentityService/Renew";

/// When the wall clock of tokens stands.
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) struct Bench {
    pub(crate) server: ServerShared,
    pub(crate) client: ClientShared,
    pub(crate) signer: Signer,
    domain: TrustDomain,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let domain = TrustDomain::parse("preau.internal").expect("a trust domain");
        let clock = Arc::new(|| UNIX_EPOCH + Duration::from_secs(NOW))
            as Arc<dyn Fn() -> SystemTime + Send + Sync>;
        let verifier = Arc::new(Verifier::new(domain.clone(), clock));
        let signer = Signer::generate().expect("a key");
        verifier.set_keys(vec![(signer.key_id().to_owned(), signer.public_key())]);
        let catalogue = Catalogue::new(&Contract::load().expect("the contract is valid"));
        let metrics = Metrics::new();
        let counter = std::sync::atomic::AtomicU64::new(1);
        let span_ids =
            SpanIds::from_fn(move || counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let server = ServerShared {
            catalogue: catalogue.clone(),
            verifier,
            namespace: "default".into(),
            endpoint: "127.0.0.1:7443".into(),
            metrics: metrics.clone(),
            span_ids: span_ids.clone(),
        };
        let client = ClientShared {
            catalogue,
            from: "gateway".into(),
            to: "files".into(),
            authority: "files.preau.internal".into(),
            server_id: "spiffe://preau.internal/ns/default/sa/files".into(),
            metrics,
            span_ids,
        };
        Self {
            server,
            client,
            signer,
            domain,
        }
    }

    pub(crate) fn id(&self, service: &str) -> SpiffeId {
        SpiffeId::for_service(&self.domain, "default", service).expect("a service's name")
    }

    /// A request as it comes from the listener.
    pub(crate) fn received(&self, role: &str, peer: Option<&str>, path: &str) -> Request<Body> {
        let mut request = request(path);
        let peer = peer.map(|service| self.id(service));
        let info = ConnectionInfo {
            role: role.into(),
            peer,
            remote: ([127, 0, 0, 1], 50_000).into(),
        };
        request.extensions_mut().insert(Arc::new(info));
        request
            .extensions_mut()
            .insert(TraceContext::root(&self.server.span_ids));
        request
    }

    pub(crate) fn token(&self, role: Role, expires_at: u64) -> HeaderValue {
        let claims = Claims {
            person: "p".into(),
            session: "s".into(),
            authority: None,
            school: None,
            grants: vec![GrantClaim {
                role: role as i32,
                scope: ScopeClaim::Platform,
            }],
            issued_at: expires_at - 30,
            expires_at,
        };
        let token = self.signer.sign(&claims, &self.domain).expect("signed");
        HeaderValue::from_str(&token).expect("a token is a header")
    }
}

pub(crate) fn request(path: &str) -> Request<Body> {
    Request::post(path).body(Body::empty()).expect("a request")
}

pub(crate) type Mock = mock::Mock<Request<Body>, Response<Body>>;
pub(crate) type MockHandle = mock::Handle<Request<Body>, Response<Body>>;

// A mock as innermost service: its errors, which the tests never make, have no place in the stacks' types.
macro_rules! innermost {
    ($name:ident, $error:ty) => {
        #[derive(Clone)]
        pub(crate) struct $name(pub(crate) Mock);

        impl Service<Request<Body>> for $name {
            type Response = Response<Body>;
            type Error = $error;
            type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, $error>> + Send>>;

            fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), $error>> {
                self.0
                    .poll_ready(cx)
                    .map(|ready| Ok(ready.expect("the mock takes requests")))
            }

            fn call(&mut self, request: Request<Body>) -> Self::Future {
                let answer = self.0.call(request);
                Box::pin(async move { Ok(answer.await.expect("the mock answers")) })
            }
        }
    };
}
innermost!(Handler, Infallible);
innermost!(Exchange, Status);

pub(crate) fn mock_pair() -> (Mock, MockHandle) {
    let (mock, mut handle) = mock::pair();
    handle.allow(u64::MAX);
    (mock, handle)
}

/// A body of given frames that then never ends, unless its last frame is trailers.
pub(crate) struct Frames {
    frames: VecDeque<Frame<Bytes>>,
    ended: bool,
}

impl Frames {
    pub(crate) fn body(data: &[&'static [u8]], status: Option<&'static str>) -> Body {
        let mut frames: VecDeque<_> = data
            .iter()
            .map(|data| Frame::data(Bytes::from_static(data)))
            .collect();
        frames.extend(status.map(|status| Frame::trailers(trailers(status))));
        Body::new(Self {
            frames,
            ended: false,
        })
    }
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.frames.pop_front() {
            Some(frame) => {
                self.ended = frame.is_trailers();
                Poll::Ready(Some(Ok(frame)))
            }
            None if self.ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

pub(crate) fn trailers(status: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(Status::GRPC_STATUS, HeaderValue::from_static(status))])
}

/// Reads to the trailers, and the status in them.
pub(crate) async fn trailing_status<B>(body: B) -> Status
where
    B: http_body::Body<Data = Bytes, Error = Status>,
{
    let collected = std::pin::pin!(body).collect().await;
    match collected {
        Ok(collected) => {
            let trailers = collected.trailers().cloned().unwrap_or_default();
            Status::from_header_map(&trailers).expect("trailers carry a status")
        }
        Err(status) => status,
    }
}

/// The status of an answer that is one.
pub(crate) fn status_of<B>(response: &Response<B>) -> Status {
    Status::from_header_map(response.headers()).expect("headers carry a status")
}

/// Keeps what spans say, by name of field, in the order the spans began.
#[derive(Clone, Default)]
pub(crate) struct Spans(Arc<std::sync::Mutex<Vec<std::collections::HashMap<String, String>>>>);

impl Spans {
    /// Listens on this thread for as long as the guard lives.
    pub(crate) fn listen() -> (Self, tracing::subscriber::DefaultGuard) {
        // Whether a call site is interesting is remembered for the whole process. Without a subscriber that stays
        // undecided, a test on another thread could be the first to pass a site and have it remembered as silent.
        static UNDECIDED: std::sync::Once = std::sync::Once::new();
        UNDECIDED.call_once(|| {
            tracing::subscriber::set_global_default(Undecided).expect("set once in this process");
        });
        let spans = Self::default();
        let guard = tracing::subscriber::set_default(spans.clone());
        (spans, guard)
    }

    pub(crate) fn field(&self, span: usize, name: &str) -> Option<String> {
        self.0.lock().expect("not poisoned")[span]
            .get(name)
            .cloned()
    }
}

struct Fields<'a>(&'a mut std::collections::HashMap<String, String>);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.insert(
            field.name().to_owned(),
            format!("{value:?}").trim_matches('"').to_owned(),
        );
    }
}

/// Wants nothing itself, and has every call site ask the subscriber of its own thread each time.
struct Undecided;

impl tracing::Subscriber for Undecided {
    fn register_callsite(
        &self,
        _: &'static tracing::Metadata<'static>,
    ) -> tracing::subscriber::Interest {
        tracing::subscriber::Interest::sometimes()
    }

    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {}

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

impl tracing::Subscriber for Spans {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == crate::TARGET
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        let mut spans = self.0.lock().expect("not poisoned");
        let mut fields = std::collections::HashMap::new();
        span.record(&mut Fields(&mut fields));
        spans.push(fields);
        tracing::span::Id::from_u64(spans.len() as u64)
    }

    fn record(&self, span: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        let mut spans = self.0.lock().expect("not poisoned");
        values.record(&mut Fields(&mut spans[span.into_u64() as usize - 1]));
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {}

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

//! The door: what a request is, whether it is for this site, and what a browser is told about the answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::{BoxFuture, FutureExt};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header,
};
use hyper::body::Incoming;
use preau_mesh::Mesh;
use preau_proto::contract::Contract;
use tonic::body::Body;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::util::Either;
use tower::{Layer, Service, ServiceExt};
use tower_http::cors::{Cors, CorsLayer};

use crate::attempts::Attempts;
use crate::config::Config;
use crate::cookie::CookieSession;
use crate::download::{self, Downloads};
use crate::edge::Edge;
use crate::page;
use crate::principals::Principals;
use crate::security;
use crate::session::{self, Sessions};
use crate::site::{Names, Site};
use crate::ui::Interface;
use crate::visitor::{Proxies, Visitor};

/// Calls: CORS when there are origins to allow, then gRPC-web, then the edge.
type Calls = Either<Cors<GrpcWebService<Edge>>, GrpcWebService<Edge>>;

/// The service behind every connection, of which each keeps a clone.
#[derive(Clone)]
pub(crate) struct Door {
    rooms: Arc<Rooms>,
}

/// What is behind the door, and who is let through it.
struct Rooms {
    calls: Calls,
    edge: Edge,
    proxies: Proxies,
    names: Names,
    sessions: Sessions,
    downloads: Downloads,
    interface: Interface,
    has_cors: bool,
}

impl Door {
    pub(crate) async fn new(
        mesh: &Mesh,
        contract: Contract,
        config: &Config,
        interface: Interface,
    ) -> Self {
        let principals = Arc::new(Principals::new(mesh, config));
        let clock = Arc::clone(&config.clock);
        let attempts = Arc::new(Attempts::new(config.failed_sign_ins, clock));
        let (shared, counted) = (Arc::clone(&principals), Arc::clone(&attempts));
        let edge = Edge::new(mesh, contract, config, shared, counted).await;
        let cors = cors(&config.cors_origins);
        let (web, has_cors) = (GrpcWebLayer::new().layer(edge.clone()), cors.is_some());
        let rooms = Rooms {
            calls: tower::util::option_layer(cors).layer(web),
            edge,
            proxies: Proxies::new(config.trusted_proxies.clone()),
            names: Names::new(&config.hosts, config.tls.is_some()),
            sessions: Sessions::new(mesh, principals, attempts, config),
            downloads: Downloads::new(mesh),
            interface,
            has_cors,
        };
        Self {
            rooms: Arc::new(rooms),
        }
    }

    /// Tells watchers and probes to go elsewhere.
    pub(crate) async fn stop_serving(&self) {
        self.rooms.edge.stop_serving().await;
    }
}

fn cors(origins: &[HeaderValue]) -> Option<CorsLayer> {
    let answer_headers = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
    let request_headers = ["x-grpc-web", "x-user-agent", "grpc-timeout", "traceparent"];
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(origins.to_vec())
            .allow_methods([Method::POST])
            .allow_headers(
                request_headers
                    .map(HeaderName::from_static)
                    .into_iter()
                    .chain([header::CONTENT_TYPE, header::AUTHORIZATION])
                    .collect::<Vec<_>>(),
            )
            .expose_headers(answer_headers.map(HeaderName::from_static))
    })
}

impl Service<Request<Incoming>> for Door {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let rooms = Arc::clone(&self.rooms);
        async move {
            let kind = kind(request.headers());
            let visitor = rooms
                .proxies
                .visitor(request.headers(), request.extensions());
            let mut answer = match Site::of(&request, visitor.secure) {
                Some(site) if rooms.names.include(&site) => {
                    rooms.answer(request, kind, &site, visitor).await
                }
                Some(_) => page::text(
                    StatusCode::MISDIRECTED_REQUEST,
                    "not the name of this gateway: ask its operator to add it to gateway.hosts\n",
                ),
                None => page::text(
                    StatusCode::BAD_REQUEST,
                    "name one host in the header `host`\n",
                ),
            };
            // Programs that speak gRPC show nobody anything.
            if kind != Kind::Native {
                security::add(answer.headers_mut(), visitor.secure);
            }
            Ok(answer)
        }
        .boxed()
    }
}

impl Rooms {
    async fn answer(
        &self,
        mut request: Request<Incoming>,
        kind: Kind,
        site: &Site,
        visitor: Visitor,
    ) -> Response<Body> {
        let path = request.uri().path();
        if path == session::PATH || path.starts_with("/session/") {
            let request = request.map(Body::new);
            return self.sessions.answer(request, site, visitor).await;
        }
        let reads = [Method::GET, Method::HEAD].contains(request.method());
        if let Some(token) = path.strip_prefix(download::PREFIX).filter(|_| reads) {
            let (method, headers) = (request.method(), request.headers().clone());
            return self.downloads.answer(method, token, headers).await;
        }
        if reads {
            let (method, headers) = (request.method(), request.headers());
            return self.interface.answer(method, path, headers, site);
        }
        if let Some(answer) = self.not_a_call(&request, kind) {
            return answer;
        }
        if kind == Kind::Web {
            let cookie = CookieSession::of(request.headers(), site);
            request.extensions_mut().insert(cookie);
        }
        request.extensions_mut().insert(visitor);
        match self.calls.clone().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        }
    }

    /// The answer to what can be no call; nothing for what may be one.
    fn not_a_call<B>(&self, request: &Request<B>, kind: Kind) -> Option<Response<Body>> {
        match (request.method(), kind) {
            (&Method::POST, Kind::Web) => None,
            (&Method::OPTIONS, _) if self.has_cors => None,
            (&Method::POST, Kind::Native) if request.version() == Version::HTTP_2 => None,
            (&Method::POST, Kind::Native) => Some(page::text(
                StatusCode::HTTP_VERSION_NOT_SUPPORTED,
                "native gRPC needs HTTP/2; over HTTP/1.1 send content-type application/grpc-web+proto\n",
            )),
            (&Method::POST, Kind::Neither) => Some(page::text(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send content-type application/grpc (HTTP/2) or application/grpc-web+proto\n",
            )),
            _ => {
                let mut answer = page::text(StatusCode::METHOD_NOT_ALLOWED, "calls are POST\n");
                let allowed = HeaderValue::from_static("GET, HEAD, POST");
                answer.headers_mut().insert(header::ALLOW, allowed);
                Some(answer)
            }
        }
    }
}

/// How a request says it is gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Web,
    Native,
    Neither,
}

fn kind(headers: &HeaderMap) -> Kind {
    // tonic-web and tonic read these exactly, so anything else is neither.
    match headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes) {
        Some(
            b"application/grpc-web"
            | b"application/grpc-web+proto"
            | b"application/grpc-web-text"
            | b"application/grpc-web-text+proto",
        ) => Kind::Web,
        Some(b"application/grpc" | b"application/grpc+proto") => Kind::Native,
        _ => Kind::Neither,
    }
}

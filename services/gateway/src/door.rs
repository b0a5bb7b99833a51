//! In front of gRPC: who speaks something else gets a plain answer; gRPC-web becomes gRPC.

use std::convert::Infallible;
use std::task::{Context, Poll};

use futures::future::{BoxFuture, FutureExt};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header,
};
use hyper::body::Incoming;
use tonic::body::Body;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer, Service};
use tower_http::cors::CorsLayer;

use crate::edge::Edge;
use crate::page;

/// The service behind every connection, outermost first: CORS when there are origins to allow,
/// then the door, then gRPC-web, then the edge.
pub(crate) fn service(
    edge: Edge,
    cors_origins: &[HeaderValue],
) -> impl Service<
    Request<Incoming>,
    Response = Response<Body>,
    Error = Infallible,
    Future: Send + 'static,
> + Clone
+ Send
+ 'static {
    let door = Door {
        grpc: GrpcWebLayer::new().layer(edge),
    };
    tower::util::option_layer(cors(cors_origins)).layer(door)
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

#[derive(Clone)]
struct Door {
    grpc: GrpcWebService<Edge>,
}

impl Service<Request<Incoming>> for Door {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Incoming>>::poll_ready(&mut self.grpc, cx)
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        match plain_answer(&request) {
            Some(answer) => std::future::ready(Ok(answer)).boxed(),
            None => self.grpc.call(request).boxed(),
        }
    }
}

/// How a request says it is gRPC.
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

/// The answer to what is not gRPC; nothing for what is.
fn plain_answer(request: &Request<Incoming>) -> Option<Response<Body>> {
    let headers = request.headers();
    match (request.method(), kind(headers)) {
        (&Method::POST, Kind::Web) => None,
        (&Method::POST, Kind::Native) if request.version() == Version::HTTP_2 => None,
        (&Method::POST, Kind::Native) => Some(page::text(
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "native gRPC needs HTTP/2; over HTTP/1.1 send content-type application/grpc-web+proto\n",
        )),
        (&Method::POST, Kind::Neither) => Some(page::text(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send content-type application/grpc (HTTP/2) or application/grpc-web+proto\n",
        )),
        (&(Method::GET | Method::HEAD), _) if request.uri().path() == "/" => {
            let host = headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok());
            let host = host.or_else(|| {
                request
                    .uri()
                    .authority()
                    .map(|authority| authority.as_str())
            });
            Some(page::welcome(host))
        }
        (&(Method::GET | Method::HEAD), _) => {
            Some(page::text(StatusCode::NOT_FOUND, "nothing here: see /\n"))
        }
        _ => {
            let mut answer = page::text(StatusCode::METHOD_NOT_ALLOWED, "calls are POST\n");
            answer
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
            Some(answer)
        }
    }
}

//! Calls over whatever connection can be had: one of HTTP/2 for all of them, or one of HTTP/1.1 for each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::Mutex;
use tonic::Status;
use tonic::body::Body;
use tonic_web::GrpcWebClientService;
use tower::{Service as _, service_fn};

use super::dial::{Dialer, Stream};
use super::idle::{Idle, Leased};

/// A connection of HTTP/2 over which nothing came for this long is asked whether it is there: longer than a Watch is
/// silent, so that nobody is asked while all is well …
const QUIET: Duration = Duration::from_secs(40);
/// … and given up after this long without an answer. A network that was left says nothing, and TCP would send again and
/// again over it for a quarter of an hour, every new Watch with it.
const UNHEARD: Duration = Duration::from_secs(20);

/// How a device speaks to its server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Native gRPC where it gets through, gRPC-web where it does not.
    #[default]
    Auto,
    /// Native gRPC over HTTP/2.
    Grpc,
    /// gRPC-web over HTTP/1.1.
    GrpcWeb,
}

/// Cheap to clone; every clone shares the connections.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Inner>);

struct Inner {
    dialer: Dialer,
    transport: Transport,
    /// What is spoken where both can be: turned round whenever the other did not get through.
    web: AtomicBool,
    native: Mutex<Option<Native>>,
    idle: Idle,
    /// [`QUIET`] and [`UNHEARD`].
    patience: [Duration; 2],
}

/// One connection of HTTP/2, and whether anything was ever answered on it.
#[derive(Clone)]
struct Native {
    sender: http2::SendRequest<Body>,
    answered: Arc<AtomicBool>,
}

/// What a call goes over.
enum Connection {
    Http2(Native),
    Http1 {
        sender: http1::SendRequest<Body>,
        answered: bool,
    },
}

impl Wire {
    /// Connects at the first call.
    pub(crate) fn new(dialer: Dialer, transport: Transport) -> Self {
        Self::with(dialer, transport, [QUIET, UNHEARD])
    }

    fn with(dialer: Dialer, transport: Transport, patience: [Duration; 2]) -> Self {
        Self(Arc::new(Inner {
            dialer,
            transport,
            web: AtomicBool::new(transport == Transport::GrpcWeb),
            native: Mutex::default(),
            idle: Idle::default(),
            patience,
        }))
    }

    /// Whether TLS is spoken, so that a certificate can be shown.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.dialer.address().is_secure()
    }

    /// Makes no more calls on the connections there are: whoever does not answer in time may never.
    pub(crate) async fn hang_up(&self) {
        *self.0.native.lock().await = None;
        drop(self.0.idle.take().await);
    }

    async fn send(self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let connection = self.0.connection().await?;
        let web =
            self.0.web.load(Ordering::Relaxed) || matches!(connection, Connection::Http1 { .. });
        let inner = Arc::clone(&self.0);
        if !web {
            let response = inner.exchange(connection, request).await?;
            return self.0.understood(response);
        }
        // The service is called once: the connection is taken out of its place then.
        let mut connection = Some(connection);
        let mut translated = GrpcWebClientService::new(service_fn(
            move |request: Request<tonic_web::GrpcWebCall<Body>>| {
                let (inner, connection) = (Arc::clone(&inner), connection.take());
                async move {
                    let spent = || Status::internal("a connection was used twice");
                    let connection = connection.ok_or_else(spent)?;
                    inner.exchange(connection, request.map(Body::new)).await
                }
            },
        ));
        let response = translated.call(request).await?;
        self.0.understood(response.map(Body::new))
    }
}

impl Inner {
    async fn connection(&self) -> Result<Connection, Status> {
        if let Some(sender) = self.idle.take().await {
            let answered = true;
            return Ok(Connection::Http1 { sender, answered });
        }
        // Held while dialling: whoever comes meanwhile wants the same connection.
        let mut held = self.native.lock().await;
        if let Some(open) = held.as_ref().filter(|open| !open.sender.is_closed()) {
            return Ok(Connection::Http2(open.clone()));
        }
        *held = None;
        let stream = self.dialer.dial().await?;
        let web = self.web.load(Ordering::Relaxed);
        if stream.speaks_http1().unwrap_or(web) {
            drop(held);
            let sender = self.http1(stream).await?;
            let answered = false;
            return Ok(Connection::Http1 { sender, answered });
        }
        let open = Native {
            sender: self.http2(stream).await?,
            answered: Arc::default(),
        };
        *held = Some(open.clone());
        Ok(Connection::Http2(open))
    }

    async fn http2(&self, stream: Stream) -> Result<http2::SendRequest<Body>, Status> {
        /// What may be under way to us at once: releases are fetched over it.
        const WINDOW: u32 = 1024 * 1024;
        let [quiet, unheard] = self.patience;
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(quiet)
            .keep_alive_timeout(unheard)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.broken(&error, false))?;
        // Ends with the last clone of the sender.
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn http1(&self, stream: Stream) -> Result<http1::SendRequest<Body>, Status> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.broken(&error, false))?;
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn exchange(
        &self,
        connection: Connection,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, Status> {
        let path = request.uri().path_and_query().cloned();
        let path = path.ok_or_else(|| Status::internal("a call without a path"))?;
        let address = self.dialer.address();
        match connection {
            Connection::Http2(mut native) => {
                *request.uri_mut() = Uri::builder()
                    .scheme(address.scheme().clone())
                    .authority(address.authority().clone())
                    .path_and_query(path)
                    .build()
                    .map_err(|error| Status::internal(error.to_string()))?;
                *request.version_mut() = http::Version::HTTP_2;
                let response = native.sender.send_request(request).await;
                let answered = &native.answered;
                let broken = |error| self.broken(&error, answered.load(Ordering::Relaxed));
                let response = response.map_err(broken)?;
                answered.store(true, Ordering::Relaxed);
                Ok(response.map(Body::new))
            }
            Connection::Http1 {
                mut sender,
                answered,
            } => {
                *request.uri_mut() = Uri::from(path);
                *request.version_mut() = http::Version::HTTP_11;
                let host = HeaderValue::try_from(address.authority().as_str());
                let host = host.map_err(|error| Status::internal(error.to_string()))?;
                request.headers_mut().insert(HOST, host);
                let response = sender.send_request(request).await;
                let response = response.map_err(|error| self.broken(&error, answered))?;
                let idle = self.idle.clone();
                Ok(response.map(|body| Body::new(Leased::new(body, sender, idle))))
            }
        }
    }

    /// An answer of something in between is none: the other way may get through.
    fn understood(&self, response: Response<Body>) -> Result<Response<Body>, Status> {
        if is_grpc(response.headers()) {
            return Ok(response);
        }
        self.turn_round();
        let status = response.status();
        Err(Status::unavailable(format!(
            "what answers there does not speak gRPC (HTTP status {status})"
        )))
    }

    /// What never answered anything may not have understood: the other way may get through.
    fn broken(&self, error: &hyper::Error, answered: bool) -> Status {
        if !answered {
            self.turn_round();
        }
        Status::unavailable(format!("the connection broke ({error})"))
    }

    fn turn_round(&self) {
        if self.transport == Transport::Auto {
            self.web.fetch_xor(true, Ordering::Relaxed);
        }
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

impl tower::Service<Request<Body>> for Wire {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.clone().send(request).boxed()
    }
}

#[cfg(test)]
#[path = "wire/tests.rs"]
mod tests;

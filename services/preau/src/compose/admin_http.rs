//! `/metrics`, `/healthz` and `/readyz`, on loopback, for the operator's tools.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::registry::Registry;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::failure::{Exit, Failure};

/// Connections at once: a scraper, a prober, a person.
const PLACES: usize = 64;

/// Whether the process serves and can tell who calls; shared with whoever knows.
#[derive(Clone)]
pub(crate) struct Ready {
    serving: Arc<AtomicBool>,
    keys_known: watch::Receiver<bool>,
}

impl Ready {
    /// Does not serve yet. `keys_known` turns true with the first keys of principal tokens.
    pub(crate) fn new(keys_known: watch::Receiver<bool>) -> Self {
        Self {
            serving: Arc::default(),
            keys_known,
        }
    }

    pub(crate) fn set(&self, serving: bool) {
        self.serving.store(serving, Ordering::Release);
    }

    fn answer(&self) -> Response<Full<Bytes>> {
        if !self.serving.load(Ordering::Acquire) {
            return text(StatusCode::SERVICE_UNAVAILABLE, "not ready: not serving\n");
        }
        if !*self.keys_known.borrow() {
            let why = "not ready: identity has not given the keys of principal tokens yet\n";
            return text(StatusCode::SERVICE_UNAVAILABLE, why);
        }
        text(StatusCode::OK, "ready\n")
    }
}

/// Takes the port.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => Failure::new(
            "administration port in use",
            address,
            "stop the process that listens there, or choose another with --admin (port 0 takes any free one)",
        )
        .exit(Exit::InUse),
        _ => Failure::new(format_args!("cannot listen for administration: {error}"), address, "choose another with --admin"),
    })
}

/// Serves until `stop`. Nothing here is worth draining.
pub(crate) async fn serve(
    listener: TcpListener,
    registry: Registry,
    ready: Ready,
    stop: CancellationToken,
) {
    let registry = Arc::new(registry);
    let places = Arc::new(Semaphore::new(PLACES));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            continue;
        };
        let (registry, ready, stop) = (Arc::clone(&registry), ready.clone(), stop.clone());
        tokio::spawn(async move {
            stop.run_until_cancelled(connection(stream, registry, ready))
                .await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, registry: Arc<Registry>, ready: Ready) {
    let service = service_fn(move |request: Request<Incoming>| {
        let response = answer(request.method(), request.uri().path(), &registry, &ready);
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(10))
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "administration connection ended");
    }
}

fn answer(
    method: &Method,
    path: &str,
    registry: &Registry,
    ready: &Ready,
) -> Response<Full<Bytes>> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
    }
    match path {
        "/metrics" => metrics(registry),
        "/healthz" => text(StatusCode::OK, "alive\n"),
        "/readyz" => ready.answer(),
        "/" => text(StatusCode::OK, "/metrics\n/healthz\n/readyz\n"),
        _ => text(StatusCode::NOT_FOUND, "see /\n"),
    }
}

fn metrics(registry: &Registry) -> Response<Full<Bytes>> {
    let mut body = String::new();
    if prometheus_client::encoding::text::encode(&mut body, registry).is_err() {
        return text(
            StatusCode::INTERNAL_SERVER_ERROR,
            "metrics cannot be written\n",
        );
    }
    let mut response = Response::new(Full::new(body.into()));
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
}

fn text(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    let kind = http::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_needs_serving_and_known_keys() {
        let keys = watch::Sender::new(false);
        let (registry, ready) = (Registry::default(), Ready::new(keys.subscribe()));
        let status = |path| answer(&Method::GET, path, &registry, &ready).status();
        assert_eq!(status("/healthz"), StatusCode::OK);
        assert_eq!(status("/readyz"), StatusCode::SERVICE_UNAVAILABLE);
        ready.set(true);
        assert_eq!(status("/readyz"), StatusCode::SERVICE_UNAVAILABLE);
        keys.send_replace(true);
        assert_eq!(status("/readyz"), StatusCode::OK);
        ready.set(false);
        assert_eq!(status("/readyz"), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status("/metrics"), StatusCode::OK);
        assert_eq!(status("/nothing"), StatusCode::NOT_FOUND);
        assert_eq!(
            answer(&Method::POST, "/metrics", &registry, &ready).status(),
            StatusCode::METHOD_NOT_ALLOWED
        );
    }
}

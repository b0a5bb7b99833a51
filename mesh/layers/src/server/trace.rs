//! One span per call received, continuing the caller's trace; its context goes to the handler.
//!
//! The span is named after gRPC's own convention (A72), `Recv.<service>.<method>`, in the field `otel.name`, because
//! names of `tracing` spans are static. The gRPC status is recorded when the trailers pass.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body as HttpBody;
use preau_mesh_transport::ConnectionInfo;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::field::Empty;
use tracing::{Level, Span};

use super::ServerShared;
use crate::TARGET;
use crate::catalogue::{Catalogue, request_path};
use crate::observe::{ObservedBody, ObservedFuture, Observer, Outcome};
use crate::span_ids::SpanIds;
use crate::trace_context::{Hex, TraceContext};

/// Makes [`ServerTrace`]s.
#[derive(Clone, Debug)]
pub struct ServerTraceLayer {
    config: Arc<Config>,
}

#[derive(Debug)]
struct Config {
    catalogue: Arc<Catalogue>,
    ids: SpanIds,
}

impl ServerTraceLayer {
    /// Spans for the methods in `shared`.
    #[must_use]
    pub fn new(shared: &ServerShared) -> Self {
        let (catalogue, ids) = (shared.catalogue.clone(), shared.span_ids.clone());
        Self {
            config: Arc::new(Config { catalogue, ids }),
        }
    }
}

impl Config {
    fn span(
        &self,
        request: &Request<Body>,
        context: &TraceContext,
        parent: Option<&TraceContext>,
    ) -> Span {
        if !tracing::span_enabled!(target: TARGET, Level::INFO) {
            return Span::none();
        }
        let entry = self.catalogue.find(request_path(request.uri()));
        let peer = request
            .extensions()
            .get::<Arc<ConnectionInfo>>()
            .and_then(|info| info.peer.as_ref());
        tracing::info_span!(
            target: TARGET,
            "recv",
            otel.name = entry.map_or("Recv.unknown", |entry| &entry.received),
            otel.kind = "server",
            trace_id = %Hex(&context.trace_id),
            span_id = %Hex(&context.span_id),
            parent_id = parent.map(|parent| display(Hex(&parent.span_id))),
            rpc.system = "grpc",
            rpc.service = entry.map(|entry| entry.method.service.as_str()),
            rpc.method = entry.map(|entry| entry.method.name.as_str()),
            peer = peer.map(display),
            rpc.grpc.status_code = Empty,
        )
    }
}

impl<S> Layer<S> for ServerTraceLayer {
    type Service = ServerTrace<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ServerTrace {
            inner,
            config: self.config.clone(),
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct ServerTrace<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S, B> Service<Request<Body>> for ServerTrace<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: HttpBody,
{
    type Response = Response<ObservedBody<B, ReceivedSpan>>;
    type Error = Infallible;
    type Future = ObservedFuture<S::Future, ReceivedSpan>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let ids = &self.config.ids;
        let parent = TraceContext::extract(request.headers());
        let context = parent
            .as_ref()
            .map_or_else(|| TraceContext::root(ids), |parent| parent.child(ids));
        let span = self.config.span(&request, &context, parent.as_ref());
        request.extensions_mut().insert(context);
        let inner = span.in_scope(|| self.inner.call(request));
        ObservedFuture::new(inner, ReceivedSpan { span })
    }
}

/// Ends the span with the status.
#[derive(Debug)]
pub struct ReceivedSpan {
    span: Span,
}

impl Observer for ReceivedSpan {
    fn span(&self) -> Option<&Span> {
        Some(&self.span)
    }

    fn ended(&mut self, outcome: Outcome) {
        self.span
            .record("rpc.grpc.status_code", outcome.code as i32);
    }
}

#[cfg(test)]
mod tests;

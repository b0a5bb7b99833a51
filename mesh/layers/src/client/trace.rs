//! One span per attempt, a child of the call it serves; its id goes out as `traceparent`.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body as HttpBody;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::field::Empty;
use tracing::{Level, Span};

use super::{ClientShared, Inherited};
use crate::TARGET;
use crate::catalogue::{Catalogue, request_path};
use crate::observe::{ObservedBody, ObservedFuture, Observer, Outcome};
use crate::span_ids::SpanIds;
use crate::trace_context::{Hex, TraceContext};

/// Makes [`ClientTrace`]s.
#[derive(Clone, Debug)]
pub struct ClientTraceLayer {
    catalogue: Arc<Catalogue>,
    authority: Arc<str>,
    ids: SpanIds,
}

impl ClientTraceLayer {
    /// Spans for the methods in `shared`.
    #[must_use]
    pub fn new(shared: &ClientShared) -> Self {
        let ClientShared {
            catalogue,
            authority,
            span_ids: ids,
            ..
        } = shared.clone();
        Self {
            catalogue,
            authority,
            ids,
        }
    }

    fn span(&self, path: &str, context: &TraceContext, parent: Option<&TraceContext>) -> Span {
        if !tracing::span_enabled!(target: TARGET, Level::INFO) {
            return Span::none();
        }
        let entry = self.catalogue.find(path);
        tracing::info_span!(
            target: TARGET,
            "attempt",
            otel.name = entry.map_or("Attempt.unknown", |entry| &entry.attempt),
            otel.kind = "client",
            trace_id = %Hex(&context.trace_id),
            span_id = %Hex(&context.span_id),
            parent_id = parent.map(|parent| display(Hex(&parent.span_id))),
            rpc.system = "grpc",
            rpc.service = entry.map(|entry| entry.method.service.as_str()),
            rpc.method = entry.map(|entry| entry.method.name.as_str()),
            server.address = &*self.authority,
            rpc.grpc.status_code = Empty,
        )
    }
}

impl<S> Layer<S> for ClientTraceLayer {
    type Service = ClientTrace<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientTrace {
            inner,
            config: self.clone(),
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct ClientTrace<S> {
    inner: S,
    config: ClientTraceLayer,
}

impl<S, B> Service<Request<Body>> for ClientTrace<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Status>,
    B: HttpBody,
{
    type Response = Response<ObservedBody<B, AttemptSpan>>;
    type Error = Status;
    type Future = ObservedFuture<S::Future, AttemptSpan>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let ids = &self.config.ids;
        let inherited = request
            .extensions_mut()
            .remove::<Inherited>()
            .and_then(|inherited| inherited.trace);
        // A request that is only passed on names its trace in its own headers.
        let parent = inherited.or_else(|| TraceContext::extract(request.headers()));
        let context = parent
            .as_ref()
            .map_or_else(|| TraceContext::root(ids), |parent| parent.child(ids));
        let span = self
            .config
            .span(request_path(request.uri()), &context, parent.as_ref());
        context.inject(request.headers_mut());
        let inner = span.in_scope(|| self.inner.call(request));
        ObservedFuture::new(inner, AttemptSpan { span })
    }
}

/// Ends the span with the status.
#[derive(Debug)]
pub struct AttemptSpan {
    span: Span,
}

impl Observer for AttemptSpan {
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

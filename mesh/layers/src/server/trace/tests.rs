use tower::{ServiceExt, service_fn};

use super::*;
use crate::testing::{Bench, Frames, LIST, Spans, trailing_status};

const REMOTE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The context a handler finds, after the whole response has passed.
async fn handled(traceparent: &str, path: &str, status: &'static str) -> TraceContext {
    let bench = Bench::new();
    let found = Arc::new(std::sync::Mutex::new(None));
    let keep = found.clone();
    let handler = service_fn(move |request: Request<Body>| {
        *keep.lock().expect("not poisoned") = request.extensions().get::<TraceContext>().cloned();
        std::future::ready(Ok::<_, Infallible>(Response::new(Frames::body(
            &[b"x"],
            Some(status),
        ))))
    });
    let mut request = bench.received("files", Some("gateway"), path);
    request
        .headers_mut()
        .insert("traceparent", traceparent.parse().expect("a header"));
    request
        .headers_mut()
        .insert("tracestate", "congo=1".parse().expect("a header"));
    let service = ServerTraceLayer::new(&bench.server).layer(handler);
    let response = service.oneshot(request).await.expect("infallible");
    trailing_status(response.into_body()).await;
    found
        .lock()
        .expect("not poisoned")
        .take()
        .expect("a context")
}

#[tokio::test]
async fn the_callers_trace_continues_with_a_span_of_its_own() {
    let context = handled(REMOTE, LIST, "0").await;
    let remote = TraceContext::parse(REMOTE.as_bytes()).expect("well formed");
    assert_eq!(context.trace_id, remote.trace_id);
    assert_ne!(context.span_id, remote.span_id);
    assert!(context.is_sampled());
    assert_eq!(context.state.as_deref(), Some("congo=1"));
}

#[tokio::test]
async fn a_malformed_parent_starts_a_trace_and_loses_its_state() {
    let context = handled("00-nonsense", LIST, "0").await;
    assert_ne!(context.trace_id, [0; 16]);
    assert_eq!(context.state, None);
}

#[tokio::test]
async fn the_span_names_the_method_and_records_the_trailing_status() {
    let (spans, _listening) = Spans::listen();
    let context = handled(REMOTE, LIST, "5").await;
    let field = |name| spans.field(0, name).unwrap_or_default();
    assert_eq!(
        field("otel.name"),
        "Recv.preau.files.v1.FileService.ListFolder"
    );
    assert_eq!(field("trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(field("parent_id"), "00f067aa0ba902b7");
    assert_eq!(field("span_id"), hex::encode(context.span_id));
    assert_eq!(
        field("peer"),
        "spiffe://preau.internal/ns/default/sa/gateway"
    );
    assert_eq!(field("rpc.grpc.status_code"), "5");
}

#[tokio::test]
async fn an_unknown_path_is_not_a_span_name() {
    let (spans, _listening) = Spans::listen();
    handled(REMOTE, "/somebody/made-this-up", "12").await;
    assert_eq!(spans.field(0, "otel.name").as_deref(), Some("Recv.unknown"));
    assert_eq!(spans.field(0, "rpc.method"), None);
}

use tower::{ServiceExt, service_fn};

use super::*;
use crate::testing::{Bench, LIST, Spans, request};

async fn sent(client: &ClientShared, request: Request<Body>) -> TraceContext {
    let found = Arc::new(std::sync::Mutex::new(None));
    let keep = found.clone();
    let peer = service_fn(move |request: Request<Body>| {
        *keep.lock().expect("not poisoned") = TraceContext::extract(request.headers());
        std::future::ready(Err::<Response<Body>, _>(Status::not_found("gone")))
    });
    let service = ClientTraceLayer::new(client).layer(peer);
    service
        .oneshot(request)
        .await
        .map(drop)
        .expect_err("not found");
    found
        .lock()
        .expect("not poisoned")
        .take()
        .expect("a traceparent was sent")
}

#[tokio::test]
async fn an_attempt_is_a_child_of_the_call_it_serves() {
    let (spans, _listening) = Spans::listen();
    let client = Bench::new().client;
    let serving = TraceContext::root(&client.span_ids);
    let mut outbound = request(LIST);
    outbound.extensions_mut().insert(Inherited {
        trace: Some(serving.clone()),
        deadline: None,
    });

    let context = sent(&client, outbound).await;
    assert_eq!(context.trace_id, serving.trace_id);
    assert_ne!(context.span_id, serving.span_id);
    let field = |name| spans.field(0, name).unwrap_or_default();
    assert_eq!(
        field("otel.name"),
        "Attempt.preau.files.v1.FileService.ListFolder"
    );
    assert_eq!(field("parent_id"), hex::encode(serving.span_id));
    assert_eq!(field("span_id"), hex::encode(context.span_id));
    assert_eq!(field("rpc.grpc.status_code"), "5");
}

#[tokio::test]
async fn a_request_passed_on_continues_the_trace_in_its_headers() {
    let client = Bench::new().client;
    let arrived = TraceContext {
        state: Some("congo=1".into()),
        ..TraceContext::root(&client.span_ids)
    };
    let mut outbound = request(LIST);
    arrived.inject(outbound.headers_mut());
    let context = sent(&client, outbound).await;
    assert_eq!(context.trace_id, arrived.trace_id);
    assert_ne!(context.span_id, arrived.span_id);
    assert_eq!(context.state, arrived.state);
}

#[tokio::test]
async fn two_attempts_of_nobodys_call_are_two_traces() {
    let client = Bench::new().client;
    let first = sent(&client, request(LIST)).await;
    let second = sent(&client, request(LIST)).await;
    assert_ne!(first.trace_id, second.trace_id);
}

use http_body_util::BodyExt;
use tower::{ServiceExt, service_fn};

use super::*;
use crate::testing::{Bench, Exchange, Frames, LIST, READ, mock_pair, request};

fn with(path: &str, timeout: Option<&str>, inherited: Option<Duration>) -> Request<Body> {
    let mut request = request(path);
    if let Some(timeout) = timeout {
        request
            .headers_mut()
            .insert(GRPC_TIMEOUT, timeout.parse().expect("a header"));
    }
    if let Some(left) = inherited {
        let deadline = Some(Deadline(Instant::now() + left));
        request.extensions_mut().insert(Inherited {
            trace: None,
            deadline,
        });
    }
    request
}

async fn sent(request: Request<Body>) -> String {
    let (mock, mut handle) = mock_pair();
    let service = BudgetLayer::new(&Bench::new().client).layer(Exchange(mock));
    let call = tokio::spawn(service.oneshot(request));
    let (request, answer) = handle.next_request().await.expect("a request");
    answer.send_response(Response::new(Body::empty()));
    call.await.expect("no panic").expect("answered");
    request.headers()[GRPC_TIMEOUT]
        .to_str()
        .expect("text")
        .to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_soonest_of_policy_caller_and_inheritance_is_sent() {
    assert_eq!(sent(with(LIST, None, None)).await, "5000000u");
    assert_eq!(sent(with(LIST, Some("2S"), None)).await, "2000000u");
    assert_eq!(
        sent(with(LIST, Some("2S"), Some(Duration::from_millis(300)))).await,
        "300000u"
    );
    assert_eq!(
        sent(with(LIST, Some("1H"), Some(Duration::from_secs(60)))).await,
        "5000000u"
    );
}

#[tokio::test(start_paused = true)]
async fn with_nothing_left_nothing_is_sent() {
    for request in [
        with(LIST, None, Some(Duration::ZERO)),
        with(LIST, Some("0m"), None),
    ] {
        let (mock, mut handle) = mock_pair();
        let service = BudgetLayer::new(&Bench::new().client).layer(Exchange(mock));
        let status = service
            .oneshot(request)
            .await
            .map(drop)
            .expect_err("no time left");
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert!(handle.next_request().await.is_none(), "it was sent");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_hangs_is_given_up_in_time() {
    let start = Instant::now();
    let peer =
        service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, Status>>());
    let service = BudgetLayer::new(&Bench::new().client).layer(peer);
    let status = service
        .oneshot(with(LIST, Some("2S"), None))
        .await
        .map(drop)
        .expect_err("too slow");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(
        status.message().contains("files (files.preau.internal)"),
        "{}",
        status.message()
    );
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_hangs_ends_with_an_error() {
    let start = Instant::now();
    let body = std::sync::Mutex::new(Some(Frames::body(&[b"half a mess"], None)));
    let peer = service_fn(move |_: Request<Body>| {
        let body = body
            .lock()
            .expect("not poisoned")
            .take()
            .expect("called once");
        std::future::ready(Ok::<_, Status>(Response::new(body)))
    });
    let service = BudgetLayer::new(&Bench::new().client).layer(peer);
    let response = service
        .oneshot(with(READ, Some("7S"), None))
        .await
        .expect("headers");
    let status = response
        .into_body()
        .collect()
        .await
        .map(drop)
        .expect_err("cut");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(start.elapsed().as_secs(), 7);
}

use std::sync::atomic::{AtomicBool, Ordering};

use http_body_util::BodyExt;
use tokio::time::advance;
use tower::{ServiceExt, service_fn};

use super::*;
use crate::fault::Reported;
use crate::testing::{Bench, Frames, Handler, LIST, READ, mock_pair, status_of, trailing_status};

fn received(bench: &Bench, path: &str, timeout: Option<&str>) -> Request<Body> {
    let mut request = bench.received("files", Some("gateway"), path);
    if let Some(timeout) = timeout {
        request
            .headers_mut()
            .insert(timeout::GRPC_TIMEOUT, timeout.parse().expect("a header"));
    }
    request
}

/// What the handler is told is left, at once.
async fn told(path: &str, timeout: Option<&str>) -> Duration {
    let bench = Bench::new();
    let (mock, mut handle) = mock_pair();
    let service = ServerDeadlineLayer::new(&bench.server).layer(Handler(mock));
    let call = tokio::spawn(service.oneshot(received(&bench, path, timeout)));
    let (request, answer) = handle.next_request().await.expect("a request");
    let deadline = *request.extensions().get::<Deadline>().expect("a deadline");
    answer.send_response(Response::new(Frames::body(&[b"x"], Some("0"))));
    let response = call.await.expect("no panic").expect("infallible");
    assert_eq!(trailing_status(response.into_body()).await.code(), Code::Ok);
    deadline.remaining()
}

#[tokio::test(start_paused = true)]
async fn the_sooner_of_caller_and_policy_counts() {
    assert_eq!(told(LIST, None).await, Duration::from_secs(5));
    assert_eq!(told(LIST, Some("2S")).await, Duration::from_secs(2));
    assert_eq!(told(LIST, Some("3H")).await, Duration::from_secs(5));
    assert_eq!(
        told("/preau.files.v1.FileService/Nothing", None).await,
        UNKNOWN_METHOD
    );
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_hangs_is_dropped_and_answered_for() {
    struct Guard(Arc<AtomicBool>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let (bench, dropped, start) = (
        Bench::new(),
        Arc::new(AtomicBool::new(false)),
        Instant::now(),
    );
    let guarded = dropped.clone();
    let handler = service_fn(move |_: Request<Body>| {
        let guard = Guard(guarded.clone());
        async move {
            let _guard = guard;
            std::future::pending::<Result<Response<Body>, Infallible>>().await
        }
    });
    let service = ServerDeadlineLayer::new(&bench.server).layer(handler);
    let response = service
        .oneshot(received(&bench, LIST, Some("2S")))
        .await
        .expect("infallible");

    assert_eq!(start.elapsed().as_secs(), 2);
    assert!(
        dropped.load(Ordering::SeqCst),
        "the handler was still running"
    );
    let status = status_of(&response);
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let reported = Reported::of(&status);
    assert_eq!(reported.metadata["service"], "files");
    assert_eq!(reported.metadata["endpoint"], "127.0.0.1:7443");
    assert_eq!(
        reported.metadata["method"],
        "preau.files.v1.FileService/ListFolder"
    );
}

async fn stream(bench: &Bench, timeout: &str, body: Body) -> ExpiringBody<Body> {
    let body = std::sync::Mutex::new(Some(body));
    let handler = service_fn(move |_: Request<Body>| {
        let body = body
            .lock()
            .expect("not poisoned")
            .take()
            .expect("called once");
        std::future::ready(Ok::<_, Infallible>(Response::new(body)))
    });
    let service = ServerDeadlineLayer::new(&bench.server).layer(handler);
    service
        .oneshot(received(bench, READ, Some(timeout)))
        .await
        .expect("infallible")
        .into_body()
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_hangs_ends_with_the_status_in_trailers() {
    let (bench, start) = (Bench::new(), Instant::now());
    let body = stream(&bench, "3S", Frames::body(&[b"one", b"two"], None)).await;
    let collected = body.collect().await.expect("no error inside a server");
    let trailers = collected.trailers().expect("trailers").clone();
    assert_eq!(collected.to_bytes(), "onetwo");
    assert_eq!(
        tonic::Status::from_header_map(&trailers)
            .expect("a status")
            .code(),
        Code::DeadlineExceeded
    );
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_always_ready_is_cut_too() {
    let bench = Bench::new();
    let mut body = stream(&bench, "3S", Frames::body(&[b"one", b"two"], Some("0"))).await;
    assert!(
        body.frame()
            .await
            .expect("a frame")
            .expect("no error")
            .is_data()
    );
    advance(Duration::from_secs(3)).await;
    let frame = body.frame().await.expect("a frame").expect("no error");
    let status =
        tonic::Status::from_header_map(frame.trailers_ref().expect("trailers")).expect("a status");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(body.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_malformed_or_spent_timeout_never_reaches_the_handler() {
    for (timeout, code) in [
        ("soon", Code::InvalidArgument),
        ("0S", Code::DeadlineExceeded),
    ] {
        let bench = Bench::new();
        let (mock, mut handle) = mock_pair();
        let service = ServerDeadlineLayer::new(&bench.server).layer(Handler(mock));
        let response = service
            .oneshot(received(&bench, LIST, Some(timeout)))
            .await
            .expect("infallible");
        assert_eq!(status_of(&response).code(), code, "{timeout}");
        assert!(
            handle.next_request().await.is_none(),
            "{timeout} was handled"
        );
    }
}

use std::time::Duration;

use preau_mesh_identity::{IdentityStore, TrustDomain, system_clock};
use prometheus_client::registry::Registry;
use tokio::time::{Instant, sleep};
use tower::{ServiceExt, service_fn};

use super::*;
use crate::testing::{Bench, Frames, LIST, trailing_status};

fn scrape(bench: &Bench) -> String {
    let mut registry = Registry::default();
    let domain = TrustDomain::parse("preau.internal").expect("a trust domain");
    bench
        .server
        .metrics
        .register(&mut registry, IdentityStore::new(domain, system_clock()));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)
        .expect("metrics can be written");
    text
}

async fn call(bench: &Bench, path: &str, delay: Duration, status: &'static str) {
    let handler = service_fn(move |_: Request<Body>| async move {
        sleep(delay).await;
        Ok::<_, Infallible>(Response::new(Frames::body(&[b"x"], Some(status))))
    });
    let service = ServerMetricsLayer::new(&bench.server).layer(handler);
    let request = bench.received("files", Some("gateway"), path);
    trailing_status(
        service
            .oneshot(request)
            .await
            .expect("infallible")
            .into_body(),
    )
    .await;
}

const BASE: &str = "direction=\"inbound\",tls=\"true\",client_id=\"spiffe://preau.internal/ns/default/sa/gateway\",\
                    role=\"files\",rpc=\"preau.files.v1.FileService/ListFolder\"";

#[tokio::test(start_paused = true)]
async fn a_call_counts_under_linkerds_names() {
    let bench = Bench::new();
    call(&bench, LIST, Duration::from_millis(25), "0").await;
    call(&bench, LIST, Duration::from_millis(3), "14").await;
    let text = scrape(&bench);
    for line in [
        format!("request_total{{{BASE}}} 2\n"),
        format!(
            "response_total{{{BASE},status_code=\"200\",classification=\"success\",grpc_status=\"0\"}} 1\n"
        ),
        format!(
            "response_total{{{BASE},status_code=\"200\",classification=\"failure\",grpc_status=\"14\"}} 1\n"
        ),
        format!("response_latency_ms_count{{{BASE},status_code=\"200\"}} 2\n"),
        format!("response_latency_ms_bucket{{le=\"3.0\",{BASE},status_code=\"200\"}} 1\n"),
        format!("response_latency_ms_bucket{{le=\"20.0\",{BASE},status_code=\"200\"}} 1\n"),
        format!("response_latency_ms_bucket{{le=\"30.0\",{BASE},status_code=\"200\"}} 2\n"),
    ] {
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
    assert!(
        text.contains("le=\"50000.0\"") && text.contains("le=\"+Inf\""),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn unknown_paths_share_one_series() {
    let bench = Bench::new();
    call(&bench, "/made/up", Duration::ZERO, "12").await;
    call(&bench, "/made/up/too", Duration::ZERO, "12").await;
    let text = scrape(&bench);
    assert!(text.contains("rpc=\"unknown\"} 2\n"), "{text}");
    assert!(!text.contains("made"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_counts_as_cancelled() {
    let bench = Bench::new();
    let handler =
        service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, Infallible>>());
    let service = ServerMetricsLayer::new(&bench.server).layer(handler);
    let call = service.oneshot(bench.received("files", Some("gateway"), LIST));
    let deadline = Instant::now() + Duration::from_secs(1);
    tokio::time::timeout_at(deadline, call)
        .await
        .map(drop)
        .expect_err("never answered");
    assert!(scrape(&bench).contains("grpc_status=\"1\"} 1\n"));
}

#[tokio::test(start_paused = true)]
async fn more_callers_than_are_counted_apart_share_one_series() {
    let bench = Bench::new();
    let handler = service_fn(|_: Request<Body>| {
        std::future::ready(Ok::<_, Infallible>(Response::new(Frames::body(
            &[],
            Some("0"),
        ))))
    });
    let service = ServerMetricsLayer::new(&bench.server).layer(handler);
    for number in 0..PEERS + 3 {
        let request = bench.received("files", Some(&format!("caller{number}")), LIST);
        trailing_status(
            service
                .clone()
                .oneshot(request)
                .await
                .expect("infallible")
                .into_body(),
        )
        .await;
    }
    let text = scrape(&bench);
    assert!(
        text.contains("request_total{direction=\"inbound\",tls=\"true\",client_id=\"other\""),
        "{text}"
    );
    assert_eq!(
        text.lines()
            .filter(|line| line.starts_with("request_total{"))
            .count(),
        PEERS + 1
    );
}

use preau_mesh_identity::{IdentityStore, TrustDomain, system_clock};
use prometheus_client::registry::Registry;
use tower::{ServiceExt, service_fn};

use super::*;
use crate::testing::{Bench, Frames, LIST, request, trailing_status};

const BASE: &str = "direction=\"outbound\",authority=\"files.preau.internal\",tls=\"true\",\
                    server_id=\"spiffe://preau.internal/ns/default/sa/files\",role=\"gateway\",\
                    rpc=\"preau.files.v1.FileService/ListFolder\"";

#[tokio::test]
async fn answers_and_failures_count_under_the_peers_labels() {
    let bench = Bench::new();
    let peer = service_fn(|request: Request<Body>| {
        let answer = match request.headers().contains_key("fail") {
            true => Err(Status::unavailable("no connection")),
            false => Ok(Response::new(Frames::body(&[b"x"], Some("0")))),
        };
        std::future::ready(answer)
    });
    let service = ClientMetricsLayer::new(&bench.client).layer(peer);
    let response = service
        .clone()
        .oneshot(request(LIST))
        .await
        .expect("answered");
    trailing_status(response.into_body()).await;
    let mut failing = request(LIST);
    failing
        .headers_mut()
        .insert("fail", "1".parse().expect("a header"));
    service
        .oneshot(failing)
        .await
        .map(drop)
        .expect_err("unavailable");

    let mut registry = Registry::default();
    let domain = TrustDomain::parse("preau.internal").expect("a trust domain");
    bench
        .client
        .metrics
        .register(&mut registry, IdentityStore::new(domain, system_clock()));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)
        .expect("metrics can be written");
    for line in [
        format!("request_total{{{BASE}}} 2\n"),
        format!(
            "response_total{{{BASE},status_code=\"200\",classification=\"success\",grpc_status=\"0\"}} 1\n"
        ),
        format!(
            "response_total{{{BASE},status_code=\"200\",classification=\"failure\",grpc_status=\"14\"}} 1\n"
        ),
    ] {
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
}

//! What browsers see and are told.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Full;

use super::stand::Stand;
use crate::Config;

fn get(path: &str, host: &str) -> Request<Full<Bytes>> {
    request(Method::GET, path, host, &[])
}

fn request(
    method: Method,
    path: &str,
    host: &str,
    headers: &[(&str, &str)],
) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path);
    request = request.header(header::HOST, host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(Bytes::new())).expect("a request")
}

fn assert_guarded(headers: &HeaderMap, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(headers[name], value, "{what}: {name}");
    }
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("default-src 'none'"), "{what}: {policy}");
    assert!(
        policy.contains("frame-ancestors 'none'"),
        "{what}: {policy}"
    );
    assert!(headers.contains_key("permissions-policy"), "{what}");
    assert!(headers.contains_key("cache-control"), "{what}");
}

#[tokio::test]
async fn everything_that_a_browser_may_show_is_guarded() {
    let stand = Stand::new().await;
    let list = "/preau.files.v1.FileService/ListFolder";
    let web = ("content-type", "application/grpc-web+proto");
    for (method, path, headers, status) in [
        (Method::GET, "/", &[][..], 302),
        (Method::GET, "/app", &[], 200),
        (Method::GET, "/app/anything", &[], 200),
        (Method::GET, "/assets/app-1.js", &[], 200),
        (Method::GET, "/nothing", &[], 404),
        (Method::GET, "/d/good", &[], 200),
        (Method::GET, "/d/forged", &[], 404),
        (Method::POST, "/session", &[], 403),
        (Method::GET, "/session", &[], 405),
        (Method::POST, list, &[web], 200),
        (Method::POST, list, &[], 415),
        (Method::PUT, list, &[web], 405),
    ] {
        let what = format!("{method} {path}");
        let answer = stand.h1(request(method, path, "127.0.0.1", headers)).await;
        assert_eq!(answer.status(), status, "{what}");
        assert_guarded(answer.headers(), &what);
        assert!(
            !answer.headers().contains_key("strict-transport-security"),
            "{what}: plain HTTP"
        );
        if path == list || path == "/session" {
            assert_eq!(answer.headers()["cache-control"], "no-store", "{what}");
        }
    }
}

#[tokio::test]
async fn names_that_resolve_here_without_being_ours_are_turned_away() {
    let stand = Stand::new().await;
    for (host, status) in [
        ("127.0.0.1:8080", StatusCode::OK),
        ("[::1]:8080", StatusCode::OK),
        ("localhost", StatusCode::OK),
        ("evil.example", StatusCode::MISDIRECTED_REQUEST),
        ("localhost.evil.example", StatusCode::MISDIRECTED_REQUEST),
        ("a@localhost", StatusCode::BAD_REQUEST),
    ] {
        let answer = stand.h1(get("/app", host)).await;
        assert_eq!(answer.status(), status, "{host}");
    }
    let config = Config {
        hosts: vec!["ent.example.fr".into()],
        ..Config::default()
    };
    let stand = Stand::with(config).await;
    let named = stand.h1(get("/app", "ENT.example.fr")).await;
    assert_eq!(named.status(), StatusCode::OK);
    let other: Response<Bytes> = stand.h1(get("/app", "evil.example")).await;
    assert_eq!(other.status(), StatusCode::MISDIRECTED_REQUEST);
    assert!(String::from_utf8_lossy(other.body()).contains("gateway.hosts"));
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_browsers_connection_counts() {
    let config = Config {
        trusted_proxies: vec!["127.0.0.0/8".parse().expect("a network")],
        hosts: vec!["ent.example.fr".into()],
        ..Config::default()
    };
    let stand = Stand::with(config).await;
    let forwarded = [("x-forwarded-proto", "https")];
    let answer = stand
        .h1(request(Method::GET, "/app", "ent.example.fr", &forwarded))
        .await;
    assert!(answer.headers().contains_key("strict-transport-security"));
    // Its pages have an origin of https, though the proxy speaks HTTP to us.
    let headers = [
        ("x-forwarded-proto", "https"),
        ("origin", "https://ent.example.fr"),
    ];
    let answer = stand
        .h1(request(
            Method::DELETE,
            "/session",
            "ent.example.fr",
            &headers,
        ))
        .await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
}

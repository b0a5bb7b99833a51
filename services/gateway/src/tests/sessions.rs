//! Browsers sign in and out, and nobody does it for them.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use preau_proto::contract::Role;
use preau_proto::files::v1::ListFolderRequest;
use preau_proto::identity::v1::SignOutRequest;
use prost::Message;
use tonic::Code;

use super::stand::{ADMIN, PUPIL, Stand, bearer, framed};
use crate::Config;

pub(super) const OWN: (&str, &str) = ("origin", "http://127.0.0.1:8080");
pub(super) const JSON: (&str, &str) = ("content-type", "application/json");
pub(super) const RIGHT: &str = r#"{"login":"ines.valmont","password":"right password"}"#;
pub(super) const WRONG: &str = r#"{"login":"ines.valmont","password":"wrong password"}"#;
const LIST: &str = "/preau.files.v1.FileService/ListFolder";

async fn send(
    stand: &Stand,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut request = Request::builder().method(method).uri(path);
    request = request.header(header::HOST, "127.0.0.1:8080");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into())).expect("a request");
    stand.h1(request).await
}

pub(super) async fn sign_in(
    stand: &Stand,
    headers: &[(&str, &str)],
    body: &str,
) -> Response<Bytes> {
    send(stand, Method::POST, "/session", headers, body.to_owned()).await
}

/// A call as the interface makes it.
pub(super) async fn call(
    stand: &Stand,
    path: &str,
    headers: &[(&str, &str)],
    message: &impl Message,
) -> Response<Bytes> {
    let mut all = vec![
        ("content-type", "application/grpc-web+proto"),
        ("x-grpc-web", "1"),
    ];
    all.extend(headers);
    send(stand, Method::POST, path, &all, framed(message)).await
}

fn set_cookie(answer: &Response<Bytes>) -> Option<&str> {
    let value = answer.headers().get(header::SET_COOKIE)?;
    Some(value.to_str().expect("text"))
}

pub(super) fn reason(answer: &Response<Bytes>) -> String {
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
    let said: serde_json::Value = serde_json::from_slice(answer.body()).expect("JSON");
    assert!(
        said["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    said["reason"].as_str().expect("a reason").to_owned()
}

pub(super) fn grpc_code(answer: &Response<Bytes>) -> Code {
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    let in_headers = answer.headers().get("grpc-status");
    if let Some(status) = in_headers {
        return Code::from_bytes(status.as_bytes());
    }
    let body = String::from_utf8_lossy(answer.body()).into_owned();
    let (_, status) = body.split_once("grpc-status:").expect("trailers");
    let digits: String = status.chars().take_while(char::is_ascii_digit).collect();
    Code::from_bytes(digits.as_bytes())
}

fn cookie(session: &str) -> String {
    format!("other=1; __Host-preau={session}")
}

#[tokio::test]
async fn signing_in_sets_a_cookie_that_no_script_or_foreign_site_has() {
    let stand = Stand::new().await;
    let answer = sign_in(&stand, &[OWN, JSON], RIGHT).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert!(answer.body().is_empty(), "no session outside the cookie");
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    let cookie = set_cookie(&answer).expect("a cookie");
    let (pair, age) = cookie.split_once("; Max-Age=").expect("an age");
    assert_eq!(
        pair,
        format!("__Host-preau={PUPIL}; Path=/; Secure; HttpOnly; SameSite=Strict")
    );
    let age: u64 = age.parse().expect("seconds");
    assert!((3590..=3600).contains(&age), "{age}");
}

#[tokio::test]
async fn a_code_is_a_first_sign_in() {
    let stand = Stand::new().await;
    let path = "/session/first";
    let right = r#"{"login":"a","code":"K7QM-2PXR-T4VD","password":"long enough"}"#;
    let answer = send(&stand, Method::POST, path, &[OWN, JSON], right).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert!(set_cookie(&answer).expect("a cookie").contains(ADMIN));
    let wrong = r#"{"login":"a","code":"AAAA-AAAA-AAAA","password":"long enough"}"#;
    let answer = send(&stand, Method::POST, path, &[OWN, JSON], wrong).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(reason(&answer), "SIGN_IN_REFUSED");
    assert_eq!(set_cookie(&answer), None);
}

#[tokio::test]
async fn refusals_have_a_status_a_reason_and_no_secret() {
    let stand = Stand::new().await;
    let of = |password: &str| format!(r#"{{"login":"a","password":"{password}"}}"#);
    let long = of(&"x".repeat(5000));
    for (body, kind, status, said) in [
        (of("hunter22"), JSON.1, 401, "SIGN_IN_REFUSED"),
        (of("too often"), JSON.1, 429, "TOO_MANY_ATTEMPTS"),
        (of("away"), JSON.1, 503, ""),
        (RIGHT.into(), "text/plain", 415, "NOT_JSON"),
        (
            RIGHT.into(),
            "application/x-www-form-urlencoded",
            415,
            "NOT_JSON",
        ),
        (RIGHT.into(), "application/json-seq", 415, "NOT_JSON"),
        (long, JSON.1, 413, "REQUEST_TOO_LARGE"),
        (r#"{"login":"hunter22"}"#.into(), JSON.1, 400, "BAD_REQUEST"),
        (
            r#"{"login":1,"password":"hunter22"}"#.into(),
            JSON.1,
            400,
            "BAD_REQUEST",
        ),
        (
            r#"{"login":"a","password":"b","hunter22":1}"#.into(),
            JSON.1,
            400,
            "BAD_REQUEST",
        ),
        ("hunter22".into(), JSON.1, 400, "BAD_REQUEST"),
        (
            r#"["ines.valmont","hunter22"]"#.into(),
            JSON.1,
            400,
            "BAD_REQUEST",
        ),
    ] {
        let answer = sign_in(&stand, &[OWN, ("content-type", kind)], &body).await;
        assert_eq!(answer.status(), status, "{kind} {said}");
        assert_eq!(reason(&answer), said);
        assert_eq!(set_cookie(&answer), None);
        let said = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(!said.contains("hunter22"), "{said}");
        let wait = answer.headers().get(header::RETRY_AFTER);
        assert_eq!(wait.is_some(), status == 429, "41.5 s, rounded up");
        assert!(wait.is_none_or(|wait| wait == "42"));
    }
}

#[tokio::test]
async fn other_methods_and_paths_begin_and_end_no_session() {
    let stand = Stand::new().await;
    for (method, path, status) in [
        (Method::GET, "/session", 405),
        (Method::PUT, "/session", 405),
        (Method::OPTIONS, "/session", 405),
        (Method::DELETE, "/session/first", 404),
        (Method::POST, "/session/other", 404),
        (Method::POST, "/session?everywhere=1", 404),
        (Method::DELETE, "/session?everywhere=2", 404),
    ] {
        let answer = send(&stand, method.clone(), path, &[OWN, JSON], RIGHT).await;
        assert_eq!(answer.status(), status, "{method} {path}");
        assert_eq!(set_cookie(&answer), None);
    }
}

#[tokio::test]
async fn the_cookie_is_the_session_of_calls_and_goes_no_further() {
    let stand = Stand::new().await;
    let held = cookie(PUPIL);
    let list = ListFolderRequest::default();
    let answer = call(&stand, LIST, &[OWN, ("cookie", &held)], &list).await;
    assert_eq!(grpc_code(&answer), Code::Ok);
    let body = String::from_utf8_lossy(answer.body());
    assert!(!body.contains("cookie") && !body.contains(PUPIL), "{body}");
    assert!(body.contains("01890000-0000-7000-8000-000000000001"));

    // `authorization` wins over the cookie, and needs no origin: no browser adds it by itself.
    let session = bearer("expired");
    let headers = [OWN, ("cookie", &held), ("authorization", &session)];
    let answer = call(&stand, LIST, &headers, &list).await;
    assert_eq!(grpc_code(&answer), Code::Unauthenticated);
    let session = bearer(PUPIL);
    let headers = [
        ("cookie", "__Host-preau=expired"),
        ("authorization", &session),
    ];
    let answer = call(&stand, LIST, &headers, &list).await;
    assert_eq!(grpc_code(&answer), Code::Ok);
}

#[tokio::test]
async fn several_malformed_and_ended_cookies_are_nobody() {
    let stand = Stand::new().await;
    let twice = format!("__Host-preau={PUPIL}; __Host-preau={PUPIL}");
    let other = format!("preau={PUPIL}");
    for held in [
        twice.as_str(),
        &other,
        "__Host-preau=\"a\"",
        "__Host-preau=expired",
    ] {
        let headers = [OWN, ("cookie", held)];
        let answer = call(&stand, LIST, &headers, &ListFolderRequest::default()).await;
        assert_eq!(grpc_code(&answer), Code::Unauthenticated, "{held}");
    }
}

#[tokio::test]
async fn native_calls_do_not_look_at_cookies() {
    let stand = Stand::new().await;
    let held = cookie(PUPIL);
    let headers = [("cookie", held.as_str()), ("origin", "http://localhost")];
    let mut client = stand.h2().await;
    let answer = client
        .call(LIST, &headers, &ListFolderRequest::default())
        .await;
    assert_eq!(answer.reason(), "NOT_SIGNED_IN");
}

#[tokio::test]
async fn pages_of_other_origins_cannot_use_the_cookie() {
    let config = Config {
        cors_origins: vec!["https://ent.example.fr".parse().expect("a header")],
        ..Config::default()
    };
    let stand = Stand::with(config).await;
    let held = cookie(PUPIL);
    for foreign in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "http://127.0.0.1:3000")],
        &[("origin", "https://127.0.0.1:8080")],
        &[("origin", "null")],
        // Allowed by CORS, which is for sessions in `authorization`.
        &[("origin", "https://ent.example.fr")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[],
    ] {
        let mut headers = foreign.to_vec();
        headers.push(("cookie", &held));
        let answer = call(&stand, LIST, &headers, &ListFolderRequest::default()).await;
        assert_eq!(grpc_code(&answer), Code::PermissionDenied, "{foreign:?}");
        let out = send(&stand, Method::DELETE, "/session", &headers, "").await;
        assert_eq!(out.status(), StatusCode::FORBIDDEN, "{foreign:?}");
        assert_eq!(reason(&out), "FOREIGN_ORIGIN");
        headers.push(JSON);
        // Signing a victim in to somebody else's account is an attack too.
        let signed = sign_in(&stand, &headers, RIGHT).await;
        assert_eq!(signed.status(), StatusCode::FORBIDDEN, "{foreign:?}");
        assert_eq!(set_cookie(&signed), None);
    }
    assert_eq!(stand.mints(), 0);
    let headers = [("sec-fetch-site", "same-origin"), ("cookie", &*held)];
    let answer = call(&stand, LIST, &headers, &ListFolderRequest::default()).await;
    assert_eq!(grpc_code(&answer), Code::Ok, "a page of our own");
}

#[tokio::test]
async fn signing_in_ends_the_session_it_replaces() {
    let stand = Stand::new().await;
    let held = cookie(ADMIN);
    let wrong = sign_in(&stand, &[OWN, JSON, ("cookie", &held)], WRONG).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert!(stand.seen.ended.lock().expect("not poisoned").is_empty());

    let answer = sign_in(&stand, &[OWN, JSON, ("cookie", &held)], RIGHT).await;
    assert!(set_cookie(&answer).expect("a cookie").contains(PUPIL));
    let ended = stand.seen.ended.lock().expect("not poisoned").clone();
    assert_eq!(ended, [("here", Role::SchoolAdmin as i32)]);

    let stale = [OWN, JSON, ("cookie", "__Host-preau=expired")];
    let answer = sign_in(&stand, &stale, RIGHT).await;
    assert_eq!(
        answer.status(),
        StatusCode::NO_CONTENT,
        "stale is no hindrance"
    );
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie_away() {
    let stand = Stand::new().await;
    let held = cookie(PUPIL);
    let headers = [OWN, ("cookie", held.as_str())];
    let list = ListFolderRequest::default();
    assert_eq!(
        grpc_code(&call(&stand, LIST, &headers, &list).await),
        Code::Ok
    );
    let out = send(&stand, Method::DELETE, "/session", &headers, "").await;
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let gone = "__Host-preau=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0";
    assert_eq!(set_cookie(&out), Some(gone));
    let after = call(&stand, LIST, &headers, &list).await;
    assert_eq!(
        grpc_code(&after),
        Code::Unauthenticated,
        "at once, whatever was remembered"
    );

    // Again, with the session that has ended, and with none.
    for headers in [&headers[..], &[OWN]] {
        let out = send(&stand, Method::DELETE, "/session", headers, "").await;
        assert_eq!(out.status(), StatusCode::NO_CONTENT);
        assert_eq!(set_cookie(&out), Some(gone));
    }
    let everywhere = "/session?everywhere=1";
    let held = cookie(ADMIN);
    let headers = [OWN, ("cookie", held.as_str())];
    let out = send(&stand, Method::DELETE, everywhere, &headers, "").await;
    assert_eq!(set_cookie(&out), Some(gone));
    let ended = stand.seen.ended.lock().expect("not poisoned").clone();
    let [pupil, admin] = [Role::Student as i32, Role::SchoolAdmin as i32];
    assert_eq!(ended, [("here", pupil), ("everywhere", admin)]);
}

#[tokio::test]
async fn signing_out_ends_every_session_that_the_cookies_name() {
    let stand = Stand::new().await;
    let held = format!("__Host-preau={PUPIL}; __Host-preau=expired; __Host-preau={ADMIN}");
    let headers = [OWN, ("cookie", held.as_str())];
    let out = send(&stand, Method::DELETE, "/session", &headers, "").await;
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let ended = stand.seen.ended.lock().expect("not poisoned").clone();
    let [pupil, admin] = [Role::Student as i32, Role::SchoolAdmin as i32];
    assert_eq!(ended, [("here", pupil), ("here", admin)]);

    // No browser keeps so many: whoever sends them wants identity busy.
    let many: Vec<String> = (0..5)
        .map(|n| format!("__Host-preau=session-{n}"))
        .collect();
    let many = many.join("; ");
    let mints = stand.mints();
    let headers = [OWN, ("cookie", many.as_str())];
    let out = send(&stand, Method::DELETE, "/session", &headers, "").await;
    assert_eq!(
        (out.status(), stand.mints()),
        (StatusCode::BAD_REQUEST, mints)
    );
}

#[tokio::test]
async fn signing_out_by_a_call_works_with_the_cookie_too() {
    let stand = Stand::new().await;
    let held = cookie(PUPIL);
    let headers = [OWN, ("cookie", held.as_str())];
    let path = "/preau.identity.v1.SessionService/SignOut";
    let out = call(&stand, path, &headers, &SignOutRequest {}).await;
    assert_eq!(grpc_code(&out), Code::Ok);
    let after = call(&stand, LIST, &headers, &ListFolderRequest::default()).await;
    assert_eq!(grpc_code(&after), Code::Unauthenticated);
}

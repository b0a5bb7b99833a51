//! gRPC-web over HTTP/1.1: what browsers speak.

use bytes::{Buf, Bytes};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::Full;
use preau_proto::files::v1::{ListFolderRequest, ReadRequest, ReadResponse};
use preau_proto::identity::v1::{SignInRequest, SignInResponse};
use prost::Message;

use super::stand::{PUPIL, Stand, bearer, framed};
use crate::Config;

fn request(path: &str, session: Option<&str>, message: &impl Message) -> Request<Full<Bytes>> {
    let mut request = Request::post(path)
        .header(header::HOST, "127.0.0.1")
        .header(header::CONTENT_TYPE, "application/grpc-web+proto")
        .header(header::ACCEPT, "application/grpc-web+proto")
        .header("x-grpc-web", "1");
    if let Some(session) = session {
        request = request.header(header::AUTHORIZATION, bearer(session));
    }
    request.body(Full::new(framed(message))).expect("a request")
}

/// Data frames, then the trailers: from the frame that carries them, or the headers of an answer without body.
fn parse(response: &Response<Bytes>) -> (Vec<Bytes>, String) {
    let mut body = response.body().clone();
    let mut messages = Vec::new();
    let mut trailers = status_of(response.headers());
    while body.has_remaining() {
        let flags = body.get_u8();
        let length = body.get_u32() as usize;
        let frame = body.split_to(length);
        if flags & 0x80 == 0 {
            messages.push(frame);
        } else {
            trailers = String::from_utf8(frame.to_vec()).expect("text");
        }
    }
    (messages, trailers)
}

fn status_of(headers: &HeaderMap) -> String {
    let status = headers
        .get("grpc-status")
        .and_then(|status| status.to_str().ok());
    status.map_or_else(String::new, |status| format!("grpc-status:{status}"))
}

#[tokio::test]
async fn a_unary_call_brings_message_and_trailers_in_the_body() {
    let stand = Stand::new().await;
    let message = SignInRequest {
        login: "ines.valmont".into(),
        password: "right password".into(),
    };
    let response = stand
        .h1(request(
            "/preau.identity.v1.SessionService/SignIn",
            None,
            &message,
        ))
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "application/grpc-web+proto"
    );
    let (messages, trailers) = parse(&response);
    let answer = SignInResponse::decode(messages[0].clone()).expect("the message");
    assert_eq!(answer.session_token, PUPIL);
    assert!(trailers.contains("grpc-status:0"), "{trailers}");
}

#[tokio::test]
async fn a_stream_brings_every_message_then_the_trailers() {
    let stand = Stand::new().await;
    let response = stand
        .h1(request(
            "/preau.files.v1.FileService/Read",
            Some(PUPIL),
            &ReadRequest::default(),
        ))
        .await;
    let (messages, trailers) = parse(&response);
    let data: Vec<Bytes> = messages
        .into_iter()
        .map(|message| ReadResponse::decode(message).expect("the message").data)
        .collect();
    assert_eq!(data, ["one", "two", "three"]);
    assert!(trailers.contains("grpc-status:0"), "{trailers}");
}

#[tokio::test]
async fn errors_of_the_edge_and_of_services_are_grpc_web_answers() {
    let stand = Stand::new().await;
    for (path, session, code) in [
        ("/preau.files.v1.FileService/ListFolder", None, 16),
        (
            "/preau.files.v1.FileService/ListFolder",
            Some("invented"),
            16,
        ),
        ("/preau.files.v1.FileService/GetNode", Some(PUPIL), 5),
        ("/preau.files.v1.FileService/listfolder", Some(PUPIL), 12),
    ] {
        let response = stand
            .h1(request(path, session, &ListFolderRequest::default()))
            .await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/grpc-web+proto"
        );
        let (messages, trailers) = parse(&response);
        assert!(messages.is_empty());
        assert!(
            trailers.contains(&format!("grpc-status:{code}")),
            "{path}: {trailers}"
        );
    }
}

#[tokio::test]
async fn pages_of_allowed_origins_may_call_and_others_may_not() {
    let config = Config {
        cors_origins: vec!["https://ent.example.fr".parse().expect("a header")],
        ..Config::default()
    };
    let stand = Stand::with(config).await;
    for (origin, allowed) in [
        ("https://ent.example.fr", true),
        ("https://ent.example.fr.evil.example", false),
        ("http://ent.example.fr", false),
        ("null", false),
    ] {
        let preflight = Request::options("/preau.files.v1.FileService/ListFolder")
            .header(header::HOST, "127.0.0.1")
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(
                header::ACCESS_CONTROL_REQUEST_HEADERS,
                "content-type,x-grpc-web,authorization",
            )
            .body(Full::new(Bytes::new()))
            .expect("a request");
        let answer = stand.h1(preflight).await;
        let granted = answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        assert_eq!(
            granted.is_some_and(|granted| granted == origin),
            allowed,
            "{origin}"
        );
        assert!(
            answer
                .headers()
                .get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS)
                .is_none()
        );
    }
}

#[tokio::test]
async fn a_body_that_is_no_base64_is_the_callers_fault_and_tells_nothing_of_the_mesh() {
    let stand = Stand::new().await;
    let request = Request::post("/preau.files.v1.FileService/ListFolder")
        .header(header::HOST, "127.0.0.1")
        .header(header::CONTENT_TYPE, "application/grpc-web-text")
        .header(header::AUTHORIZATION, bearer(PUPIL))
        .body(Full::from("\0\0\0"))
        .expect("a request");
    let response = stand.h1(request).await;
    assert_eq!(status_of(response.headers()), "grpc-status:3");
    let told = response.headers()["grpc-message"].to_str().expect("text");
    assert!(!told.contains("spiffe"), "{told}");
}

//! What a native call carries in and brings back.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use preau_mesh::Reported;
use preau_proto::files::v1::{GetNodeRequest, ListFolderRequest, ListFolderResponse, ReadRequest};
use preau_proto::identity::v1::{SignInRequest, SignInResponse};
use tonic::Code;

use super::stand::{PUPIL, Stand, bearer};
use crate::Config;

const GET: &str = "/preau.files.v1.FileService/GetNode";
const LIST: &str = "/preau.files.v1.FileService/ListFolder";

#[tokio::test]
async fn identity_headers_from_outside_are_stripped_and_the_principal_is_the_sessions() {
    let stand = Stand::new().await;
    let session = bearer(PUPIL);
    let headers = [
        ("authorization", session.as_str()),
        ("x-preau-principal", "forged"),
        ("x-preau-principal-bin", "Zm9yZ2Vk"),
        ("l5d-client-id", "forged"),
        ("x-forwarded-client-cert", "forged"),
        ("x-spiffe-id", "forged"),
        ("cookie", "a=b"),
        ("x-mine", "stays"),
    ];
    let answer = stand
        .h2()
        .await
        .call(LIST, &headers, &ListFolderRequest::default())
        .await;
    assert_eq!(answer.code(), Code::Ok, "{:?}", answer.status);
    let response: ListFolderResponse = answer.message();
    let value = |name: &str| {
        response
            .nodes
            .iter()
            .find(|node| node.name == name)
            .map(|node| node.node_id.as_str())
    };
    for (name, _) in &headers[2..7] {
        assert_eq!(value(name), None, "{name}");
    }
    assert_eq!(value("authorization"), None);
    assert_ne!(value("x-preau-principal"), Some("forged"));
    assert_eq!(value("x-mine"), Some("stays"));
    assert_eq!(
        value(":person"),
        Some("01890000-0000-7000-8000-000000000001")
    );
}

#[tokio::test]
async fn the_callers_trace_goes_on() {
    let stand = Stand::new().await;
    let session = bearer(PUPIL);
    let headers = [
        ("authorization", session.as_str()),
        (
            "traceparent",
            "00-0102030405060708090a0b0c0d0e0f10-00f067aa0ba902b7-01",
        ),
    ];
    let answer = stand
        .h2()
        .await
        .call(LIST, &headers, &ListFolderRequest::default())
        .await;
    let response: ListFolderResponse = answer.message();
    let trace = response
        .nodes
        .iter()
        .find(|node| node.name == ":trace")
        .expect("there");
    assert!(
        trace.node_id.starts_with("[01, 02, 03, 04,"),
        "{}",
        trace.node_id
    );
}

#[tokio::test]
async fn a_deadline_that_is_no_deadline_is_refused() {
    let stand = Stand::new().await;
    let session = bearer(PUPIL);
    let headers = [
        ("authorization", session.as_str()),
        ("grpc-timeout", "soon"),
    ];
    let answer = stand
        .h2()
        .await
        .call(LIST, &headers, &ListFolderRequest::default())
        .await;
    assert_eq!(answer.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn without_a_session_a_method_that_needs_one_is_refused_before_the_mesh() {
    let stand = Stand::new().await;
    let answer = stand
        .h2()
        .await
        .call(LIST, &[], &ListFolderRequest::default())
        .await;
    assert_eq!(answer.code(), Code::Unauthenticated);
    assert_eq!(answer.reason(), "NOT_SIGNED_IN");
    assert_eq!(stand.seen.lists.load(Ordering::SeqCst), 0);
    assert_eq!(stand.mints(), 0);
}

#[tokio::test]
async fn signing_in_needs_no_session_and_works_with_a_stale_one_in_hand() {
    let stand = Stand::new().await;
    let request = SignInRequest {
        login: "ines.valmont".into(),
        password: "right password".into(),
    };
    let path = "/preau.identity.v1.SessionService/SignIn";
    let answer = stand
        .h2()
        .await
        .call(path, &[("authorization", "Bearer stale")], &request)
        .await;
    assert_eq!(answer.code(), Code::Ok);
    assert_eq!(answer.message::<SignInResponse>().session_token, PUPIL);
    assert_eq!(stand.mints(), 0);
}

#[tokio::test]
async fn a_services_error_arrives_as_it_was_said() {
    let stand = Stand::new().await;
    let session = bearer(PUPIL);
    let answer = stand
        .h2()
        .await
        .call(
            GET,
            &[("authorization", &session)],
            &GetNodeRequest::default(),
        )
        .await;
    assert_eq!(answer.code(), Code::NotFound);
    let status = answer.status.expect("a status");
    assert_eq!(status.message(), "no such node");
    let told = Reported::of(&status).metadata;
    assert_eq!((&*told["service"], &*told["endpoint"]), ("files", GET));
}

#[tokio::test]
async fn a_stream_arrives_frame_by_frame_with_its_trailers() {
    let stand = Stand::new().await;
    let session = bearer(PUPIL);
    let answer = stand
        .h2()
        .await
        .call(
            "/preau.files.v1.FileService/Read",
            &[("authorization", &session)],
            &ReadRequest::default(),
        )
        .await;
    assert_eq!(answer.code(), Code::Ok);
    assert_eq!(
        answer.body.iter().filter(|byte| **byte == b't').count(),
        2,
        "two and three"
    );
}

#[tokio::test]
async fn a_body_longer_than_any_message_is_refused() {
    let config = Config {
        max_request_body: 1024,
        ..Config::default()
    };
    let stand = Stand::with(config).await;
    let request = Request::post(format!("http://localhost{LIST}"))
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::AUTHORIZATION, bearer(PUPIL))
        .body(Full::new(Bytes::from(vec![0; 1025])))
        .expect("a request");
    let answer = stand.h2().await.send(request).await;
    assert_eq!(answer.code(), Code::ResourceExhausted);
    assert_eq!(answer.reason(), "REQUEST_TOO_LARGE");
    assert_eq!(stand.seen.lists.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn answers_carry_no_identity_headers_out() {
    let stand = Stand::new().await;
    let session = bearer(PUPIL);
    let answer = stand
        .h2()
        .await
        .call(
            LIST,
            &[("authorization", &session)],
            &ListFolderRequest::default(),
        )
        .await;
    let leaked = answer
        .headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-preau") || name.as_str().starts_with("l5d"));
    assert_eq!(leaked.count(), 0);
}

//! Only exact paths of public methods lead anywhere.

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use preau_proto::files::v1::ListFolderRequest;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use super::stand::{ADMIN, PUPIL, Stand, bearer};

const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

#[tokio::test]
async fn variants_of_a_path_and_internal_methods_are_no_methods() {
    let stand = Stand::new().await;
    let session = bearer(PUPIL);
    let mut client = stand.h2().await;
    for path in [
        "//preau.files.v1.FileService/ListFolder",
        "/preau.files.v1.FileService//ListFolder",
        "/preau.files.v1.FileService/ListFolder/",
        "/preau.files.v1.fileservice/listfolder",
        "/preau.files.v1.FileService/listFolder",
        "/preau.files.v1.FileService/%4cistFolder",
        "/preau.files.v1.FileService/ListFolder?a=b",
        "/x/../preau.files.v1.FileService/ListFolder",
        "/preau.files.v1.FileService",
        "/",
        // Real, but for workloads only.
        "/preau.identity.v1.SessionService/MintPrincipal",
        "/preau.identity.v1.SessionService/ListSigningKeys",
        "/preau.control.v1.WorkloadIdentityService/Join",
        "/preau.control.v1.WorkloadIdentityService/Renew",
        "/preau.roster.v1.ClassService/GetMembership",
        "/preau.mesh.v1.ProbeService/Echo",
    ] {
        let answer = client
            .call(
                path,
                &[("authorization", &session)],
                &ListFolderRequest::default(),
            )
            .await;
        assert_eq!(answer.code(), Code::Unimplemented, "{path}");
        assert_eq!(answer.reason(), "NO_SUCH_METHOD", "{path}");
    }
    assert_eq!(stand.mints(), 0, "nobody was asked who this is");
}

#[tokio::test]
async fn health_is_for_anyone() {
    let stand = Stand::new().await;
    let mut client = stand.h2().await;
    for service in ["", "preau.files.v1.FileService"] {
        let request = HealthCheckRequest {
            service: service.into(),
        };
        let answer = client
            .call("/grpc.health.v1.Health/Check", &[], &request)
            .await;
        assert_eq!(answer.code(), Code::Ok, "{service}");
        assert_eq!(
            answer.message::<HealthCheckResponse>().status,
            1,
            "{service} serves"
        );
    }
}

#[tokio::test]
async fn reflection_is_for_administrators() {
    let stand = Stand::new().await;
    let mut client = stand.h2().await;
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let (pupil, admin) = (bearer(PUPIL), bearer(ADMIN));
    let nobody = client.call(REFLECTION, &[], &request).await;
    assert_eq!(nobody.code(), Code::Unauthenticated);
    let pupil = client
        .call(REFLECTION, &[("authorization", &pupil)], &request)
        .await;
    assert_eq!(pupil.code(), Code::PermissionDenied);
    let admin = client
        .call(REFLECTION, &[("authorization", &admin)], &request)
        .await;
    assert_eq!(admin.code(), Code::Ok);
    let listed = format!("{:?}", admin.message::<ServerReflectionResponse>());
    assert!(listed.contains("preau.files.v1.FileService"), "{listed}");
}

#[tokio::test]
async fn what_is_not_grpc_gets_a_plain_answer() {
    let stand = Stand::new().await;
    let ask = |method: Method, path: &str, kind: &str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:8080");
        request
            .header(header::CONTENT_TYPE, kind)
            .body(Full::new(Bytes::new()))
            .expect("a request")
    };
    let list = "/preau.files.v1.FileService/ListFolder";
    for (method, path, kind, expected) in [
        (Method::GET, "/nothing", "text/html", StatusCode::NOT_FOUND),
        (
            Method::POST,
            list,
            "text/plain",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (
            Method::POST,
            list,
            "application/json",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (
            Method::POST,
            list,
            "application/grpc",
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
        ),
        (
            Method::PUT,
            list,
            "application/grpc-web+proto",
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        (
            Method::OPTIONS,
            list,
            "application/grpc-web+proto",
            StatusCode::METHOD_NOT_ALLOWED,
        ),
    ] {
        let answer = stand.h1(ask(method.clone(), path, kind)).await;
        assert_eq!(answer.status(), expected, "{method} {path} {kind}");
        assert!(
            answer
                .headers()
                .get("access-control-allow-origin")
                .is_none()
        );
    }
}

use preau_proto::contract::Role;
use preau_proto::control::v1::workload_identity_service_client::WorkloadIdentityServiceClient;
use preau_proto::control::v1::workload_identity_service_server::WorkloadIdentityServiceServer;
use preau_proto::control::v1::{GetTrustBundleRequest, JoinRequest};
use preau_proto::files::v1::file_service_client::FileServiceClient;
use preau_proto::files::v1::file_service_server::FileServiceServer;
use preau_proto::files::v1::{ListFolderRequest, ReadRequest};
use preau_proto::mesh::v1::EchoRequest;
use preau_proto::mesh::v1::probe_service_client::ProbeServiceClient;
use tonic::body::Body;
use tonic::{Code, Request, Status};
use tower::{Service, ServiceExt};

use super::stand_in::{StandIn, empty_message};
use crate::testing::{Ground, Pair, pair};
use crate::{Call, Reported, RoleServer, with_principal};

type Files = StandIn<FileServiceServer<()>>;

/// Files whose use cases all find that the caller may.
async fn files() -> Pair {
    let service: Files = StandIn::new(|call: Call| async move {
        call.admission().discharge();
        Ok(empty_message())
    });
    pair(
        "files",
        RoleServer::new("files").add_service(service),
        "gateway",
    )
    .await
}

fn list_as(pair: &Pair, role: Role) -> Request<ListFolderRequest> {
    let mut request = Request::new(ListFolderRequest::default());
    with_principal(&mut request, &pair.token_for(role));
    request
}

fn reason(status: &Status) -> String {
    Reported::of(status).reason
}

#[tokio::test]
async fn a_teacher_is_let_through_the_gateway() {
    let pair = files().await;
    let request = list_as(&pair, Role::Teacher);
    FileServiceClient::new(pair.client())
        .list_folder(request)
        .await
        .expect("allowed");
}

#[tokio::test]
async fn a_workload_that_is_not_listed_is_denied() {
    let pair = files().await;
    let request = list_as(&pair, Role::Teacher);
    let status = FileServiceClient::new(pair.client_as("roster"))
        .list_folder(request)
        .await
        .expect_err("denied");
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(reason(&status), "WORKLOAD_NOT_ALLOWED");
    assert!(
        status
            .message()
            .contains("spiffe://preau.internal/ns/default/sa/roster"),
        "{}",
        status.message()
    );
}

#[tokio::test]
async fn a_role_refuses_the_methods_of_another_on_the_same_port() {
    let ground = Ground::new(&["gateway", "files", "roster"]).await;
    let service: Files = StandIn::new(|_| async { Ok(empty_message()) });
    let servers = vec![
        RoleServer::new("files").add_service(service),
        RoleServer::new("roster"),
    ];
    let pair = ground.serve(servers, "gateway", "roster");
    let request = list_as(&pair, Role::Teacher);
    let status = FileServiceClient::new(pair.client())
        .list_folder(request)
        .await
        .expect_err("refused");
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(reason(&status), "UNKNOWN_METHOD");
    assert_eq!(Reported::of(&status).metadata["service"], "roster");
}

#[tokio::test]
async fn no_user_and_a_user_of_another_role_are_told_apart() {
    let pair = files().await;
    let mut client = FileServiceClient::new(pair.client());
    let status = client
        .list_folder(ListFolderRequest::default())
        .await
        .expect_err("nobody signed in");
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unauthenticated, "PRINCIPAL_MISSING")
    );
    // A role that no rule of the contract names, as one newer than this build would be.
    let status = client
        .list_folder(list_as(&pair, Role::Unspecified))
        .await
        .expect_err("no rule for this role");
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::PermissionDenied, "ROLE_NOT_ALLOWED")
    );
}

#[tokio::test]
async fn an_answer_without_the_relation_discharged_never_leaves() {
    let service: Files = StandIn::new(|_| async { Ok(empty_message()) });
    let pair = pair(
        "files",
        RoleServer::new("files").add_service(service),
        "gateway",
    )
    .await;
    let mut client = FileServiceClient::new(pair.client());
    let unary = client
        .list_folder(list_as(&pair, Role::Teacher))
        .await
        .expect_err("withheld");
    let mut read = Request::new(ReadRequest::default());
    with_principal(&mut read, &pair.token_for(Role::Teacher));
    let stream = client.read(read).await.expect_err("withheld");
    for status in [unary, stream] {
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::Internal, "RELATION_NOT_DISCHARGED")
        );
    }
}

#[tokio::test]
async fn a_variant_of_a_path_is_no_path() {
    let pair = files().await;
    for path in [
        "//preau.files.v1.FileService/ListFolder",
        "/preau.files.v1.fileservice/ListFolder",
        "/preau.files.v1.FileService/ListFolder/",
        "/preau.files.v1.FileService%2fListFolder",
        "/preau.files.v1.FileService/ListFolder?x=1",
    ] {
        let mut request = http::Request::post(path)
            .body(Body::empty())
            .expect("a request");
        let token = pair.token_for(Role::Teacher).parse().expect("a header");
        request.headers_mut().insert(crate::PRINCIPAL_HEADER, token);
        let mut client = pair.client();
        let response = client
            .ready()
            .await
            .expect("ready")
            .call(request)
            .await
            .expect("answered");
        let status = Status::from_header_map(response.headers()).expect("a status");
        assert_eq!(status.code(), Code::Unimplemented, "{path}");
    }
}

#[tokio::test]
async fn a_process_without_identity_may_join_and_nothing_else() {
    let ground = Ground::new(&["control", "gateway"]).await;
    let service: StandIn<WorkloadIdentityServiceServer<()>> =
        StandIn::new(|call: Call| async move {
            assert!(call.peer().is_none(), "a joining process has no identity");
            Ok(empty_message())
        });
    let address = ground.address();
    let control = RoleServer::new("control").add_service(service);
    let pair = ground.serve(vec![control], "gateway", "control");
    let anchor = pair
        .mesh
        .identities()
        .bundle()
        .expect("a bundle")
        .fingerprint();
    let joining =
        crate::transport::join_connection(pair.mesh.trust_domain(), anchor, address.to_string());
    let joining = joining.await.expect("the anchor is right");

    let mut client = WorkloadIdentityServiceClient::new(joining.clone());
    client.join(JoinRequest::default()).await.expect("allowed");
    let status = client
        .get_trust_bundle(GetTrustBundleRequest {})
        .await
        .expect_err("not for strangers");
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unimplemented, "UNKNOWN_METHOD")
    );
    let status = ProbeServiceClient::new(joining)
        .echo(EchoRequest::default())
        .await
        .expect_err("nor this");
    assert_eq!(status.code(), Code::Unimplemented);

    let status = WorkloadIdentityServiceClient::new(pair.client())
        .join(JoinRequest::default())
        .await;
    assert_eq!(
        status.expect_err("has an identity already").code(),
        Code::PermissionDenied
    );
}

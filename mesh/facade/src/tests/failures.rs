use std::time::Duration;

use preau_proto::contract::{Contract, Role};
use preau_proto::files::v1::ListFolderRequest;
use preau_proto::files::v1::file_service_client::FileServiceClient;
use preau_proto::files::v1::file_service_server::FileServiceServer;
use preau_proto::mesh::v1::EchoRequest;
use preau_proto::mesh::v1::probe_service_client::ProbeServiceClient;
use tonic::{Code, Request, Status};

use super::stand_in::StandIn;
use crate::testing::{TRUST_DOMAIN, pair};
use crate::{
    Call, Fault, IdentityStore, Mesh, Reported, RoleServer, TrustDomain, system_clock,
    with_principal,
};

#[tokio::test]
async fn a_fault_arrives_with_its_details() {
    let files: StandIn<FileServiceServer<()>> = StandIn::new(|call: Call| async move {
        let mut fault = Fault::new(
            Code::InvalidArgument,
            "NAME_TAKEN",
            "« Devoirs » existe : choisissez un autre nom",
        );
        fault.fields.push(("name".into(), "is taken".into()));
        fault.retry_after = Some(Duration::from_secs(2));
        Err(call.status(fault.with("name", "Devoirs")))
    });
    let pair = pair(
        "files",
        RoleServer::new("files").add_service(files),
        "gateway",
    )
    .await;
    let mut request = Request::new(ListFolderRequest::default());
    with_principal(&mut request, &pair.token_for(Role::Student));
    let status = FileServiceClient::new(pair.client())
        .list_folder(request)
        .await
        .expect_err("a fault");

    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(
        status.message(),
        "« Devoirs » existe : choisissez un autre nom"
    );
    let reported = Reported::of(&status);
    assert_eq!(reported.reason, "NAME_TAKEN");
    assert_eq!(
        reported.fields,
        [("name".to_owned(), "is taken".to_owned())]
    );
    assert_eq!(reported.retry_after, Some(Duration::from_secs(2)));
    assert_eq!(reported.metadata["service"], "files");
    assert!(reported.metadata["endpoint"].starts_with("127.0.0.1:"));
}

/// The status of an echo from gateway to files through `mesh`.
async fn echo(mesh: &Mesh) -> Status {
    let mut client = ProbeServiceClient::new(mesh.client("gateway", "files"));
    client
        .echo(EchoRequest::default())
        .await
        .expect_err("nobody answers")
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_named() {
    let pair = pair("files", RoleServer::new("files"), "gateway").await;
    // Nobody listens on the port of the retired tcpmux.
    let address = "127.0.0.1:1".to_owned();
    pair.mesh.set_peer("files", &address);
    let status = echo(&pair.mesh).await;
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains(&address), "{}", status.message());
    let reported = Reported::of(&status);
    assert_eq!(reported.reason, "PEER_UNREACHABLE");
    assert_eq!(reported.metadata["service"], "files");
    assert_eq!(reported.metadata["endpoint"], address);
}

#[tokio::test]
async fn a_role_that_nobody_placed_is_an_error_that_says_so() {
    let domain = TrustDomain::parse(TRUST_DOMAIN).expect("a trust domain");
    let contract = Contract::load().expect("the contract is valid");
    let mesh = Mesh::builder(IdentityStore::new(domain, system_clock()), contract).build();
    let status = echo(&mesh).await;
    assert_eq!(
        (status.code(), Reported::of(&status).reason.as_str()),
        (Code::Unavailable, "NO_ADDRESS")
    );
    let mut nonsense = ProbeServiceClient::new(mesh.client("gateway", "no such/role"));
    let status = nonsense
        .echo(EchoRequest::default())
        .await
        .expect_err("no role");
    assert_eq!(Reported::of(&status).reason, "NO_SUCH_ROLE");
}

#[tokio::test]
async fn a_role_that_moves_is_found_at_its_new_place() {
    let pair = pair("files", RoleServer::new("files"), "gateway").await;
    let here = pair.address().to_string();
    pair.mesh.set_peer("files", "127.0.0.1:1");
    assert_eq!(echo(&pair.mesh).await.code(), Code::Unavailable);
    pair.mesh.set_peer("files", &here);
    // Reached again: it is the missing user that is refused now.
    assert_eq!(echo(&pair.mesh).await.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_message_over_four_mebibytes_is_refused() {
    let pair = pair("files", RoleServer::new("files"), "gateway").await;
    let mut client = ProbeServiceClient::new(pair.client());
    for (size, code) in [
        (64 * 1024 + 1, Code::InvalidArgument),
        (4 * 1024 * 1024, Code::ResourceExhausted),
    ] {
        let mut request = Request::new(EchoRequest {
            payload: vec![7; size].into(),
        });
        with_principal(&mut request, &pair.token_for(Role::Student));
        let status = client.echo(request).await.expect_err("too large");
        assert_eq!(status.code(), code, "{status}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_message_are_the_callers_fault_and_carry_details() {
    use http_body_util::BodyExt as _;
    use tower::{Service as _, ServiceExt as _};

    let pair = pair("files", RoleServer::new("files"), "gateway").await;
    // One gRPC frame of three bytes that begin a field and never end it.
    let body = http_body_util::Full::new(bytes::Bytes::from_static(&[
        0, 0, 0, 0, 3, 0x0a, 0xff, 0xff,
    ]));
    let body = tonic::body::Body::new(body.map_err(|never| match never {}));
    let mut request = http::Request::post("/preau.mesh.v1.ProbeService/Echo")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(body)
        .expect("a request");
    let token = pair.token_for(preau_proto::contract::Role::Teacher);
    request
        .headers_mut()
        .insert("x-preau-principal", token.parse().expect("a header"));
    let mut channel = pair.client();
    let response = channel
        .ready()
        .await
        .expect("ready")
        .call(request)
        .await
        .expect("an answer");
    let status = Status::from_header_map(response.headers()).expect("trailers only");
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert_eq!(Reported::of(&status).reason, "MALFORMED_MESSAGE");
}

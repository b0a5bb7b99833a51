use preau_proto::contract::{Contract, Role};
use preau_proto::files::v1::file_service_server::FileServiceServer;
use preau_proto::mesh::v1::EchoRequest;
use preau_proto::mesh::v1::probe_service_client::ProbeServiceClient;
use tokio_util::sync::CancellationToken;
use tonic::Request;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::stand_in::{StandIn, empty_message};
use crate::testing::{Ground, TRUST_DOMAIN, pair};
use crate::{
    IdentityStore, Listener, ListenerConfig, Mesh, MeshError, RoleServer, TrustDomain,
    system_clock, with_principal,
};

fn files() -> StandIn<FileServiceServer<()>> {
    StandIn::new(|_| async { Ok(empty_message()) })
}

async fn refusal(contract: Contract, roles: Vec<RoleServer>) -> MeshError {
    let domain = TrustDomain::parse(TRUST_DOMAIN).expect("a trust domain");
    let mesh = Mesh::builder(IdentityStore::new(domain, system_clock()), contract).build();
    let loopback = ([127, 0, 0, 1], 0).into();
    let listener = Listener::bind(loopback, ListenerConfig::default())
        .await
        .expect("a free port");
    mesh.serve(listener, roles, CancellationToken::new())
        .await
        .expect_err("roles that do not fit")
}

#[tokio::test]
async fn a_method_without_a_policy_stops_the_start_by_name() {
    let nothing = Contract::decode(&[]).expect("an empty contract");
    let error = refusal(nothing, vec![RoleServer::new("files").add_service(files())]).await;
    let MeshError::NoPolicy { method } = error else {
        panic!("{error}")
    };
    assert!(method.starts_with("/preau."), "{method}");
}

#[tokio::test]
async fn a_service_is_served_by_its_own_role_only_and_a_role_once() {
    let contract = || Contract::load().expect("the contract is valid");
    let error = refusal(
        contract(),
        vec![RoleServer::new("roster").add_service(files())],
    )
    .await;
    let service = "preau.files.v1.FileService".to_owned();
    assert_eq!(
        error,
        MeshError::WrongRole {
            role: "roster".into(),
            service,
            area: "files".into()
        }
    );

    let error = refusal(
        contract(),
        vec![RoleServer::new("files"), RoleServer::new("files")],
    )
    .await;
    assert_eq!(
        error,
        MeshError::DuplicateRole {
            role: "files".into()
        }
    );

    let (_, stranger) = tonic_health::server::health_reporter();
    let error = refusal(
        contract(),
        vec![RoleServer::new("files").add_service(stranger)],
    )
    .await;
    let service = "grpc.health.v1.Health".to_owned();
    assert_eq!(
        error,
        MeshError::UnknownService {
            role: "files".into(),
            service
        }
    );
}

#[tokio::test]
async fn health_says_serving_and_then_before_the_drain_not_serving() {
    let server = RoleServer::new("files").add_service(files());
    let pair = pair("files", server, "gateway").await;
    let mut client = HealthClient::new(pair.client());
    let request = HealthCheckRequest {
        service: "preau.files.v1.FileService".into(),
    };
    let mut watch = client.watch(request).await.expect("a watch").into_inner();
    let first = watch.message().await.expect("no error").expect("a status");
    assert_eq!(first.status(), ServingStatus::Serving);
    pair.stop.cancel();
    let second = watch.message().await.expect("no error").expect("a status");
    assert_eq!(second.status(), ServingStatus::NotServing);
    drop(watch);
    drop(client);
    let drained = pair.drain().await.expect("served");
    assert_eq!(drained.forced, 0);
}

#[tokio::test]
async fn metrics_are_linkerds() {
    let ground = Ground::new(&["gateway", "files"]).await;
    let pair = ground.serve(vec![RoleServer::new("files")], "gateway", "files");
    let mut request = Request::new(EchoRequest {
        payload: "bonjour".into(),
    });
    with_principal(&mut request, &pair.token_for(Role::Teacher));
    ProbeServiceClient::new(pair.client())
        .echo(request)
        .await
        .expect("answered");

    let text = pair.metrics();
    let rpc = "rpc=\"preau.mesh.v1.ProbeService/Echo\"";
    let inbound = "direction=\"inbound\",tls=\"true\",client_id=\"spiffe://preau.internal/ns/default/sa/gateway\"";
    let outbound = "direction=\"outbound\",authority=\"files.preau.internal\",tls=\"true\",\
                    server_id=\"spiffe://preau.internal/ns/default/sa/files\"";
    for line in [
        format!("request_total{{{inbound},role=\"files\",{rpc}}} 1"),
        format!("request_total{{{outbound},role=\"gateway\",{rpc}}} 1"),
        format!(
            "response_latency_ms_count{{{inbound},role=\"files\",{rpc},status_code=\"200\"}} 1"
        ),
        "tcp_open_total{direction=\"inbound\",peer=\"src\",tls=\"true\",role=\"files\"} ".into(),
        "identity_cert_expiration_timestamp_seconds{role=\"files\"} ".into(),
    ] {
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
    let success = "status_code=\"200\",classification=\"success\",grpc_status=\"0\"} 1";
    assert!(text.lines().any(
        |line| line.starts_with("response_total{direction=\"outbound\"") && line.ends_with(success)
    ));
}

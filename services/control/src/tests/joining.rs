//! Becoming a workload by a one-use token.

use preau_mesh::transport::{JoinEndpoint, join_connection};
use preau_mesh::{CaConfig, CertificateAuthority, WorkloadKey};
use preau_proto::contract::Role;
use preau_proto::control::v1::workload_identity_service_client::WorkloadIdentityServiceClient;
use preau_proto::control::v1::{GetTrustBundleRequest, JoinRequest, RoleRequest};
use tonic::{Code, Request, Status};

use super::world::{HOUR, Workloads, World, reason, request, trust_domain};
use crate::domain::join_token::{JoinSecret, JoinToken};
use crate::{JoinError, JoinTokenError};

/// The stable reason of a refusal.
fn refusal(error: &JoinError) -> &str {
    match error {
        JoinError::Refused { reason, .. } => reason,
        _ => "",
    }
}

#[tokio::test]
async fn a_process_with_a_token_becomes_its_roles_and_is_believed() {
    let world = World::new().await;
    let token = world.token(&["roster", "files"]).await;
    let joined = world.join(&token, &["files", "roster"]).await.unwrap();
    assert_eq!(joined.roles(), ["files", "roster"]);
    let mesh = world.mesh_of(joined);
    let mut control = Workloads::new(mesh.client("files", "control"));
    let bundle = control
        .get_trust_bundle(request(GetTrustBundleRequest {}))
        .await
        .unwrap();
    let bundle = bundle.into_inner().bundle.unwrap();
    assert_eq!(
        (bundle.trust_domain.as_str(), bundle.anchors.len()),
        (trust_domain().as_str(), 1)
    );
}

#[tokio::test]
async fn a_token_is_good_once() {
    let world = World::new().await;
    let token = world.token(&["files"]).await;
    world.join(&token, &["files"]).await.unwrap();
    let again = world.join(&token, &["files"]).await.unwrap_err();
    assert_eq!(refusal(&again), "JOIN_TOKEN_USED");
    assert!(again.to_string().contains("make a new one"), "{again}");
}

#[tokio::test]
async fn of_two_that_join_at_once_one_does() {
    let world = World::new().await;
    let token = world.token(&["files"]).await;
    let (one, other) = tokio::join!(
        world.join(&token, &["files"]),
        world.join(&token, &["files"])
    );
    let refused: Vec<_> = [one, other].into_iter().filter_map(Result::err).collect();
    assert_eq!(
        refused.iter().map(refusal).collect::<Vec<_>>(),
        ["JOIN_TOKEN_USED"]
    );
}

#[tokio::test]
async fn a_token_expires_and_says_so() {
    let world = World::new().await;
    let token = world.token(&["files"]).await;
    world.pass(HOUR);
    let late = world.join(&token, &["files"]).await.unwrap_err();
    assert_eq!(refusal(&late), "JOIN_TOKEN_EXPIRED");
}

#[tokio::test]
async fn a_token_nobody_made_is_unknown() {
    let world = World::new().await;
    let real: JoinToken = world.token(&["files"]).await.parse().unwrap();
    let forged = JoinToken::new(JoinSecret::generate(), real.anchor_sha256()).text();
    let error = world.join(&forged, &["files"]).await.unwrap_err();
    assert_eq!(refusal(&error), "JOIN_TOKEN_UNKNOWN");
}

#[tokio::test]
async fn a_role_beyond_the_token_is_refused_and_the_token_stays_good() {
    let world = World::new().await;
    let token = world.token(&["files"]).await;
    for (roles, why) in [
        (&["files", "roster"][..], "JOIN_ROLE_NOT_ALLOWED"),
        (&["control"], "INVALID_FIELD"),
        (&["files", "files"], "INVALID_FIELD"),
        (&["nonsense"], "INVALID_FIELD"),
        (&[], "INVALID_FIELD"),
    ] {
        let error = world.join(&token, roles).await.unwrap_err();
        assert_eq!(refusal(&error), why, "{roles:?}: {error}");
    }
    world.join(&token, &["files"]).await.unwrap();
}

#[tokio::test]
async fn a_foreign_platforms_token_never_shows_its_secret_here() {
    let world = World::new().await;
    let foreign = CertificateAuthority::create(trust_domain(), &CaConfig::default()).unwrap();
    let foreign = JoinToken::new(JoinSecret::generate(), foreign.bundle().fingerprint()).text();
    let error = world.join(&foreign, &["files"]).await.unwrap_err();
    assert!(
        matches!(error, JoinError::Unreachable(_)),
        "refused in the handshake: {error}"
    );
    let damaged = world.join("preau-join:abc", &["files"]).await.unwrap_err();
    assert!(
        matches!(damaged, JoinError::Token(JoinTokenError::Damaged)),
        "{damaged}"
    );
}

#[tokio::test]
async fn a_damaged_request_costs_no_token() {
    let world = World::new().await;
    let token: JoinToken = world.token(&["files"]).await.parse().unwrap();
    for csr in [Vec::new(), b"not a request".to_vec(), vec![0x30; 9_000]] {
        let status = join_with(&world, &token, csr).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::InvalidArgument, "INVALID_FIELD"),
            "{status}"
        );
    }
    let csr = WorkloadKey::generate().unwrap().csr_der().unwrap();
    join_with(&world, &token, csr).await.unwrap();
}

#[tokio::test]
async fn a_stranger_reaches_nothing_but_joining() {
    let world = World::new().await;
    let token: JoinToken = world.token(&["files"]).await.parse().unwrap();
    let mut control = connect(&world, &token).await;
    let status = control
        .get_trust_bundle(Request::new(GetTrustBundleRequest {}))
        .await
        .unwrap_err();
    assert_eq!(
        status.code(),
        Code::Unimplemented,
        "as if it did not exist: {status}"
    );
}

/// A connection without a certificate, as a joiner has it.
async fn connect(world: &World, token: &JoinToken) -> WorkloadIdentityServiceClient<JoinEndpoint> {
    let domain = trust_domain();
    let connection = join_connection(&domain, token.anchor_sha256(), world.addr.clone()).await;
    WorkloadIdentityServiceClient::new(connection.unwrap())
}

async fn join_with(world: &World, token: &JoinToken, csr: Vec<u8>) -> Result<(), Status> {
    let mut control = connect(world, token).await;
    let roles = vec![RoleRequest {
        role: "files".to_owned(),
        csr,
    }];
    let request = JoinRequest {
        secret: token.secret().text(),
        roles,
    };
    control.join(Request::new(request)).await.map(drop)
}

#[tokio::test]
async fn only_the_platforms_administrators_make_tokens() {
    let world = World::new().await;
    for role in [
        Role::Student,
        Role::Teacher,
        Role::SchoolAdmin,
        Role::AuthorityAdmin,
    ] {
        let status = world
            .create_token(role, &["files"], None)
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{role:?}");
    }
}

#[tokio::test]
async fn a_token_names_its_roles_and_lives_a_day_at_most() {
    let world = World::new().await;
    let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    for (roles, lifetime) in [
        (&[][..], None),
        (&["control"], None),
        (&["files", "nonsense"], None),
        (&["files"], seconds(0)),
        (&["files"], seconds(-1)),
        (&["files"], seconds(24 * 3600 + 1)),
    ] {
        let status = world
            .create_token(Role::PlatformAdmin, roles, lifetime)
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::InvalidArgument, "INVALID_FIELD"),
            "{status}"
        );
    }
    world
        .create_token(Role::PlatformAdmin, &["files"], seconds(24 * 3600))
        .await
        .unwrap();
}

//! The next certificate, for the identity a workload already has.

use preau_mesh::{IssueError, Issuer, SpiffeId, Svid, WorkloadKey, obtain};
use preau_proto::control::v1::RenewRequest;
use tonic::Code;

use super::world::{Workloads, World, reason, request, trust_domain};
use crate::RemoteIssuer;

#[tokio::test]
async fn a_workload_renews_itself_over_the_mesh_with_a_new_key() {
    let world = World::new().await;
    let token = world.token(&["files"]).await;
    let identities = world.join(&token, &["files"]).await.unwrap();
    let before = identities.svid("files").unwrap();
    let issuer = RemoteIssuer::new(world.mesh_of(identities.clone()));
    obtain(&identities, &issuer, "files").await.unwrap();
    let after = identities.svid("files").unwrap();
    assert_eq!(before.id(), after.id());
    assert_ne!(before.chain(), after.chain());
}

#[tokio::test]
async fn a_certificate_names_the_caller_whatever_the_request_wishes() {
    let world = World::new().await;
    let token = world.token(&["files"]).await;
    let identities = world.join(&token, &["files"]).await.unwrap();
    let mesh = world.mesh_of(identities);
    let key = WorkloadKey::generate().unwrap();
    let csr = key.csr_der().unwrap();
    let mut control = Workloads::new(mesh.client("files", "control"));
    let answer = control
        .renew(request(RenewRequest { csr }))
        .await
        .unwrap()
        .into_inner();
    let svid = Svid::new(key, crate::convert::chain(answer.chain)).unwrap();
    assert_eq!(
        svid.id(),
        &SpiffeId::for_service(&trust_domain(), "default", "files").unwrap()
    );
}

#[tokio::test]
async fn a_damaged_request_is_refused_and_named() {
    let world = World::new().await;
    let mut control = Workloads::new(world.mesh.client("gateway", "control"));
    let csr = b"not a request".to_vec();
    let status = control
        .renew(request(RenewRequest { csr }))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::InvalidArgument, "INVALID_FIELD")
    );
}

#[tokio::test]
async fn a_revoked_workload_gets_no_further_certificate() {
    let world = World::new().await;
    let token = world.token(&["files"]).await;
    let identities = world.join(&token, &["files"]).await.unwrap();
    let denied = identities.svid("files").unwrap().id().clone();
    let issuer = RemoteIssuer::new(world.mesh_of(identities.clone()));
    obtain(&identities, &issuer, "files").await.unwrap();
    world.mesh.identities().deny(denied);
    let kept = identities.svid("files").unwrap();
    obtain(&identities, &issuer, "files").await.unwrap_err();
    assert_eq!(
        identities.svid("files").unwrap().chain(),
        kept.chain(),
        "the present one is kept"
    );
}

#[tokio::test]
async fn a_control_plane_that_is_away_is_asked_again_later() {
    let world = World::new().await;
    let token = world.token(&["files"]).await;
    let identities = world.join(&token, &["files"]).await.unwrap();
    let mesh = world.mesh_of(identities);
    // Nobody listens on port 1 of loopback.
    mesh.set_peer("control", "127.0.0.1:1");
    let csr = WorkloadKey::generate().unwrap().csr_der().unwrap();
    let answer = RemoteIssuer::new(mesh).issue("files", csr).await;
    assert!(
        matches!(answer, Err(IssueError::Unavailable { .. })),
        "{answer:?}"
    );
}

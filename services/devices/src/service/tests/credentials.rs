//! What a device's certificate and session are worth.

use std::time::Duration;

use preau_kernel::clock::Clock;
use preau_kernel::ids::DeviceId;
use preau_mesh::WorkloadKey;
use preau_proto::devices::v1 as wire;
use preau_proto::devices::v1::credential_service_client::CredentialServiceClient;
use preau_proto::devices::v1::mint_principal_request::Credential;
use rcgen::KeyPair;
use serde_json::json;
use tonic::Code;

use super::tablet::{csr, renewal_proof};
use super::world::{DAY, World, both, fields, reason};
use crate::Authority;

#[tokio::test]
async fn a_certificate_is_worth_a_principal_while_it_lasts() {
    both(async |world| {
        let tablet = world.enrolled().await;
        let principal = format!("{} of {}", tablet.id, world.school.id);
        assert_eq!(tablet.mint().await.unwrap(), principal);
        world.pass(DAY * 90 - Duration::from_secs(1));
        assert_eq!(tablet.mint().await.unwrap(), principal);
        world.pass(Duration::from_secs(1));
        let refused = tablet.mint().await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);
        assert_eq!(reason(Err::<(), _>(refused)), "CREDENTIAL_REFUSED");
    })
    .await;
}

#[tokio::test]
async fn a_renewed_certificate_is_good_and_the_old_one_stays_good() {
    both(async |world| {
        let mut tablet = world.enrolled().await;
        let old = tablet.certificate.clone();
        world.pass(DAY * 60);
        let next = KeyPair::generate().unwrap();
        let renewed = tablet
            .renew(wire::RenewCertificateRequest {
                certificate_request: csr(&next),
                os: "Linux 6.18".into(),
                ..wire::RenewCertificateRequest::default()
            })
            .await
            .unwrap();
        tablet.certificate.clone_from(&renewed);
        assert!(tablet.mint().await.is_ok());
        tablet.certificate = old;
        assert!(tablet.mint().await.is_ok());
        let (device, _) = world.admin().get(&tablet.id).await.unwrap();
        assert_eq!(
            (device.os.as_str(), device.agent_version.as_str()),
            ("Linux 6.18", "0.1.0")
        );
        assert_eq!(
            device.certificate_expires_at.unwrap().seconds,
            world.unix() + 90 * 24 * 3600
        );
        world.pass(DAY * 30);
        assert!(tablet.mint().await.is_err());
        tablet.certificate = renewed;
        assert!(tablet.mint().await.is_ok());
        // What has expired is forgotten, and what has not is not.
        world.devices.purge().await.unwrap();
        assert!(tablet.mint().await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn renewing_without_end_leaves_the_latest_certificates() {
    let world = World::new().await;
    let mut tablet = world.enrolled().await;
    let first = tablet.certificate.clone();
    for _ in 0..25 {
        let request = wire::RenewCertificateRequest {
            certificate_request: csr(&tablet.key),
            ..wire::RenewCertificateRequest::default()
        };
        tablet.certificate = tablet.renew(request).await.unwrap();
        world.pass(Duration::from_secs(1));
    }
    assert!(tablet.mint().await.is_ok());
    tablet.certificate = first;
    assert!(tablet.mint().await.is_err());
}

#[tokio::test]
async fn a_session_alone_renews_nothing() {
    let world = World::new().await;
    let [tablet, other] = [world.enrolled().await, world.enrolled().await];
    let thief = KeyPair::generate().unwrap();
    let wanted = csr(&thief);
    let proofs = [
        vec![],
        renewal_proof(&thief, &wanted),
        renewal_proof(&other.key, &wanted),
        renewal_proof(&tablet.key, &csr(&tablet.key)),
    ];
    for proof in proofs {
        let request = wire::RenewCertificateRequest {
            certificate_request: wanted.clone(),
            proof,
            ..wire::RenewCertificateRequest::default()
        };
        assert_eq!(reason(tablet.renew_by(request).await), "RENEWAL_REFUSED");
    }
}

#[tokio::test]
async fn a_request_for_authority_is_no_renewal() {
    let world = World::new().await;
    let tablet = world.enrolled().await;
    let request = wire::RenewCertificateRequest {
        certificate_request: b"nothing".to_vec(),
        ..wire::RenewCertificateRequest::default()
    };
    assert_eq!(reason(tablet.renew(request).await), "CSR_REFUSED");
}

#[tokio::test]
async fn certificates_that_were_not_issued_are_refused() {
    let world = World::new().await;
    let mut tablet = world.enrolled().await;
    let device: DeviceId = tablet.id.parse().unwrap();
    let now = world.now();
    let folder = tempfile::TempDir::new().unwrap();
    let clock = Clock::from_fn(move || now.to_system());
    let foreign = Authority::load_or_create(&folder.path().join("ca.pem"), &clock).unwrap();
    let key = WorkloadKey::generate().unwrap();
    // Another authority's; one of this authority's that was never written down, as after a restored backup.
    for authority in [&foreign, &world.authority] {
        let issued = authority.issue(&key, device, DAY, now).unwrap();
        tablet.certificate = issued.chain[0].clone();
        assert_eq!(reason(tablet.mint().await), "CREDENTIAL_REFUSED");
    }
    // The authority's own.
    tablet.certificate = world.authority.certificate().to_vec();
    assert_eq!(reason(tablet.mint().await), "CREDENTIAL_REFUSED");
    for broken in [vec![], b"nothing".to_vec(), vec![0x30; 10_000]] {
        tablet.certificate = broken;
        assert_eq!(reason(tablet.mint().await), "CREDENTIAL_REFUSED");
    }
}

#[tokio::test]
async fn a_retired_device_is_nobody_at_once() {
    both(async |world| {
        let tablet = world.enrolled().await;
        let session = tablet
            .sign_in(&tablet.assertion(world.unix(), json!({})))
            .await
            .unwrap();
        let by_session = || Credential::SessionToken(session.clone());
        assert!(tablet.mint_by(by_session()).await.is_ok());
        world.admin().retire(&tablet.id).await.unwrap();
        assert_eq!(reason(tablet.mint().await), "CREDENTIAL_REFUSED");
        assert_eq!(
            reason(tablet.mint_by(by_session()).await),
            "CREDENTIAL_REFUSED"
        );
        let again = tablet
            .sign_in(&tablet.assertion(world.unix(), json!({})))
            .await;
        assert_eq!(reason(again), "ASSERTION_REFUSED");
        // A principal that was minted before is worth nothing here either.
        let request = wire::RenewCertificateRequest {
            certificate_request: csr(&tablet.key),
            ..wire::RenewCertificateRequest::default()
        };
        assert_eq!(reason(tablet.renew(request).await), "DEVICE_RETIRED");
        assert_eq!(
            tablet.watch(0).await.err().unwrap().code(),
            Code::FailedPrecondition
        );
    })
    .await;
}

#[tokio::test]
async fn a_retired_device_enrols_anew_as_another() {
    let world = World::new().await;
    let (_, secret) = world.admin().token(world.school.id, 2).await.unwrap();
    let mut tablet = world.tablet();
    let request = tablet.enrolment(&secret, "Tablette");
    let first = tablet.enrol(request.clone()).await.unwrap();
    world.admin().retire(&first.device_id).await.unwrap();
    let second = tablet.enrol(request).await.unwrap();
    assert_ne!(first.device_id, second.device_id);
    assert_eq!(
        world.admin().tokens(world.school.id).await.unwrap()[0].uses,
        2
    );
}

#[tokio::test]
async fn the_gateway_learns_what_certificates_verify_against() {
    let world = World::new().await;
    let mut client = CredentialServiceClient::new(world.channel());
    let answer = client
        .list_authorities(wire::ListAuthoritiesRequest {})
        .await;
    let authorities = answer.unwrap().into_inner().authorities;
    assert_eq!(authorities, [world.authority.certificate()]);
    let nothing = wire::MintPrincipalRequest { credential: None };
    assert_eq!(fields(client.mint_principal(nothing).await), ["credential"]);
    let mut apps = CredentialServiceClient::new(world.channel_of_apps());
    let refused = apps.list_authorities(wire::ListAuthoritiesRequest {}).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
}

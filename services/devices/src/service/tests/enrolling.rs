//! Enrolment tokens, and devices that enrol.

use std::time::Duration;

use futures::future::join_all;
use preau_proto::devices::v1 as wire;
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyPair, KeyUsagePurpose};
use tonic::Code;

use super::admin::seconds;
use super::tablet::csr;
use super::world::{DAY, World, both, fields, reason, text};

#[tokio::test]
async fn a_device_enrols_however_its_token_is_typed() {
    both(async |world| {
        let admin = world.admin();
        let (token, secret) = admin.token(world.school.id, 2).await.unwrap();
        let typed = secret.to_lowercase().replace('-', " ");
        let tablet = world.enrolled_with(&typed, "  Tablette 12 ").await;
        let (device, commands) = admin.get(&tablet.id).await.unwrap();
        assert_eq!(
            (device.name.as_str(), device.model.as_str()),
            ("Tablette 12", "X200")
        );
        assert_eq!(device.school_id, text(world.school.id));
        assert_eq!(device.state(), wire::DeviceState::Offline);
        assert_eq!((device.last_seen_at, commands), (None, vec![]));
        let ends = device.certificate_expires_at.unwrap().seconds;
        assert_eq!(ends, world.unix() + 90 * 24 * 3600);
        let listed = admin.tokens(world.school.id).await.unwrap();
        assert_eq!((listed.len(), listed[0].uses), (1, 1));
        assert_eq!(listed[0].token_id, token.token_id);
    })
    .await;
}

#[tokio::test]
async fn twenty_devices_at_once_with_a_token_for_five_are_five() {
    both(async |world| {
        let admin = world.admin();
        let (_, secret) = admin.token(world.school.id, 5).await.unwrap();
        let mut tablets: Vec<_> = (0..20).map(|_| world.tablet()).collect();
        let answers = join_all(tablets.iter_mut().map(async |tablet| {
            let request = tablet.enrolment(&secret, "Tablette");
            tablet.enrol(request).await
        }))
        .await;
        let (enrolled, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((enrolled.len(), refused.len()), (5, 15));
        for refused in refused {
            assert_eq!(reason(refused), "TOKEN_USED_UP");
        }
        let list = wire::ListDevicesRequest {
            school_id: text(world.school.id),
            ..wire::ListDevicesRequest::default()
        };
        assert_eq!(admin.list(list).await.unwrap().devices.len(), 5);
        assert_eq!(admin.tokens(world.school.id).await.unwrap()[0].uses, 5);
    })
    .await;
}

#[tokio::test]
async fn the_same_key_is_the_same_device_and_takes_no_further_use() {
    both(async |world| {
        let admin = world.admin();
        let (_, secret) = admin.token(world.school.id, 1).await.unwrap();
        let tablet = world.tablet();
        let request = tablet.enrolment(&secret, "Tablette");
        // At once, as when an answer is slow, and again, as when it was lost.
        let answers = join_all((0..5).map(async |_| {
            let mut same = world.tablet();
            same.enrol(request.clone()).await.unwrap()
        }))
        .await;
        let mut again = world.tablet();
        let last = again.enrol(request).await.unwrap();
        assert!(
            answers
                .iter()
                .all(|answer| answer.device_id == last.device_id)
        );
        assert_eq!(admin.tokens(world.school.id).await.unwrap()[0].uses, 1);
        assert!(again.mint().await.is_ok(), "the latest certificate is good");
    })
    .await;
}

#[tokio::test]
async fn tokens_that_are_not_good_are_refused_by_their_reasons() {
    let world = World::new().await;
    let admin = world.admin();
    let refuses = async |secret: &str, school: String| {
        let mut tablet = world.tablet();
        let request = wire::EnrollRequest {
            school_id: school,
            ..tablet.enrolment(secret, "Tablette")
        };
        let refused = tablet.enrol(request).await.unwrap_err();
        (refused.code(), reason(Err::<(), _>(refused)))
    };
    let (token, secret) = admin.token(world.school.id, 5).await.unwrap();
    for unknown in ["", "ABCD", &secret.chars().rev().collect::<String>()] {
        let expected = (Code::Unauthenticated, "TOKEN_UNKNOWN".to_owned());
        assert_eq!(refuses(unknown, String::new()).await, expected);
    }
    let expected = (Code::PermissionDenied, "TOKEN_OF_ANOTHER_SCHOOL".to_owned());
    assert_eq!(refuses(&secret, text(world.elsewhere.id)).await, expected);
    admin.revoke(&token.token_id).await.unwrap();
    admin.revoke(&token.token_id).await.unwrap();
    assert_eq!(refuses(&secret, String::new()).await.1, "TOKEN_REVOKED");
    let (_, secret) = admin.token(world.school.id, 5).await.unwrap();
    world.pass(Duration::from_secs(3600));
    assert_eq!(refuses(&secret, String::new()).await.1, "TOKEN_EXPIRED");
    let listed = admin.tokens(world.school.id).await.unwrap();
    assert!(listed.iter().all(|token| token.uses == 0), "{listed:?}");
}

#[tokio::test]
async fn a_revoked_token_keeps_its_devices_and_is_forgotten_a_month_later() {
    both(async |world| {
        let admin = world.admin();
        let (token, secret) = admin.token(world.school.id, 5).await.unwrap();
        let tablet = world.enrolled_with(&secret, "Tablette").await;
        admin.revoke(&token.token_id).await.unwrap();
        assert!(tablet.mint().await.is_ok());
        assert_eq!(admin.tokens(world.school.id).await.unwrap().len(), 1);
        world.devices.purge().await.unwrap();
        assert_eq!(admin.tokens(world.school.id).await.unwrap().len(), 1);
        world.pass(DAY * 30);
        assert_eq!(admin.tokens(world.school.id).await.unwrap(), []);
        world.devices.purge().await.unwrap();
        let gone = admin.revoke(&token.token_id).await.unwrap_err();
        assert_eq!(gone.code(), Code::NotFound);
        assert!(tablet.mint().await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn requests_that_no_device_should_make_are_refused() {
    let world = World::new().await;
    let (_, secret) = world.admin().token(world.school.id, 1).await.unwrap();
    let refuses = async |certificate_request: Vec<u8>| {
        let mut tablet = world.tablet();
        let request = wire::EnrollRequest {
            certificate_request,
            ..tablet.enrolment(&secret, "Tablette")
        };
        let refused = tablet.enrol(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        reason(Err::<(), _>(refused))
    };
    let key = KeyPair::generate().unwrap();
    let asking = |edit: fn(&mut CertificateParams)| {
        let mut params = CertificateParams::default();
        edit(&mut params);
        params.serialize_request(&key).unwrap().der().to_vec()
    };
    for wants in [
        asking(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        asking(|params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign]),
        // The same, written by hand, behind another extension.
        asking(|params| {
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            let ca = vec![0x30, 0x03, 0x01, 0x01, 0xff];
            let basic_constraints = CustomExtension::from_oid_content(&[2, 5, 29, 19], ca);
            params.custom_extensions = vec![basic_constraints];
        }),
    ] {
        assert_eq!(refuses(wants).await, "CSR_WANTS_AUTHORITY");
    }
    let mut broken = csr(&key);
    *broken.last_mut().unwrap() ^= 1;
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let rsa = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let trailed = [csr(&key), vec![0]].concat();
    for unusable in [
        vec![],
        b"no request".to_vec(),
        broken,
        trailed,
        csr(&p384),
        csr(&rsa),
    ] {
        assert_eq!(refuses(unusable).await, "CSR_REFUSED");
    }
    // The token is as good as before, for somebody who asks properly; their wishes are not heard.
    let mut tablet = world.tablet();
    let request = wire::EnrollRequest {
        certificate_request: asking(|params| {
            params.subject_alt_names =
                vec![rcgen::SanType::URI("spiffe://a/b".try_into().unwrap())];
        }),
        ..tablet.enrolment(&secret, "Tablette")
    };
    let enrolled = tablet.enrol(request).await.unwrap();
    let shown = world
        .authority
        .verify(&tablet.certificate, world.now())
        .unwrap();
    assert_eq!(text(shown.device), enrolled.device_id);
}

#[tokio::test]
async fn what_cannot_be_shown_is_no_name() {
    let world = World::new().await;
    let (_, secret) = world.admin().token(world.school.id, 1).await.unwrap();
    let mut tablet = world.tablet();
    for name in ["", " ", "a\nb", &"é".repeat(101)] {
        let request = tablet.enrolment(&secret, name);
        assert_eq!(fields(tablet.enrol(request).await), ["name"]);
    }
    let request = wire::EnrollRequest {
        os: "é".repeat(101),
        ..tablet.enrolment(&secret, "Tablette")
    };
    assert_eq!(fields(tablet.enrol(request).await), ["os"]);
}

#[tokio::test]
async fn tokens_have_a_size_and_a_life() {
    let world = World::new().await;
    let admin = world.admin();
    let wanted = |max_uses, lifetime| wire::CreateEnrolmentTokenRequest {
        school_id: text(world.school.id),
        max_uses,
        lifetime,
    };
    let day = 24 * 3600;
    for max_uses in [0, 10_001] {
        let refused = admin.token_for(wanted(max_uses, Some(seconds(60)))).await;
        assert_eq!(fields(refused), ["max_uses"]);
    }
    for lifetime in [
        None,
        Some(seconds(59)),
        Some(seconds(-60)),
        Some(seconds(90 * day + 1)),
    ] {
        assert_eq!(
            fields(admin.token_for(wanted(1, lifetime)).await),
            ["lifetime"]
        );
    }
    for (max_uses, lifetime) in [(1, 60), (10_000, 90 * day)] {
        let made = admin
            .token_for(wanted(max_uses, Some(seconds(lifetime))))
            .await;
        assert_eq!(
            made.unwrap().0.expires_at.unwrap().seconds,
            world.unix() + lifetime
        );
    }
}

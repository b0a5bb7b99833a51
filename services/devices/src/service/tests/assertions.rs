//! Devices that sign in with what they sign.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use preau_mesh::Reported;
use preau_proto::devices::v1::mint_principal_request::Credential;
use rcgen::KeyPair;
use serde_json::{Value, json};
use tonic::Code;

use super::tablet::{Tablet, header, jws};
use super::world::{DAY, World, both, reason};

async fn refused(tablet: &Tablet, assertion: &str) {
    let refused = tablet.sign_in(assertion).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(
        reason(Err::<(), _>(refused)),
        "ASSERTION_REFUSED",
        "{assertion}"
    );
}

#[tokio::test]
async fn a_session_is_worth_a_principal_for_a_day() {
    both(async |world| {
        let tablet = world.enrolled().await;
        let assertion = tablet.assertion(world.unix(), json!({}));
        let session = tablet.sign_in(&assertion).await.unwrap();
        assert!(session.starts_with("dev_"));
        let mint = async || {
            tablet
                .mint_by(Credential::SessionToken(session.clone()))
                .await
        };
        let principal = format!("{} of {}", tablet.id, world.school.id);
        assert_eq!(mint().await.unwrap(), principal);
        world.pass(DAY - Duration::from_secs(1));
        assert!(mint().await.is_ok());
        world.pass(Duration::from_secs(1));
        assert_eq!(reason(mint().await), "CREDENTIAL_REFUSED");
        world.devices.purge().await.unwrap();
        for wrong in ["", "dev_", &session[4..], &session.to_uppercase()] {
            let wrong = Credential::SessionToken(wrong.into());
            assert_eq!(reason(tablet.mint_by(wrong).await), "CREDENTIAL_REFUSED");
        }
    })
    .await;
}

#[tokio::test]
async fn an_assertion_is_accepted_once_even_when_it_comes_twice_at_once() {
    both(async |world| {
        let tablet = world.enrolled().await;
        let assertion = tablet.assertion(world.unix(), json!({}));
        let tries = (0..5).map(|_| tablet.sign_in(&assertion));
        let answers = futures::future::join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        refused(&tablet, &assertion).await;
        // It is remembered for as long as it would be good.
        world.pass(Duration::from_secs(59));
        world.devices.purge().await.unwrap();
        refused(&tablet, &assertion).await;
    })
    .await;
}

#[tokio::test]
async fn forged_assertions_are_refused_in_one_word() {
    let world = World::new().await;
    let (tablet, other) = (world.enrolled().await, world.enrolled().await);
    let now = world.unix();
    let claims = |changed: Value| tablet.assertion(now, changed);
    for wrong in [
        claims(json!({"sub": other.id})),
        claims(json!({"aud": "preau"})),
        claims(json!({"aud": ["preau-devices"]})),
        claims(json!({"exp": now + 61})),
        claims(json!({"exp": now})),
        claims(json!({"exp": null})),
        claims(json!({"iat": "now"})),
        claims(json!({"jti": "short"})),
        claims(json!({"jti": "x".repeat(65)})),
        claims(json!({"jti": "a jti with spaces in it"})),
        String::new(),
        "a.b.c".to_owned(),
        "x".repeat(10_000),
    ] {
        refused(&tablet, &wrong).await;
    }
    let good = json!({"sub": tablet.id, "aud": "preau-devices", "iat": now, "exp": now + 60, "jti": "0123456789abcdef"});
    // Another device's key; nobody's; a device that there is not; none at all.
    refused(&tablet, &jws(&header(&tablet.id), &good, &other.key)).await;
    refused(
        &tablet,
        &jws(&header(&tablet.id), &good, &KeyPair::generate().unwrap()),
    )
    .await;
    let unknown = preau_kernel::ids::DeviceId::new().to_string();
    refused(&tablet, &jws(&header(&unknown), &good, &tablet.key)).await;
    refused(
        &tablet,
        &jws(&Header::new(Algorithm::ES256), &good, &tablet.key),
    )
    .await;
    let critical = Header {
        crit: Some(vec!["exp".into()]),
        ..header(&tablet.id)
    };
    refused(&tablet, &jws(&critical, &good, &tablet.key)).await;
    refused(&tablet, &unsigned(&tablet.id, &good)).await;
    refused(&tablet, &under_the_public_key(&tablet, &good)).await;
    // And the one that all of them were made from is good.
    assert!(
        tablet
            .sign_in(&jws(&header(&tablet.id), &good, &tablet.key))
            .await
            .is_ok()
    );
}

/// With the algorithm "none".
fn unsigned(kid: &str, claims: &Value) -> String {
    let header = json!({"alg": "none", "typ": "JWT", "kid": kid});
    let [header, claims] = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{header}.{claims}.")
}

/// With the public key taken for a shared secret.
fn under_the_public_key(tablet: &Tablet, claims: &Value) -> String {
    let header = Header {
        alg: Algorithm::HS256,
        ..header(&tablet.id)
    };
    let secret = EncodingKey::from_secret(tablet.key.public_key_raw());
    encode(&header, claims, &secret).unwrap()
}

#[tokio::test]
async fn a_device_whose_clock_is_wrong_is_told_the_time() {
    let world = World::new().await;
    let tablet = world.enrolled().await;
    for (off, is_good) in [
        (-3600, false),
        (-60, false),
        (-59, true),
        (30, true),
        (31, false),
        (3600, false),
    ] {
        let answer = tablet
            .sign_in(&tablet.assertion(world.unix() + off, json!({})))
            .await;
        assert_eq!(answer.is_ok(), is_good, "{off}");
        if let Err(refused) = answer {
            let reported = Reported::of(&refused);
            assert_eq!(reported.reason, "ASSERTION_EXPIRED");
            let now = reported.metadata.iter().find(|(key, _)| *key == "now");
            assert_eq!(now.unwrap().1.clone(), world.unix().to_string());
        }
    }
    // The time is told to nobody but an enrolled device.
    let forged = json!({"sub": tablet.id, "aud": "preau-devices", "iat": 0, "exp": 60, "jti": "0123456789abcdef"});
    let stranger = KeyPair::generate().unwrap();
    refused(&tablet, &jws(&header(&tablet.id), &forged, &stranger)).await;
}

#[tokio::test]
async fn a_key_signs_in_for_as_long_as_its_certificate_lasts() {
    let world = World::new().await;
    let tablet = world.enrolled().await;
    world.pass(DAY * 90 - Duration::from_secs(1));
    assert!(
        tablet
            .sign_in(&tablet.assertion(world.unix(), json!({})))
            .await
            .is_ok()
    );
    world.pass(Duration::from_secs(1));
    refused(&tablet, &tablet.assertion(world.unix(), json!({}))).await;
}

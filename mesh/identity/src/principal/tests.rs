use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::cache::SHARD_CAPACITY;
use super::{Claims, GrantClaim, MAX_GRANTS, PrincipalError, ScopeClaim, Signer, Verifier};
use crate::TrustDomain;
use crate::testing::domain;

const NOW: u64 = 1_800_000_000;

/// A verifier whose clock the test moves.
struct World {
    signer: Signer,
    verifier: Verifier,
    now: Arc<AtomicU64>,
}

impl World {
    fn new() -> Self {
        let signer = Signer::generate().expect("generates");
        let now = Arc::new(AtomicU64::new(NOW));
        let clock = now.clone();
        let verifier = Verifier::new(
            domain(),
            Arc::new(move || -> SystemTime {
                UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed))
            }),
        );
        verifier.set_keys(vec![(signer.key_id().to_owned(), signer.public_key())]);
        Self {
            signer,
            verifier,
            now,
        }
    }

    fn sign(&self, claims: &Claims) -> String {
        self.signer
            .sign_unchecked(claims, &domain())
            .expect("signs")
    }

    fn refusal(&self, token: &str) -> PrincipalError {
        self.verifier.verify(token).expect_err("refused")
    }
}

fn claims() -> Claims {
    Claims {
        person: "0190f3c0-0000-7000-8000-000000000001".to_owned(),
        session: "0190f3c0-0000-7000-8000-000000000002".to_owned(),
        authority: Some("a".to_owned()),
        school: Some("s".to_owned()),
        grants: vec![
            grant(ScopeClaim::Platform),
            grant(ScopeClaim::Authority("a".to_owned())),
            grant(ScopeClaim::School("s".to_owned())),
        ],
        issued_at: NOW,
        expires_at: NOW + 60,
    }
}

fn grant(scope: ScopeClaim) -> GrantClaim {
    GrantClaim { role: 3, scope }
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn a_token_reads_back_as_signed() {
    let world = World::new();
    let token = world.signer.sign(&claims(), &domain()).expect("signs");
    assert_eq!(*world.verifier.verify(&token).expect("valid"), claims());
    assert!(token.is_ascii());
    let body = token.split('.').nth(1).expect("three parts");
    let body: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).expect("base64")).expect("json");
    assert_eq!(body["aud"], "preau.test");
    assert_eq!(body["sub"], claims().person);
    assert_eq!(body["sid"], claims().session);
    assert_eq!(body["aut"], "a");
    assert_eq!(body["sch"], "s");
    assert_eq!(body["iat"], NOW);
    assert_eq!(body["exp"], NOW + 60);
    assert_eq!(body["gra"][0], json!({"r": 3, "s": "platform"}));
    assert_eq!(body["gra"][2], json!({"r": 3, "s": {"school": "s"}}));
}

#[test]
fn the_signing_key_can_be_kept_and_its_debug_shows_no_key() {
    let signer = Signer::generate().expect("generates");
    let again = Signer::from_pkcs8(&signer.pkcs8()).expect("reads");
    assert_eq!(again.key_id(), signer.key_id());
    assert_eq!(again.public_key(), signer.public_key());
    assert_eq!(
        format!("{signer:?}"),
        format!("Signer({})", signer.key_id())
    );
    assert_eq!(
        Signer::from_pkcs8(b"x").expect_err("no key"),
        PrincipalError::Key
    );
}

#[test]
fn algorithm_none_is_refused() {
    let world = World::new();
    let token = world.sign(&claims());
    let body = token.split('.').nth(1).expect("three parts");
    for alg in ["none", "None", "NONE", ""] {
        let header = part(&json!({"alg": alg, "typ": "JWT", "kid": world.signer.key_id()}));
        for signature in ["", "AAAA"] {
            let forged = format!("{header}.{body}.{signature}");
            assert_eq!(world.refusal(&forged), PrincipalError::Malformed);
        }
    }
}

#[test]
fn hs256_keyed_with_the_public_key_is_refused() {
    let world = World::new();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(world.signer.key_id().to_owned());
    let body = json!({
        "aud": "preau.test", "sub": "x", "sid": "y", "gra": [], "iat": NOW, "exp": NOW + 60
    });
    let key = EncodingKey::from_secret(&world.signer.public_key());
    let forged = encode(&header, &body, &key).expect("signs");
    assert_eq!(world.refusal(&forged), PrincipalError::Malformed);
}

#[test]
fn a_wrong_audience_is_refused() {
    let world = World::new();
    let elsewhere = TrustDomain::parse("elsewhere.test").expect("valid");
    let token = world.signer.sign(&claims(), &elsewhere).expect("signs");
    assert_eq!(world.refusal(&token), PrincipalError::WrongAudience);
}

#[test]
fn time_is_judged_with_five_seconds_of_skew_on_either_side() {
    let world = World::new();
    let token = world.sign(&claims());
    for (now, outcome) in [
        (NOW - 6, Err(PrincipalError::NotYetValid)),
        (NOW - 5, Ok(())),
        (NOW + 65, Ok(())),
        (NOW + 66, Err(PrincipalError::Expired)),
    ] {
        world.now.store(now, Ordering::Relaxed);
        // Twice: once verified afresh, once recognised.
        for _ in 0..2 {
            assert_eq!(world.verifier.verify(&token).map(drop), outcome, "{now}");
        }
    }
}

#[test]
fn too_long_a_life_and_too_many_grants_are_refused_by_signer_and_verifier() {
    let world = World::new();
    let long = Claims {
        expires_at: NOW + 61,
        ..claims()
    };
    assert_eq!(
        world.signer.sign(&long, &domain()),
        Err(PrincipalError::TooLong)
    );
    assert_eq!(world.refusal(&world.sign(&long)), PrincipalError::TooLong);

    let mut many = claims();
    many.grants = vec![grant(ScopeClaim::School("s".repeat(36))); MAX_GRANTS];
    world
        .verifier
        .verify(&world.sign(&many))
        .expect("64 are allowed");
    many.grants.push(grant(ScopeClaim::Platform));
    assert_eq!(
        world.signer.sign(&many, &domain()),
        Err(PrincipalError::TooManyGrants)
    );
    assert_eq!(
        world.refusal(&world.sign(&many)),
        PrincipalError::TooManyGrants
    );
}

#[test]
fn an_unknown_key_a_foreign_key_and_a_withdrawn_key_are_refused() {
    let world = World::new();
    let token = world.sign(&claims());
    let stranger = Signer::generate().expect("generates");
    let foreign = stranger.sign(&claims(), &domain()).expect("signs");
    assert_eq!(world.refusal(&foreign), PrincipalError::UnknownKey);
    // The same key id with another key behind it.
    world.verifier.set_keys(vec![
        (world.signer.key_id().to_owned(), world.signer.public_key()),
        (stranger.key_id().to_owned(), world.signer.public_key()),
    ]);
    assert_eq!(world.refusal(&foreign), PrincipalError::BadSignature);
    // A token recognised from before must not outlive its key.
    world.verifier.verify(&token).expect("valid");
    world
        .verifier
        .set_keys(vec![(stranger.key_id().to_owned(), stranger.public_key())]);
    assert_eq!(world.refusal(&token), PrincipalError::UnknownKey);
}

#[test]
fn without_any_key_the_verifier_blames_itself() {
    let world = World::new();
    let token = world.sign(&claims());
    world.verifier.set_keys(Vec::new());
    assert_eq!(world.refusal(&token), PrincipalError::NoKeys);
    assert_eq!(world.refusal("not.a.token"), PrincipalError::Malformed);
}

#[test]
fn any_changed_byte_is_refused() {
    let world = World::new();
    let token = world.sign(&claims());
    world.verifier.verify(&token).expect("valid");
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let tampered = String::from_utf8(bytes).expect("ASCII");
        assert!(world.verifier.verify(&tampered).is_err(), "byte {at}");
    }
    for text in [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        &token[1..],
        &"x".repeat(1 << 20),
    ] {
        assert_eq!(world.refusal(text), PrincipalError::Malformed);
    }
    let grafted = {
        let other = world.sign(&Claims {
            person: "somebody else".to_owned(),
            ..claims()
        });
        let parts: Vec<_> = token.split('.').collect();
        format!(
            "{}.{}.{}",
            parts[0],
            other.split('.').nth(1).expect("three"),
            parts[2]
        )
    };
    assert_eq!(world.refusal(&grafted), PrincipalError::BadSignature);
}

#[test]
fn critical_header_parameters_and_duplicate_claims_are_refused() {
    let world = World::new();
    let sign = |header: String, body: String| {
        let pair =
            aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8(&world.signer.pkcs8()).expect("reads");
        let message = format!("{header}.{body}");
        let signature = URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()));
        format!("{message}.{signature}")
    };
    let token = world.sign(&claims());
    let body = token.split('.').nth(1).expect("three parts").to_owned();
    let header = part(&json!({"alg": "EdDSA", "kid": world.signer.key_id(), "crit": ["exp"]}));
    assert_eq!(
        world.refusal(&sign(header, body)),
        PrincipalError::Malformed
    );
    let header = token.split('.').next().expect("three parts").to_owned();
    let twice = format!(
        r#"{{"aud":"preau.test","sub":"a","sub":"b","sid":"y","gra":[],"iat":{NOW},"exp":{}}}"#,
        NOW + 60
    );
    let forged = sign(header, URL_SAFE_NO_PAD.encode(twice));
    assert_eq!(world.refusal(&forged), PrincipalError::Malformed);
}

#[test]
fn a_verified_token_is_recognised_and_a_refused_one_is_not_kept() {
    let world = World::new();
    let token = world.sign(&claims());
    let first = world.verifier.verify(&token).expect("valid");
    let second = world.verifier.verify(&token).expect("valid");
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(world.verifier.cached(), 1);
    let elsewhere = TrustDomain::parse("elsewhere.test").expect("valid");
    let wrong = world.signer.sign(&claims(), &elsewhere).expect("signs");
    world.verifier.verify(&wrong).expect_err("refused");
    assert_eq!(world.verifier.cached(), 1);
    // Publishing the same keys again forgets nothing.
    world.verifier.set_keys(vec![(
        world.signer.key_id().to_owned(),
        world.signer.public_key(),
    )]);
    let third = world.verifier.verify(&token).expect("valid");
    assert!(Arc::ptr_eq(&first, &third));
}

#[test]
fn recognised_tokens_are_bounded() {
    let cache = super::cache::Cache::default();
    let claims = Arc::new(claims());
    let bound = 16 * SHARD_CAPACITY;
    for n in 0..(2 * bound as u64) {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&n.to_le_bytes());
        cache.put(hash, 0, claims.clone(), NOW);
        assert!(cache.len() <= bound || n % 1024 != 0);
    }
    assert!(cache.len() <= bound);
    // Expired tokens make room before valid ones are dropped.
    let cache = super::cache::Cache::default();
    let put = |n: u64, claims: &Arc<Claims>, now| {
        let mut hash = [0; 32];
        hash[1..9].copy_from_slice(&n.to_le_bytes());
        cache.put(hash, 0, claims.clone(), now);
    };
    for n in 0..SHARD_CAPACITY as u64 - 1 {
        put(n, &claims, NOW);
    }
    let fresh = Arc::new(Claims {
        issued_at: NOW + 100,
        expires_at: NOW + 160,
        ..(*claims).clone()
    });
    put(u64::MAX, &fresh, NOW + 100);
    put(u64::MAX - 1, &fresh, NOW + 100);
    assert_eq!(cache.len(), 2);
}

#[tokio::test]
async fn an_unknown_key_is_made_known_to_whoever_fetches_keys() {
    let world = World::new();
    let stranger = Signer::generate().expect("generates");
    let foreign = stranger.sign(&claims(), &domain()).expect("signs");
    assert_eq!(world.refusal(&foreign), PrincipalError::UnknownKey);
    // Seen before anybody waited, and not lost.
    world.verifier.unknown_key_seen().await;
}

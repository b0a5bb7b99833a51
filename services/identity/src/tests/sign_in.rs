//! Signing in and out, and what a session is worth.

use std::time::Duration;

use preau_mesh::own_request;
use preau_proto::identity::v1::{
    GetMeRequest, ListSigningKeysRequest, SignInRequest, SignOutRequest,
};
use preau_proto::policy::v1::Role;
use tonic::Code;
use tonic_types::StatusExt;

use super::world::{PASSWORD, ROOT, World, by, reason, seen, unchecked, wrong_field};
use crate::PasswordConfig;
use crate::domain::login::Login;
use crate::passwords::tests::older_hash;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_signed_in_person_learns_who_they_are() {
    let world = World::new().await;
    let token = world.token(ROOT).await;
    let me = world
        .directory()
        .get_me(by(&token, GetMeRequest {}))
        .await
        .unwrap()
        .into_inner();
    let me = me.person.unwrap();
    assert_eq!(
        (
            me.login.as_str(),
            me.family_name.as_str(),
            me.school_id.as_str()
        ),
        (ROOT, "Racine", "")
    );
    assert_eq!(me.grants.len(), 1);
}

#[tokio::test]
async fn logins_are_compared_without_case_or_composition() {
    let world = World::new().await;
    let school = world.school(&world.authority().await, "0951099D").await;
    world.person(&school, "Zoé", Role::Student).await;
    for login in ["Zoé", "ZOÉ", "zoe\u{301}"] {
        world.sign_in(login, PASSWORD).await.unwrap();
    }
}

#[tokio::test]
async fn unknown_login_wrong_password_and_disabled_person_look_alike_and_cost_alike() {
    let world = World::new().await;
    let school = world.school(&world.authority().await, "0951099D").await;
    let gone = world.person(&school, "gone", Role::Student).await;
    let gone = gone.person_id.parse().unwrap();
    let now = world.identity.clock.now();
    world
        .identity
        .store
        .disable_for_test(gone, now)
        .await
        .unwrap();
    let mut answers = Vec::new();
    for (login, password) in [
        (ROOT, "not the password"),
        (ROOT, "short"),
        ("nobody", PASSWORD),
        ("no login at all", PASSWORD),
        ("", PASSWORD),
        ("gone", PASSWORD),
    ] {
        let before = world.identity.passwords().verifications();
        let status = world.sign_in(login, password).await.unwrap_err();
        let cost = world.identity.passwords().verifications() - before;
        assert_eq!(cost, 1, "one verification for {login:?}");
        answers.push(seen(&status));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "one answer: {answers:#?}");
    assert!(
        answers.concat().starts_with("Unauthenticated"),
        "{answers:?}"
    );
}

#[tokio::test]
async fn a_password_longer_than_any_is_refused_before_it_is_hashed() {
    let world = World::new().await;
    let before = world.identity.passwords().verifications();
    let status = world.sign_in(ROOT, &"x".repeat(257)).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::InvalidArgument, "PASSWORD_TOO_LONG")
    );
    assert_eq!(wrong_field(&status), "password");
    assert_eq!(world.identity.passwords().verifications(), before);
}

#[tokio::test]
async fn a_surge_is_told_when_to_come_back() {
    let world = World::with(PasswordConfig {
        workers: 1,
        queue: 0,
        ..PasswordConfig::default()
    })
    .await;
    let busy = world.identity.passwords().occupy_for_test();
    let status = world.sign_in(ROOT, PASSWORD).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::ResourceExhausted, "SIGN_IN_OVERLOADED")
    );
    let retry = status
        .get_details_retry_info()
        .and_then(|info| info.retry_delay);
    assert!(
        retry.is_some_and(|delay| delay >= Duration::from_secs(1)),
        "{retry:?}"
    );
    drop(busy);
    world.sign_in(ROOT, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_hash_of_an_older_cost_is_replaced_at_sign_in() {
    let world = World::new().await;
    let store = &world.identity.store;
    let login = Login::parse(ROOT).unwrap();
    let current = store.find_account(&login).await.unwrap().unwrap();
    store
        .set_hash_for_test(current.person, &older_hash(PASSWORD))
        .await
        .unwrap();
    world.sign_in(ROOT, "not the password").await.unwrap_err();
    let kept = store.find_account(&login).await.unwrap().unwrap();
    assert!(
        kept.password_hash.unwrap().contains("m=9728,"),
        "a wrong password changes nothing"
    );
    world.sign_in(ROOT, PASSWORD).await.unwrap();
    let rehashed = store.find_account(&login).await.unwrap().unwrap();
    let hash = rehashed.password_hash.unwrap();
    assert!(hash.contains("m=19456,"), "{hash}");
    world.sign_in(ROOT, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_session_dies_of_idleness_but_not_of_use() {
    let world = World::new().await;
    let used = world.sign_in(ROOT, PASSWORD).await.unwrap();
    let idle = world.sign_in(ROOT, PASSWORD).await.unwrap();
    for _ in 0..3 {
        world.pass(50 * MINUTE);
        world.mint(&used).await.unwrap();
    }
    let status = world.mint(&idle).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unauthenticated, "SESSION_EXPIRED")
    );
}

#[tokio::test]
async fn a_session_ends_after_a_day_at_school_whatever_happens() {
    let world = World::new().await;
    let session = world.sign_in(ROOT, PASSWORD).await.unwrap();
    for _ in 0..7 {
        world.pass(100 * MINUTE);
        world.mint(&session).await.unwrap();
    }
    world.pass(21 * MINUTE);
    assert_eq!(
        reason(&world.mint(&session).await.unwrap_err()),
        "SESSION_EXPIRED"
    );
}

#[tokio::test]
async fn signing_out_ends_the_session_and_no_other() {
    let world = World::new().await;
    let (ended, other) = (
        world.sign_in(ROOT, PASSWORD).await.unwrap(),
        world.sign_in(ROOT, PASSWORD).await.unwrap(),
    );
    let token = world.mint(&ended).await.unwrap();
    for _ in 0..2 {
        world
            .sessions()
            .sign_out(by(&token, SignOutRequest {}))
            .await
            .unwrap();
    }
    let status = world.mint(&ended).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unauthenticated, "SESSION_UNKNOWN")
    );
    world.mint(&other).await.unwrap();
}

#[tokio::test]
async fn what_is_no_session_token_mints_nothing() {
    let world = World::new().await;
    for token in ["", "abc", &"A".repeat(43), &"é".repeat(50_000)] {
        let status = world.mint(token).await.unwrap_err();
        assert_eq!(reason(&status), "SESSION_UNKNOWN");
    }
}

#[tokio::test]
async fn the_session_token_is_not_what_is_stored() {
    let world = World::new().await;
    let session = world.sign_in(ROOT, PASSWORD).await.unwrap();
    assert_eq!(session.len(), 43, "256 bits in base64url");
    let token = crate::domain::session_token::SessionToken::parse(&session).unwrap();
    assert!(
        world
            .identity
            .store
            .find_session(token.sha256())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn the_next_key_is_known_before_it_signs_and_the_previous_one_after() {
    let world = World::new().await;
    let session = world.sign_in(ROOT, PASSWORD).await.unwrap();
    let signer = async || {
        let header = unchecked(&world.mint(&session).await.unwrap(), 0);
        let keys = listed(&world).await;
        keys.into_iter().position(|(id, _)| header.contains(&id))
    };
    let old = listed(&world).await;
    assert!(world.identity.rotate_signing_key().await.unwrap());
    assert!(
        !world.identity.rotate_signing_key().await.unwrap(),
        "a successor waits already"
    );
    let both = listed(&world).await;
    assert_eq!((both.len(), both.first()), (2, old.first()));
    assert_eq!(
        signer().await,
        Some(0),
        "the old key signs while the new one is being fetched"
    );
    world.pass(11 * MINUTE);
    assert_eq!(
        listed(&world).await,
        both,
        "tokens by the old key are still about"
    );
    assert_eq!(signer().await, Some(1));
    world.pass(11 * MINUTE);
    assert_eq!(
        listed(&world).await.as_slice(),
        both.get(1..).unwrap(),
        "the old key is gone"
    );
    assert_eq!(signer().await, Some(0));
}

async fn listed(world: &World) -> Vec<(String, [u8; 32])> {
    let request = own_request(ListSigningKeysRequest {});
    let keys = world
        .sessions()
        .list_signing_keys(request)
        .await
        .unwrap()
        .into_inner()
        .keys;
    keys.into_iter()
        .map(|key| (key.key_id, key.public_key.try_into().unwrap()))
        .collect()
}

#[tokio::test]
async fn only_the_gateway_signs_people_in() {
    let world = World::new().await;
    let mut files = preau_proto::identity::v1::session_service_client::SessionServiceClient::new(
        world.pair.client_as("files"),
    );
    let request = SignInRequest {
        login: ROOT.into(),
        password: PASSWORD.into(),
    };
    let status = files.sign_in(own_request(request)).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    files
        .list_signing_keys(own_request(ListSigningKeysRequest {}))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_first_administrator_is_made_once() {
    let world = World::new().await;
    let again = world
        .identity
        .create_first_admin("Eve", "Intrus", "eve", PASSWORD)
        .await;
    assert!(
        matches!(again, Err(crate::IdentityError::AdminExists)),
        "{again:?}"
    );
    assert_eq!(
        world.sign_in("eve", PASSWORD).await.unwrap_err().code(),
        Code::Unauthenticated
    );
}

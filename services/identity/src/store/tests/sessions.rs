//! Sessions and signing keys.

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::SessionId;
use preau_storage_database::testing::both;

use super::super::{MIGRATIONS, Rehash, Store, StoreError, StoredKey};
use super::{NOW, World, proof};
use crate::domain::keyring::{GRACE, KeyDates};
use crate::domain::login::Login;

#[tokio::test]
async fn a_session_is_found_by_its_hash_touched_and_ended() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let person = world.insert("Zoé", "Müller", Some("zoe")).await;
        let session = world.session(&person, NOW.0 + 100).await;
        let found = world
            .store
            .find_session(session.token_sha256)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.id, found.person, found.home),
            (session.id, person.id, world.home())
        );
        assert_eq!(
            (found.last_seen, found.expires, found.ended),
            (NOW, Timestamp(NOW.0 + 100), None)
        );
        for at in [7, 3] {
            world
                .store
                .touch_session(&found, Timestamp(NOW.0 + at))
                .await
                .unwrap();
        }
        for at in [8, 9] {
            world
                .store
                .end_session(&proof(session.id), Timestamp(NOW.0 + at))
                .await
                .unwrap();
        }
        let found = world
            .store
            .find_session(session.token_sha256)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            found.last_seen,
            Timestamp(NOW.0 + 7),
            "an earlier touch does not turn time back"
        );
        assert_eq!(found.ended, Some(Timestamp(NOW.0 + 8)));
        assert_eq!(world.store.find_session([0; 32]).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_new_session_clears_expired_ones_and_replaces_an_unchanged_hash() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let person = world.insert("Zoé", "Müller", Some("zoe")).await;
        let expired = world.session(&person, NOW.0).await;
        let mut session = world.session(&person, NOW.0 + 100).await;
        assert_eq!(
            world
                .store
                .find_session(expired.token_sha256)
                .await
                .unwrap(),
            None
        );
        for (old, expected) in [("not it", "first"), ("first", "second")] {
            session.token_sha256 = [old.len() as u8; 32];
            session.id = SessionId::new();
            let rehash = Rehash {
                old: old.to_owned(),
                new: "second".to_owned(),
            };
            let begun = world.store.begin_session(&session, Some(&rehash)).await;
            assert!(begun.unwrap());
            let account = world
                .store
                .find_account(&Login::parse("zoe").unwrap())
                .await
                .unwrap();
            assert_eq!(account.unwrap().password_hash.as_deref(), Some(expected));
        }
        // Reset while the password was verified.
        let token_sha256 = [99; 32];
        world.store.set_hash_for_test(person.id, "").await.unwrap();
        session.token_sha256 = token_sha256;
        session.id = SessionId::new();
        assert!(!world.store.begin_session(&session, None).await.unwrap());
        let found = world.store.find_session(token_sha256).await.unwrap();
        assert_eq!(found, None);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_made_once_and_a_retired_one_loses_its_private_half() {
    both(&MIGRATIONS, async |db| {
        let store = Store::new(db);
        let make = |id: &'static str| {
            move |signs_from| {
                let dates = KeyDates {
                    key_id: id.to_owned(),
                    public_key: [7; 32],
                    signs_from,
                };
                Ok::<_, StoreError>(StoredKey {
                    dates,
                    private_key: vec![1, 2, 3].into(),
                })
            }
        };
        let due = |at: i64| move |_: &crate::domain::keyring::Keyring| Some(at);
        assert!(
            store
                .succeed_signing_key(Timestamp(0), due(0), make("a"))
                .await
                .unwrap()
        );
        assert!(
            !store
                .succeed_signing_key(Timestamp(0), |_| None, make("x"))
                .await
                .unwrap()
        );
        assert!(
            store
                .succeed_signing_key(Timestamp(1), due(1), make("b"))
                .await
                .unwrap()
        );
        assert!(
            store
                .succeed_signing_key(Timestamp(1 + GRACE), due(2 + GRACE), make("c"))
                .await
                .unwrap()
        );
        let keys = store.signing_keys().await.unwrap();
        let kept: Vec<_> = keys
            .iter()
            .map(|key| (key.dates.key_id.as_str(), key.private_key.len()))
            .collect();
        assert_eq!(kept, [("a", 0), ("b", 3), ("c", 3)]);
    })
    .await;
}

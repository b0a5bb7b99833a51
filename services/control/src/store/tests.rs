//! The store's contract, on SQLite and on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "tests")]

use preau_kernel::access::Scope as Reach;
use preau_kernel::access::{Caller, Facts, Grant, Principal, Relation, Role, Rule};
use preau_kernel::ids::SessionId;
use preau_storage_database::testing::both;

use super::*;
use crate::domain::join_token::JoinSecret;

const NOW: Timestamp = Timestamp(1_000_000);

/// A proof, as the platform's administrator would get it.
fn proof<T>(object: T) -> Authorized<T> {
    let principal = Principal {
        person: PersonId::new(),
        session: SessionId::new(),
        school: None,
        authority: None,
        grants: vec![Grant {
            role: Role::PlatformAdmin,
            scope: Reach::Platform,
        }],
    };
    let rules = vec![Rule {
        roles: vec![Role::PlatformAdmin],
        relation: Relation::Platform,
    }];
    Caller::new(principal, rules, || {})
        .authorize(&Facts::default(), object)
        .unwrap()
}

fn token(expires: i64) -> NewToken {
    NewToken {
        id: JoinTokenId::new(),
        secret_sha256: JoinSecret::generate().sha256(),
        roles: RoleSet::parse(["files", "roster"]).unwrap(),
        created: NOW,
        expires: Timestamp(expires),
    }
}

async fn insert(store: &Store, expires: i64, forget_before: i64) -> NewToken {
    let token = proof(token(expires));
    store
        .insert_token(&token, PersonId::new(), Timestamp(forget_before))
        .await
        .unwrap();
    token.into_inner()
}

#[tokio::test]
async fn a_token_reads_back_by_the_hash_of_its_secret() {
    both(&MIGRATIONS, async |db| {
        let store = Store::new(db);
        let token = insert(&store, NOW.0 + 10, 0).await;
        let found = store
            .find_token(token.secret_sha256)
            .await
            .unwrap()
            .unwrap();
        let expected = StoredToken {
            id: token.id,
            roles: token.roles,
            expires: token.expires,
            used: None,
        };
        assert_eq!(found, expected);
        assert_eq!(store.find_token([0; 32]).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_token_is_used_once_even_by_two_at_once() {
    both(&MIGRATIONS, async |db| {
        let store = Store::new(db);
        let secret = insert(&store, NOW.0 + 10, 0).await.secret_sha256;
        let (one, other) = tokio::join!(store.use_token(secret, NOW), store.use_token(secret, NOW));
        // On PostgreSQL the slower one may be told to try again instead of no.
        let won = [&one, &other]
            .into_iter()
            .filter(|used| matches!(used, Ok(true)))
            .count();
        assert_eq!(won, 1, "{one:?} {other:?}");
        assert!(!store.use_token(secret, NOW).await.unwrap());
        assert_eq!(
            store.find_token(secret).await.unwrap().unwrap().used,
            Some(NOW)
        );
    })
    .await;
}

#[tokio::test]
async fn an_expired_or_unknown_token_is_not_used() {
    both(&MIGRATIONS, async |db| {
        let store = Store::new(db);
        let secret = insert(&store, NOW.0, 0).await.secret_sha256;
        assert!(!store.use_token(secret, NOW).await.unwrap());
        assert!(!store.use_token([0; 32], NOW).await.unwrap());
        assert_eq!(store.find_token(secret).await.unwrap().unwrap().used, None);
    })
    .await;
}

#[tokio::test]
async fn tokens_long_expired_are_forgotten_when_one_is_made() {
    both(&MIGRATIONS, async |db| {
        let store = Store::new(db);
        let (old, recent) = (insert(&store, 5, 0).await, insert(&store, 6, 0).await);
        insert(&store, NOW.0 + 10, 6).await;
        assert_eq!(store.find_token(old.secret_sha256).await.unwrap(), None);
        assert!(
            store
                .find_token(recent.secret_sha256)
                .await
                .unwrap()
                .is_some()
        );
    })
    .await;
}

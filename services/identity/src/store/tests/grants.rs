//! Grants, and the platform's administrators.

use preau_kernel::access::Role;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{GrantId, PersonId};
use preau_storage_database::testing::both;

use super::super::{MIGRATIONS, StoreError};
use super::{NOW, World, admin, proof};
use crate::domain::grants::{DatedGrant, MAX_OPEN, Period};

#[tokio::test]
async fn grants_are_given_once_at_a_time_and_at_most_sixty_four_are_open() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let person = world.insert("Zoé", "Müller", None).await;
        let on = person.grants.first().unwrap().on;
        let grant = |role, begins: i64, ends: i64| DatedGrant {
            id: GrantId::new(),
            person: person.id,
            role,
            on,
            period: Period {
                begins: Timestamp(begins),
                ends: Some(Timestamp(ends)),
            },
        };
        let by = PersonId::new();
        let person = proof(person.clone());
        let give =
            async |grant: DatedGrant| world.store.insert_grant(&person, &grant, by, NOW).await;
        let twice = give(grant(Role::Student, NOW.0 + 5, NOW.0 + 6)).await;
        assert!(matches!(twice, Err(StoreError::GrantExists)), "{twice:?}");
        for turn in 1..MAX_OPEN as i64 {
            give(grant(Role::Teacher, NOW.0 + turn, NOW.0 + turn + 1))
                .await
                .unwrap();
        }
        let beyond = give(grant(Role::SchoolAdmin, NOW.0, NOW.0 + 1)).await;
        assert!(
            matches!(beyond, Err(StoreError::TooManyGrants)),
            "{beyond:?}"
        );
        let in_force = world
            .store
            .grants_in_force(person.get().id, Timestamp(NOW.0 + 3))
            .await
            .unwrap();
        let roles: Vec<_> = in_force.iter().map(|grant| grant.role).collect();
        assert_eq!(
            roles,
            [Role::Teacher, Role::Student],
            "the farthest reaching first"
        );
    })
    .await;
}

#[tokio::test]
async fn a_grant_ends_once_and_keeps_its_end() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let person = world.insert("Zoé", "Müller", None).await;
        let grant = proof(person.grants.first().unwrap().clone());
        for later in [10, 20] {
            world
                .store
                .end_grant(&grant, Timestamp(NOW.0 + later))
                .await
                .unwrap();
        }
        let ended = world
            .store
            .find_grant(grant.get().id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(ended.period.ends, Some(Timestamp(NOW.0 + 10)));
        assert!(
            world
                .store
                .grants_in_force(person.id, Timestamp(NOW.0 + 10))
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn there_is_one_first_administrator_and_always_a_last_one() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let first = admin("root");
        world.store.insert_first_admin(&first, NOW).await.unwrap();
        let second = world.store.insert_first_admin(&admin("other"), NOW).await;
        assert!(matches!(second, Err(StoreError::AdminExists)), "{second:?}");
        let grant = proof(first.0.grant.clone());
        let last = world.store.end_grant(&grant, NOW).await;
        assert!(
            matches!(last, Err(StoreError::LastPlatformAdmin)),
            "{last:?}"
        );
        let kept = world
            .store
            .find_grant(grant.get().id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            kept.period.ends, None,
            "the refused end left the grant open"
        );
    })
    .await;
}

#[tokio::test]
async fn two_that_create_the_first_administrator_at_once_make_one() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let (one, other) = (admin("one"), admin("other"));
        let (one, other) = tokio::join!(
            world.store.insert_first_admin(&one, NOW),
            world.store.insert_first_admin(&other, NOW),
        );
        let refused = [one, other]
            .into_iter()
            .filter_map(Result::err)
            .collect::<Vec<_>>();
        assert!(
            matches!(
                refused.as_slice(),
                [StoreError::AdminExists | StoreError::Db(_)]
            ),
            "{refused:?}"
        );
    })
    .await;
}

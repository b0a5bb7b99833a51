//! Schools, people and their accounts.

use preau_kernel::ids::{AuthorityId, PersonId, SchoolId};
use preau_storage_database::testing::both;
use preau_storage_database::{Dialect, Scope, params};

use super::super::{MIGRATIONS, PersonKey, StoreError};
use super::{NOW, World, proof, school};
use crate::domain::login::Login;

#[tokio::test]
async fn schools_read_back_and_a_uai_is_unique() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let found = world.store.find_school(world.school.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&world.school));
        assert_eq!(
            world.store.find_school(SchoolId::new()).await.unwrap(),
            None
        );
        let twin = proof(school(world.school.authority, "0951099D"));
        let refused = world.store.insert_school(&twin, NOW).await;
        assert!(matches!(refused, Err(StoreError::UaiTaken)), "{refused:?}");
        assert_eq!(world.store.find_school(twin.get().id).await.unwrap(), None);
        assert!(
            world
                .store
                .find_authority(world.school.authority)
                .await
                .unwrap()
                .is_some()
        );
        assert_eq!(
            world
                .store
                .find_authority(AuthorityId::new())
                .await
                .unwrap(),
            None
        );
    })
    .await;
}

#[tokio::test]
async fn a_person_reads_back_with_login_and_grants() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let person = world.insert("Zoé", "Müller", Some("Zoé.M")).await;
        assert_eq!(
            world.store.find_person(person.id).await.unwrap(),
            Some(person.clone())
        );
        assert_eq!(
            world.store.find_person(PersonId::new()).await.unwrap(),
            None
        );
        assert_eq!(
            world.store.grants_of(person.id).await.unwrap(),
            person.grants
        );
        let grant = person.grants.first().unwrap();
        assert_eq!(
            world.store.find_grant(grant.id).await.unwrap().as_ref(),
            Some(grant)
        );
    })
    .await;
}

#[tokio::test]
async fn a_login_is_unique_without_case_and_a_refused_person_leaves_nothing() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let first = world.insert("Zoé", "Müller", Some("zoé")).await;
        let second = proof(world.person("Zoë", "Martin", Some("ZOE\u{301}")));
        let refused = world.store.insert_person(&second, PersonId::new()).await;
        assert!(
            matches!(refused, Err(StoreError::LoginTaken)),
            "{refused:?}"
        );
        assert_eq!(
            world.store.find_person(second.get().id).await.unwrap(),
            None
        );
        let account = world
            .store
            .find_account(&Login::parse("ZOÉ").unwrap())
            .await
            .unwrap()
            .unwrap();
        assert_eq!((account.person, account.is_disabled), (first.id, false));
        world.store.disable_for_test(first.id, NOW).await.unwrap();
        let account = world
            .store
            .find_account(&Login::parse("ZOÉ").unwrap())
            .await
            .unwrap()
            .unwrap();
        assert!(account.is_disabled);
    })
    .await;
}

#[tokio::test]
async fn people_page_by_name_without_gap_or_repeat() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        for (given, family) in [
            ("Éric", "Zola"),
            ("Anne", "Émond"),
            ("Bob", "Emond"),
            ("anne", "emond"),
            ("Al", "Fabre"),
        ] {
            world.insert(given, family, None).await;
        }
        let here = proof(world.school.clone());
        let mut seen = Vec::new();
        let mut after = PersonKey::default();
        loop {
            let page = world.store.list_people(&here, &after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = PersonKey::of(last);
            assert!(page.iter().all(|person| person.grants.len() == 1));
            seen.extend(
                page.iter()
                    .map(|person| format!("{} {}", person.family, person.given)),
            );
        }
        assert_eq!(seen.len(), 5, "{seen:?}");
        assert_eq!(
            seen.get(2..).unwrap(),
            ["Emond Bob", "Fabre Al", "Zola Éric"]
        );
        let elsewhere = proof(school(world.school.authority, "0870003F"));
        assert!(
            world
                .store
                .list_people(&elsewhere, &PersonKey::default(), 9)
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn row_level_security_hides_a_school_from_another() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        world.insert("Zoé", "Müller", Some("zoe")).await;
        let foreign = SchoolId::new().to_string();
        for sql in [
            "SELECT COUNT(*) FROM schools",
            "SELECT COUNT(*) FROM people",
            "SELECT COUNT(*) FROM grants",
            "SELECT COUNT(*) FROM accounts",
        ] {
            let own = world
                .db
                .fetch_one(Scope::Tenant(&world.school.id.to_string()), sql, params![])
                .await;
            assert_eq!(own.unwrap().int(0).unwrap(), 1, "{sql}");
            let abroad = world
                .db
                .fetch_one(Scope::Tenant(&foreign), sql, params![])
                .await;
            let expected = if world.db.dialect() == Dialect::Postgres {
                0
            } else {
                1
            };
            assert_eq!(abroad.unwrap().int(0).unwrap(), expected, "{sql}");
        }
    })
    .await;
}

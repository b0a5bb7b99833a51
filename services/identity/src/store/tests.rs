//! The store's contract, on SQLite and on PostgreSQL with row-level security in force.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use preau_kernel::access::{
    Authorized, Caller, Facts, Grant, Principal, Relation, Role, Rule, Scope,
};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{AuthorityId, GrantId, PersonId, SchoolId, SessionId};
use preau_kernel::names::Name;
use preau_storage_database::testing::both;
use preau_storage_database::{Db, Dialect, Scope as Tenant, params};

use super::*;
use crate::domain::directory::{Authority, Home, NewAccount, NewPerson, Person, School};
use crate::domain::grants::{DatedGrant, MAX_OPEN, On, Period};
use crate::domain::keyring::{GRACE, KeyDates};
use crate::domain::login::Login;

const NOW: Timestamp = Timestamp(1_000_000);

/// A proof, as the platform's administrator would get it.
fn proof<T>(object: T) -> Authorized<T> {
    let discharged = Arc::new(AtomicBool::new(false));
    let principal = Principal {
        person: PersonId::new(),
        session: SessionId::new(),
        school: None,
        authority: None,
        grants: vec![Grant {
            role: Role::PlatformAdmin,
            scope: Scope::Platform,
        }],
    };
    let rules = vec![Rule {
        roles: vec![Role::PlatformAdmin],
        relation: Relation::Platform,
    }];
    let discharge = move || discharged.store(true, std::sync::atomic::Ordering::Release);
    Caller::new(principal, rules, discharge)
        .authorize(&Facts::default(), object)
        .unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

struct World {
    store: Store,
    db: Db,
    school: School,
}

impl World {
    async fn new(db: Db) -> World {
        let store = Store::new(db.clone());
        let authority = Authority {
            id: AuthorityId::new(),
            name: name("Région"),
        };
        store
            .insert_authority(&proof(authority.clone()), NOW)
            .await
            .unwrap();
        let school = school(authority.id, "0951099D");
        store
            .insert_school(&proof(school.clone()), NOW)
            .await
            .unwrap();
        World { store, db, school }
    }

    fn home(&self) -> Home {
        Home::School {
            id: self.school.id,
            authority: self.school.authority,
        }
    }

    fn person(&self, given: &str, family: &str, login: Option<&str>) -> NewPerson {
        let on = On {
            scope: Scope::School(self.school.id),
            authority: Some(self.school.authority),
        };
        new_person(self.home(), given, family, login, Role::Student, on)
    }

    async fn insert(&self, given: &str, family: &str, login: Option<&str>) -> Person {
        let new = proof(self.person(given, family, login));
        self.store
            .insert_person(&new, PersonId::new())
            .await
            .unwrap();
        Person::from(new.into_inner())
    }

    async fn session(&self, person: &Person, expires: i64) -> NewSession {
        let session = NewSession {
            token_sha256: crate::domain::session_token::SessionToken::generate().sha256(),
            id: SessionId::new(),
            person: person.id,
            tenant: person.home.tenant(),
            now: NOW,
            expires: Timestamp(expires),
        };
        self.store.begin_session(&session, None).await.unwrap();
        session
    }
}

fn school(authority: AuthorityId, uai: &str) -> School {
    School {
        id: SchoolId::new(),
        authority,
        uai: uai.parse().unwrap(),
        name: name("Lycée"),
    }
}

fn new_person(
    home: Home,
    given: &str,
    family: &str,
    login: Option<&str>,
    role: Role,
    on: On,
) -> NewPerson {
    let id = PersonId::new();
    let account = login.map(|login| NewAccount {
        login: Login::parse(login).unwrap(),
        password_hash: "first".to_owned(),
    });
    let grant = DatedGrant {
        id: GrantId::new(),
        person: id,
        role,
        on,
        period: Period::from(NOW),
    };
    NewPerson {
        id,
        home,
        given: name(given),
        family: name(family),
        account,
        grant,
        created: NOW,
    }
}

fn admin(login: &str) -> FirstAdmin {
    let on = On {
        scope: Scope::Platform,
        authority: None,
    };
    FirstAdmin(new_person(
        Home::Platform,
        "Ada",
        "Min",
        Some(login),
        Role::PlatformAdmin,
        on,
    ))
}

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

#[tokio::test]
async fn a_session_is_found_by_its_hash_touched_and_ended() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let person = world.insert("Zoé", "Müller", None).await;
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
            world
                .store
                .begin_session(&session, Some(&rehash))
                .await
                .unwrap();
            let account = world
                .store
                .find_account(&Login::parse("zoe").unwrap())
                .await
                .unwrap();
            assert_eq!(account.unwrap().password_hash, expected);
        }
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
                .fetch_one(Tenant::Tenant(&world.school.id.to_string()), sql, params![])
                .await;
            assert_eq!(own.unwrap().int(0).unwrap(), 1, "{sql}");
            let abroad = world
                .db
                .fetch_one(Tenant::Tenant(&foreign), sql, params![])
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

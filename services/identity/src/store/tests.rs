//! The store's contract, on SQLite and on PostgreSQL with row-level security in force.
#![expect(clippy::unwrap_used, reason = "tests")]

mod grants;
mod imports;
mod people;
mod sessions;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use preau_kernel::access::{
    Authorized, Caller, Facts, Grant, Principal, Relation, Role, Rule, Scope,
};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{AuthorityId, GrantId, PersonId, SchoolId, SessionId};
use preau_kernel::names::Name;
use preau_storage_database::Db;

use super::{FirstAdmin, NewSession, Store};
use crate::domain::directory::{Authority, Home, NewAccount, NewPerson, Person, School};
use crate::domain::grants::{DatedGrant, On, Period};
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
        assert!(self.store.begin_session(&session, None).await.unwrap());
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

//! What the services' stories cannot bring about, on both databases.
#![expect(clippy::unwrap_used, reason = "tests")]

mod isolation;
mod racing;
mod sightings;

use std::time::Duration;

use preau_kernel::access::{
    Authorized, Caller, Facts, Grant, Principal, Relation, Role, Rule, Scope,
};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{AuthorityId, CommandId, EnrolmentTokenId, PersonId, SchoolId, SessionId};
use preau_storage_database::events::Cursor;
use preau_storage_database::{Db, testing};

use super::{MIGRATIONS, NewToken, Store};
use crate::authority::Issued;
use crate::domain::{
    Action, Command, Description, Device, EnrolmentToken, Line, Order, School, sha256,
};

const NOW: Timestamp = Timestamp(1_700_000_000_000_000);
const HOUR: Duration = Duration::from_secs(3600);

fn at(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn school() -> School {
    School {
        id: SchoolId::new(),
        authority: AuthorityId::new(),
    }
}

/// The proof of somebody who may do everything.
fn proof<T>(object: T) -> Authorized<T> {
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
    let rule = Rule {
        roles: vec![Role::PlatformAdmin],
        relation: Relation::Platform,
    };
    let caller = Caller::new(principal, vec![rule], || {});
    caller.authorize(&Facts::default(), object).unwrap()
}

async fn token(store: &Store, school: School, max_uses: u32) -> EnrolmentToken {
    let id = EnrolmentTokenId::new();
    let new = NewToken {
        id,
        secret_sha256: sha256(id.to_string().as_bytes()),
        max_uses,
        now: NOW,
        expires: NOW.plus(HOUR),
        by: PersonId::new(),
    };
    store.create_token(&proof(school), new).await.unwrap()
}

fn certificate() -> Issued {
    Issued {
        chain: Vec::new(),
        serial: CommandId::new().to_string(),
        public_key: CommandId::new().to_string().into_bytes(),
        expires: NOW.plus(HOUR),
        renew: NOW,
    }
}

fn description() -> Description {
    Description {
        name: Line::parse("Tablette", 100).unwrap(),
        model: Line::default(),
        os: Line::default(),
        agent_version: Line::default(),
    }
}

async fn device(store: &Store, school: School) -> Device {
    let token = token(store, school, 1).await;
    let certificate = certificate();
    let key = certificate.public_key.clone();
    let certify = |_| Ok(certificate.clone());
    let enrolled = store
        .enrol(&token, &key, &description(), certify, NOW)
        .await;
    let id = enrolled.unwrap().device;
    store.device(id, NOW).await.unwrap().unwrap()
}

fn order(key: &str, action: Action) -> Order {
    Order {
        key: key.to_owned(),
        action,
        time_to_live: HOUR,
    }
}

async fn issue(store: &Store, device: &Device, key: &str, action: Action) -> Command {
    let (proof, by) = (proof(device.clone()), PersonId::new());
    store
        .issue(&proof, &order(key, action), by, NOW)
        .await
        .unwrap()
        .0
}

/// A command that the device was given.
async fn sent(store: &Store, device: &Device, key: &str, action: Action) -> Command {
    let command = issue(store, device, key, action).await;
    let given = store
        .give_out(device, Cursor::START, command.number, NOW)
        .await
        .unwrap();
    given
        .into_iter()
        .find(|given| given.id == command.id)
        .unwrap()
}

async fn both(suite: impl AsyncFn(Db, Store)) {
    testing::both(&MIGRATIONS, async |db| {
        suite(db.clone(), Store::new(db)).await;
    })
    .await;
}

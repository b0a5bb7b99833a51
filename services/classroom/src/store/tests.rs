//! The store's contract, on both databases.
#![expect(clippy::unwrap_used, reason = "tests")]

mod isolation;
mod lessons;
mod presence;

use std::time::Duration;

use preau_kernel::access::{
    Authorized, Caller, Facts, Grant, Part, Principal, Relation, Role, Rule, Scope,
};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{
    AttendanceId, AuthorityId, ClassId, LeaseId, PersonId, SchoolId, SessionId,
};
use preau_storage_database::events::Cursor;
use preau_storage_database::{Db, testing};

use super::{Attendance, MIGRATIONS, Store, topic};
use crate::convert;
use crate::domain::{Happening, Lesson, Member, MyClass};

const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

fn at(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn class() -> MyClass {
    MyClass {
        id: ClassId::new(),
        name: "2nde B".into(),
        school: SchoolId::new(),
        authority: AuthorityId::new(),
        part: Part::Teacher,
    }
}

/// The proof of a teacher of the class.
fn proof<T>(facts: Facts, object: T) -> Authorized<T> {
    let principal = Principal {
        person: PersonId::new(),
        session: SessionId::new(),
        school: facts.school,
        authority: None,
        grants: vec![Grant {
            role: Role::Teacher,
            scope: Scope::Platform,
        }],
    };
    let rule = Rule {
        roles: vec![Role::Teacher],
        relation: Relation::Teaches,
    };
    let caller = Caller::new(principal, vec![rule], || {});
    caller.authorize(&facts, object).unwrap()
}

fn on(lesson: &Lesson) -> Authorized<Lesson> {
    proof(lesson.facts(Some(Part::Teacher)), lesson.clone())
}

async fn start(store: &Store, class: &MyClass, teacher: PersonId, now: Timestamp) -> Lesson {
    let class = proof(class.facts(), class.clone());
    store.start(&class, teacher, now).await.unwrap()
}

fn pupil() -> Member {
    Member {
        person: PersonId::new(),
        part: Part::Student,
    }
}

async fn attend(store: &Store, lesson: &Lesson, member: Member, lease: LeaseId) -> AttendanceId {
    let id = AttendanceId::new();
    let attendance = Attendance { id, member, lease };
    store.attend(&on(lesson), attendance, NOW).await.unwrap();
    id
}

/// Everything that was told of a lesson.
async fn told(db: &Db, lesson: &Lesson) -> Vec<Happening> {
    let topic = topic(lesson).unwrap();
    let events = db.events_after(&topic, Cursor::START).await.unwrap();
    let read = |event| convert::happening(event).unwrap().unwrap();
    events.iter().map(read).collect()
}

async fn both(suite: impl AsyncFn(Db, Store)) {
    testing::both(&MIGRATIONS, async |db| {
        suite(db.clone(), Store::new(db)).await;
    })
    .await;
}

//! The store's contract, on both databases, with a real vault over a site in memory.
#![expect(clippy::unwrap_used, reason = "tests")]

mod copying;
mod link_keys;
mod moving;
mod nodes;
mod objects;
mod trash;
mod upgrade;
mod uploads;

use std::sync::Arc;

use futures::TryStreamExt;
use preau_kernel::access::{
    Authorized, Caller, Facts, Grant, Part, Principal, Relation, Role, Rule, Scope,
};
use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::ids::{AuthorityId, ClassId, NodeId, PersonId, SchoolId, SessionId};
use preau_kernel::names::Name;
use preau_storage_database::{Db, testing};
use preau_storage_seal::Kek;
use preau_storage_sites::MemorySite;
use preau_storage_vault::{Vault, VaultConfig};

use super::{Deletion, MIGRATIONS, Range, Store};
use crate::domain::{Draft, Editor, Folder, MyClass, Node, Space};

const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

/// Runs a test's body on SQLite, then on PostgreSQL.
async fn both(suite: impl AsyncFn(Store, Db)) {
    testing::both(&MIGRATIONS, async |db: Db| {
        suite(store(&db).await, db).await;
    })
    .await;
}

async fn store(db: &Db) -> Store {
    let config = VaultConfig {
        part_size: 1024,
        ..VaultConfig::default()
    };
    let clock = Clock::system();
    let vault = Vault::open(
        db.clone(),
        vec![Arc::new(MemorySite::new("memory"))],
        Kek::generate().unwrap(),
        config,
        Arc::new(move || clock.now().to_system()),
    );
    Store::new(db.clone(), vault.await.unwrap())
}

/// A proof about anything: the operator's.
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
    let rules = vec![Rule {
        roles: vec![Role::PlatformAdmin],
        relation: Relation::Platform,
    }];
    Caller::new(principal, rules, || {})
        .authorize(&Facts::default(), object)
        .unwrap()
}

fn class(name: &str) -> MyClass {
    MyClass {
        id: ClassId::new(),
        school: SchoolId::new(),
        authority: AuthorityId::new(),
        name: name.to_owned(),
        part: Part::Teacher,
    }
}

async fn space(store: &Store) -> Space {
    let person = proof(PersonId::new());
    let spaces = store.spaces_of(&person, &[class("2nde B")], NOW).await;
    spaces.unwrap().remove(0)
}

/// A second space of the same tenant.
async fn sibling(store: &Store, space: &Space) -> Space {
    let person = proof(PersonId::new());
    let own = store.personal_space(&person, &space.tenant, NOW).await;
    own.unwrap()
}

fn deletion(editor: Editor) -> Deletion {
    Deletion {
        editor,
        person: PersonId::new(),
        at: NOW,
    }
}

async fn trash(store: &Store, space: &Space, node: &Node) {
    let space = proof(space.clone());
    let deleted = store.trash(&space, node.id, deletion(Editor::Moderator));
    deleted.await.unwrap();
}

/// The names in a folder (`None`: the root).
async fn names(store: &Store, space: &Space, folder: Option<&Node>) -> Vec<String> {
    let folder = folder.map_or(Folder::ROOT, |folder| folder.as_folder().unwrap());
    let space = proof(space.clone());
    let nodes = store.children_after(&space, folder, "", 100);
    let nodes = nodes.await.unwrap().into_iter();
    nodes.map(|node| node.name.as_str().to_owned()).collect()
}

/// Bytes of a file, if they are there.
async fn bytes(store: &Store, space: &Space, node: &Node) -> Option<Vec<u8>> {
    let range = Range {
        node: node.id,
        file: node.as_file().unwrap(),
        offset: 0,
        length: None,
    };
    let frames = store.read(&proof(space.clone()), &range);
    let frames: Result<Vec<_>, _> = frames.try_collect().await;
    Some(frames.ok()?.concat())
}

fn draft(parent: Option<NodeId>, name: &str, person: PersonId) -> Draft {
    Draft {
        parent,
        name: Name::parse(name).unwrap(),
        person,
    }
}

async fn folder(store: &Store, space: &Space, parent: Option<NodeId>, name: &str) -> Node {
    let draft = draft(parent, name, PersonId::new());
    let made = store
        .create_folder(&proof(space.clone()), &draft, NOW)
        .await;
    made.unwrap()
}

/// A file of one part, with these bytes.
async fn file(store: &Store, space: &Space, draft: &Draft, bytes: &'static [u8]) -> Node {
    let upload = uploads::sent(store, space, draft, bytes).await;
    uploads::commit(store, space, &upload).await
}

//! What only the store can show, on both databases.
#![expect(clippy::unwrap_used, reason = "tests")]

use preau_kernel::access::{
    Authorized, Caller, Facts, Grant, Principal, Relation, Role, Rule, Scope as On,
};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{AuthorityId, DeviceId, ObjectId, PersonId, SchoolId, SessionId};
use preau_storage_database::{Db, Scope, params, testing};

use super::{Change, MIGRATIONS, Store};
use crate::domain::{
    Announcement, AppId, Catalogue, Device, Line, MAX_APPS, MAX_PUBLISHERS, Manifest, Outcome,
    PublicKey, Publisher, Refusal, Release, Report, School, Signed, Version, desired_hash,
};
use crate::error::Error;

const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

async fn both(suite: impl AsyncFn(Store, Db)) {
    testing::both(&MIGRATIONS, async |db| {
        suite(Store::new(db.clone()), db).await;
    })
    .await;
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
            scope: On::Platform,
        }],
    };
    let rules = vec![Rule {
        roles: vec![Role::PlatformAdmin],
        relation: Relation::Platform,
    }];
    let caller = Caller::new(principal, rules, || {});
    caller.authorize(&Facts::default(), object).unwrap()
}

fn school() -> School {
    School {
        id: SchoolId::new(),
        authority: AuthorityId::new(),
    }
}

fn publisher(number: u32) -> Publisher {
    let mut key = [9; 32];
    key[..4].copy_from_slice(&number.to_be_bytes());
    Publisher {
        key: PublicKey::parse(&key).unwrap(),
        name: Line::label("Éditions").unwrap(),
        added_at: NOW,
    }
}

async fn add(store: &Store, publisher: &Publisher) -> Result<Publisher, Error> {
    let by = PersonId::new();
    store.add_publisher(&proof(Catalogue), publisher, by).await
}

/// A release that can be assigned, of a publisher who was added.
async fn available(store: &Store, app: &str) -> Release {
    add(store, &publisher(0)).await.unwrap();
    let manifest = Manifest {
        app: AppId::parse(app).unwrap(),
        name: Line::label("Géométrie").unwrap(),
        version: Version::parse("1").unwrap(),
        size: 3,
        sha256: [1; 32],
        blake3: [2; 32],
    };
    let signed = Signed {
        manifest: app.into(),
        signature: [3; 64],
    };
    let wanted = Release::announced(&manifest, signed, publisher(0).key.id(), NOW);
    let by = Announcement {
        by: PersonId::new(),
        at: NOW,
    };
    let catalogue = proof(Catalogue);
    let release = store.announce(&catalogue, &wanted, by, NOW).await.unwrap();
    let (id, object) = (release.id, ObjectId::new());
    let replaced = store.replace_object(id, None, Some((object, NOW))).await;
    assert!(replaced.unwrap());
    assert!(store.make_available(&catalogue, id, object).await.unwrap());
    store.release(id).await.unwrap().unwrap()
}

async fn assign(store: &Store, school: School, release: &Release) -> Result<Change, Error> {
    let by = PersonId::new();
    store.assign(&proof(school), release, by, NOW).await
}

#[tokio::test]
async fn a_school_has_no_more_apps_than_a_device_can_be_told_of() {
    both(async |store, _| {
        let school = school();
        let mut releases = Vec::new();
        for number in 0..=MAX_APPS {
            releases.push(available(&store, &format!("fr.example.app-{number:03}")).await);
        }
        let (last, first) = releases.split_last().unwrap();
        for release in first {
            assign(&store, school, release).await.unwrap();
        }
        let refused = assign(&store, school, last).await;
        assert!(
            matches!(refused, Err(Error::Refused(Refusal::TooManyApps))),
            "{refused:?}"
        );
        // One that is there already is no other.
        let again = assign(&store, school, &first[0]).await.unwrap();
        assert_eq!(again, Change::Unchanged);
        store.unassign(&proof(school), &first[0].app).await.unwrap();
        assign(&store, school, last).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn there_are_no_more_publishers_than_a_signature_can_be_tried_against() {
    both(async |store, _| {
        for number in 0..MAX_PUBLISHERS {
            add(&store, &publisher(number)).await.unwrap();
        }
        let refused = add(&store, &publisher(MAX_PUBLISHERS)).await;
        assert!(
            matches!(refused, Err(Error::Refused(Refusal::TooManyPublishers))),
            "{refused:?}"
        );
        add(&store, &publisher(0)).await.unwrap();
        let listed = store.publishers().await.unwrap();
        assert_eq!(listed.len(), MAX_PUBLISHERS as usize);
    })
    .await;
}

#[tokio::test]
async fn changes_of_a_school_at_once_are_counted_one_by_one_and_the_hash_is_the_last_ones() {
    both(async |store, _| {
        let school = school();
        let mut releases = Vec::new();
        for number in 0..6 {
            releases.push(available(&store, &format!("fr.example.app-{number}")).await);
        }
        let calls = releases
            .iter()
            .map(|release| assign(&store, school, release));
        let mut revisions = Vec::new();
        for change in futures::future::join_all(calls).await {
            match change.unwrap() {
                Change::Made(state) => revisions.push(state.revision),
                Change::Unchanged => panic!("every one is a change"),
            }
        }
        revisions.sort_unstable();
        assert_eq!(revisions, [1, 2, 3, 4, 5, 6]);
        let device = proof(Device {
            id: DeviceId::new(),
            school: school.id,
        });
        let wanted = store.wanted(&device).await.unwrap();
        assert_eq!(wanted.len(), 6);
        let stored = store.desired_hash(&device).await.unwrap();
        assert_eq!(stored, desired_hash(&wanted));
        let waiting = store.unannounced(None, 10).await.unwrap();
        assert_eq!(waiting.len(), 1);
        assert_eq!((waiting[0].1.hash, waiting[0].1.revision), (stored, 6));
    })
    .await;
}

#[tokio::test]
async fn an_announcement_that_was_overtaken_does_not_count() {
    both(async |store, _| {
        let school = school();
        let release = available(&store, "fr.example.app").await;
        assign(&store, school, &release).await.unwrap();
        store.unassign(&proof(school), &release.app).await.unwrap();
        store.announced(school.id, 1).await.unwrap();
        assert_eq!(store.unannounced(None, 10).await.unwrap().len(), 1);
        store.announced(school.id, 2).await.unwrap();
        store.announced(school.id, 1).await.unwrap();
        assert_eq!(store.unannounced(None, 10).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_release_is_made_available_by_the_object_it_is_uploading_into() {
    both(async |store, _| {
        let release = available(&store, "fr.example.app").await;
        let (id, catalogue) = (release.id, proof(Catalogue));
        let other = ObjectId::new();
        assert!(!store.make_available(&catalogue, id, other).await.unwrap());
        // It is available: nothing takes its object away.
        let present = release.available().unwrap();
        let replaced = store.replace_object(id, Some(present), None).await;
        assert!(!replaced.unwrap());
        assert_eq!(store.give_up(Timestamp(i64::MAX)).await.unwrap(), 0);
        assert_eq!(store.discarded(10).await.unwrap(), []);
        assert_eq!(store.release(id).await.unwrap(), Some(release));
    })
    .await;
}

#[tokio::test]
async fn row_level_security_shows_a_school_its_own_rows_and_the_catalogue() {
    let db = testing::postgres(&MIGRATIONS).await;
    let (store, school) = (Store::new(db.clone()), school());
    let release = available(&store, "fr.example.app").await;
    assign(&store, school, &release).await.unwrap();
    let report = Report {
        app: release.app.clone(),
        outcome: Outcome::Installed(release.id),
    };
    let device = proof(Device {
        id: DeviceId::new(),
        school: school.id,
    });
    store.report(&device, &report, "1", NOW).await.unwrap();
    let uploading = ObjectId::new();
    let mut tx = db.begin(Scope::Platform).await.unwrap();
    let sql = "INSERT INTO discarded_objects (object_id, tenant) VALUES ($1, 'platform')";
    tx.execute(sql, params![uploading.to_string()])
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let (own, other) = (school.id.to_string(), SchoolId::new().to_string());
    for (sql, in_own, in_other) in [
        ("SELECT COUNT(*) FROM assignments", 1, 0),
        ("SELECT COUNT(*) FROM desired_states", 1, 0),
        ("SELECT COUNT(*) FROM installations", 1, 0),
        ("SELECT COUNT(*) FROM releases", 1, 1),
        ("SELECT COUNT(*) FROM publishers", 1, 1),
        ("SELECT COUNT(*) FROM discarded_objects", 0, 0),
    ] {
        for (tenant, expected) in [(&own, in_own), (&other, in_other)] {
            let row = db.fetch_one(Scope::Tenant(tenant), sql, params![]).await;
            assert_eq!(row.unwrap().int(0).unwrap(), expected, "{sql}");
        }
        let row = db.fetch_one(Scope::Platform, sql, params![]).await;
        assert_eq!(row.unwrap().int(0).unwrap(), 1, "{sql}");
    }
    // Read, not written.
    let mut tx = db.begin(Scope::Tenant(&own)).await.unwrap();
    let changed = tx.execute("UPDATE releases SET state = 0", params![]).await;
    assert_eq!(changed.unwrap(), 0);
    drop(tx);
    db.close().await;
}

use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use preau_kernel::failure::Failure;
use preau_storage_database::{Scope, params, testing};
use preau_storage_vault::VaultError;

use super::{MIGRATIONS, NOW, Store, both, store};
use crate::domain::{Object, ObjectState, Owner};
use crate::error::Error;

const PART: usize = 1024;

fn apps() -> Owner {
    Owner::new("apps")
}

/// Bytes whose parts are all different.
fn bytes(parts: usize) -> Vec<u8> {
    let part = |index: usize| vec![u8::try_from(index % 251).unwrap(); PART];
    let mut bytes: Vec<u8> = (0..parts).flat_map(part).collect();
    bytes.extend(b"the end");
    bytes
}

async fn sent(store: &Store, bytes: &[u8]) -> Object {
    let size = u64::try_from(bytes.len()).unwrap();
    let object = store.create_object(&apps(), size, NOW).await.unwrap();
    for (index, part) in bytes.chunks(PART).enumerate() {
        put(store, &object, index, part).await.unwrap();
    }
    object
}

async fn put(store: &Store, object: &Object, index: usize, part: &[u8]) -> Result<u32, Error> {
    let index = u32::try_from(index).unwrap();
    let sha256 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, part);
    let sha256 = sha256.as_ref().try_into().unwrap();
    let data = Bytes::copy_from_slice(part);
    store.put_object_part(object, index, &sha256, data).await
}

async fn committed(store: &Store, bytes: &[u8]) -> Object {
    let object = sent(store, bytes).await;
    let hash = *blake3::hash(bytes).as_bytes();
    let committed = store.commit_object(&apps(), object.id, hash).await;
    committed.unwrap()
}

async fn read(store: &Store, object: &Object, offset: u64, length: Option<u64>) -> Vec<u8> {
    let stored = object.stored().unwrap();
    let frames = store.read_object(&stored, offset, length);
    let frames: Vec<_> = frames.try_collect().await.unwrap();
    frames.concat()
}

fn reason<T: std::fmt::Debug>(outcome: Result<T, Error>) -> &'static str {
    Failure::from(outcome.unwrap_err()).reason
}

#[tokio::test]
async fn an_object_is_read_back_whole_and_by_ranges() {
    both(async |store, _| {
        let data = bytes(3);
        let object = committed(&store, &data).await;
        assert_eq!(read(&store, &object, 0, None).await, data);
        assert_eq!(
            read(&store, &object, 1000, Some(100)).await,
            data[1000..1100]
        );
        assert_eq!(read(&store, &object, 3072, None).await, b"the end");
        assert_eq!(
            store.object(&apps(), object.id).await.unwrap(),
            Some(object)
        );
    })
    .await;
}

#[tokio::test]
async fn another_workload_finds_nothing_of_an_object() {
    both(async |store, _| {
        let data = bytes(1);
        let (object, other) = (sent(&store, &data).await, Owner::new("classroom"));
        let hash = *blake3::hash(&data).as_bytes();
        assert_eq!(store.object(&other, object.id).await.unwrap(), None);
        let refused = store.commit_object(&other, object.id, hash).await;
        assert_eq!(reason(refused), "NOT_FOUND");
        store.delete_object(&other, object.id).await.unwrap();

        let object = store.commit_object(&apps(), object.id, hash).await.unwrap();
        store.delete_object(&other, object.id).await.unwrap();
        assert_eq!(read(&store, &object, 0, None).await, data);
    })
    .await;
}

#[tokio::test]
async fn other_bytes_than_meant_are_not_committed() {
    both(async |store, _| {
        let data = bytes(2);
        let object = sent(&store, &data).await;
        let refused = store.commit_object(&apps(), object.id, [7; 32]).await;
        assert_eq!(reason(refused), "HASH_MISMATCH");
        let found = store.object(&apps(), object.id).await.unwrap().unwrap();
        assert_eq!(found.state, ObjectState::Open);

        let hash = *blake3::hash(&data).as_bytes();
        let first = store.commit_object(&apps(), object.id, hash).await.unwrap();
        let again = store.commit_object(&apps(), object.id, hash).await.unwrap();
        assert_eq!(first, again);
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_is_said_and_nothing_is_committed() {
    both(async |store, _| {
        let data = bytes(2);
        let object = store.create_object(&apps(), 2055, NOW).await.unwrap();
        put(&store, &object, 1, &data[PART..2 * PART])
            .await
            .unwrap();
        let progress = store.object_progress(&object).await.unwrap();
        assert_eq!(progress.missing, [(0, 1), (2, 1)]);
        let hash = *blake3::hash(&data).as_bytes();
        let refused = store.commit_object(&apps(), object.id, hash).await;
        assert_eq!(reason(refused), "PARTS_MISSING");
        let long = put(&store, &object, 0, &data[..=PART]).await;
        assert_eq!(reason(long), "PART_LENGTH_WRONG");
        let short = put(&store, &object, 2, b"the en").await;
        assert_eq!(reason(short), "PART_LENGTH_WRONG");
    })
    .await;
}

#[tokio::test]
async fn deleting_ends_a_read_and_leaves_nothing_behind() {
    both(async |store, db| {
        // More parts than a read looks up at once.
        let data = bytes(100);
        let object = committed(&store, &data).await;
        let mut frames = store.read_object(&object.stored().unwrap(), 0, None);
        let first = frames.try_next().await.unwrap().unwrap();
        assert_eq!(first, data[..PART]);

        store.delete_object(&apps(), object.id).await.unwrap();
        store.delete_object(&apps(), object.id).await.unwrap();
        let mut rest = Vec::new();
        let refused = loop {
            match frames.try_next().await {
                Ok(frame) => rest.extend(frame.expect("a read that ends early says so")),
                Err(error) => break error,
            }
        };
        assert_eq!(Failure::from(refused).reason, "NOT_FOUND");
        assert!(data[PART..].starts_with(&rest));
        for sql in [
            "SELECT COUNT(*) FROM objects",
            "SELECT COUNT(*) FROM vault_content",
            "SELECT COUNT(*) FROM vault_chunk",
        ] {
            let row = db.fetch_one(Scope::Platform, sql, params![]).await;
            assert_eq!(row.unwrap().int(0).unwrap(), 0, "{sql}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_open_object_is_given_up_with_its_parts() {
    both(async |store, db| {
        let object = sent(&store, &bytes(2)).await;
        store.delete_object(&apps(), object.id).await.unwrap();
        assert_eq!(store.object(&apps(), object.id).await.unwrap(), None);
        let late = put(&store, &object, 0, &bytes(2)[..PART]).await;
        assert!(
            matches!(
                late,
                Err(Error::Vault {
                    source: VaultError::UploadClosed,
                    ..
                })
            ),
            "{late:?}"
        );
        let sql = "SELECT COUNT(*) FROM vault_part";
        let row = db.fetch_one(Scope::Platform, sql, params![]).await;
        assert_eq!(row.unwrap().int(0).unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn the_sweep_forgets_what_was_never_committed_and_keeps_the_rest() {
    both(async |store, _| {
        let (open, kept) = (sent(&store, &bytes(1)).await, bytes(2));
        let kept_object = committed(&store, &kept).await;
        let day = Duration::from_secs(24 * 60 * 60);
        store.sweep(open.expires_at.plus(day)).await.unwrap();
        assert!(store.object(&apps(), open.id).await.unwrap().is_some());
        let late = open.expires_at.plus(day + Duration::from_micros(1));
        store.sweep(late).await.unwrap();
        assert_eq!(store.object(&apps(), open.id).await.unwrap(), None);
        assert_eq!(read(&store, &kept_object, 0, None).await, kept);
    })
    .await;
}

#[tokio::test]
async fn row_level_security_shows_objects_to_the_platform_alone() {
    let db = testing::postgres(&MIGRATIONS).await;
    let store = store(&db).await;
    sent(&store, &bytes(1)).await;
    let school = preau_kernel::ids::SchoolId::new().to_string();
    for (tenant, expected) in [("platform", 1), (school.as_str(), 0)] {
        let sql = "SELECT COUNT(*) FROM objects";
        let row = db.fetch_one(Scope::Tenant(tenant), sql, params![]).await;
        assert_eq!(row.unwrap().int(0).unwrap(), expected, "{tenant}");
    }
    db.close().await;
}

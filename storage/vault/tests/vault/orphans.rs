//! Objects that a crash left between the put and its row.

use bytes::Bytes;
use preau_storage_sites::{Fault, Operation, Site};

use crate::support::{HOUR, Rig, noise, on_both, small_parts};

const ORPHAN: &str = "c/00/00/00000000-0000-4000-8000-000000000000.ck";

#[tokio::test(flavor = "multi_thread")]
async fn an_object_without_a_row_is_deleted_only_after_a_whole_grace() {
    on_both(async |rig| {
        let data = noise(1, 5000);
        let content = rig.upload(&data).await;
        rig.memory
            .put_new(ORPHAN, Bytes::from_static(b"left behind"))
            .await
            .unwrap();
        rig.vault.sweep().await.unwrap();
        for _ in 0..3 {
            rig.advance(7 * HOUR);
            assert_eq!(rig.vault.sweep().await.unwrap().deleted_objects, 0);
        }
        rig.advance(7 * HOUR);
        let report = rig.vault.sweep().await.unwrap();
        assert_eq!((report.orphans, report.deleted_objects), (1, 1));
        assert_eq!(rig.memory.len(), 5);
        assert!(rig.read(&content.id).await.unwrap() == data);
        assert_eq!(rig.count("SELECT COUNT(*) FROM vault_orphan").await, 0);
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_not_an_object_of_the_vault_is_left_alone() {
    let rig = Rig::new(small_parts()).await;
    rig.memory
        .put_new("other/thing", Bytes::from_static(b"not ours"))
        .await
        .unwrap();
    for _ in 0..3 {
        rig.advance(30 * HOUR);
        rig.vault.sweep().await.unwrap();
    }
    assert_eq!(rig.memory.len(), 1);
}

#[tokio::test]
async fn more_orphans_than_a_page_are_all_found_among_the_living() {
    let rig = Rig::new(small_parts()).await;
    let data = noise(2, 40 * 1024);
    let content = rig.upload(&data).await;
    for n in 0..600 {
        let key = format!("c/{:02x}/00/orphan-{n}.ck", n % 256);
        rig.memory.put_new(&key, Bytes::new()).await.unwrap();
    }
    rig.vault.sweep().await.unwrap();
    rig.advance(25 * HOUR);
    let report = rig.vault.sweep().await.unwrap();
    assert_eq!((report.orphans, report.deleted_objects), (600, 600));
    assert_eq!(rig.memory.len(), 40);
    assert!(rig.read(&content.id).await.unwrap() == data);
}

#[tokio::test]
async fn a_site_that_cannot_be_listed_stops_the_scan_and_nothing_is_deleted() {
    let rig = Rig::new(small_parts()).await;
    rig.upload(&noise(3, 1024)).await;
    rig.faulty.script(Operation::List, [Fault::Io]);
    rig.vault.sweep().await.unwrap_err();
    assert_eq!(rig.memory.len(), 1);
    rig.vault.sweep().await.unwrap();
    rig.assert_sound().await;
}

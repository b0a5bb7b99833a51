//! What the test decorators do to a call, and what a folder does about an unfriendly file system.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::FutureExt;
use preau_storage_sites::{
    CountingSite, Fault, FaultySite, FolderSite, MemorySite, Operation, Site, SiteError,
};
use tokio::sync::Semaphore;

fn faulty() -> (Arc<MemorySite>, FaultySite) {
    let memory = Arc::new(MemorySite::new("memory"));
    (memory.clone(), FaultySite::new(memory))
}

#[tokio::test]
async fn scripted_faults_are_used_up_in_order_and_then_the_standing_one_applies() {
    let (memory, site) = faulty();
    site.script(Operation::Put, [Fault::Full, Fault::None, Fault::Io]);
    site.always(Operation::Put, Fault::Full);
    let put = |key: &'static str| site.put_new(key, Bytes::from_static(b"x"));
    assert!(matches!(put("a").await, Err(SiteError::Full { .. })));
    put("b").await.unwrap();
    assert!(matches!(put("c").await, Err(SiteError::Io { .. })));
    assert!(matches!(put("d").await, Err(SiteError::Full { .. })));
    assert_eq!(memory.len(), 1, "only the call that passed did anything");
}

#[tokio::test]
async fn a_lost_reply_leaves_the_object_behind() {
    let (memory, site) = faulty();
    site.script(Operation::Put, [Fault::LostReply]);
    let lost = site.put_new("a", Bytes::from_static(b"x")).await;
    assert!(matches!(lost, Err(SiteError::Io { .. })));
    assert_eq!(memory.head("a").await.unwrap(), 1);
}

#[tokio::test]
async fn corruption_flips_one_bit_of_one_answer() {
    let (_memory, site) = faulty();
    site.put_new("a", Bytes::from_static(b"abcd"))
        .await
        .unwrap();
    site.script(Operation::Get, [Fault::Corrupt(2)]);
    assert_eq!(site.get_range("a", 0..4).await.unwrap(), "abbd");
    assert_eq!(site.get_range("a", 0..4).await.unwrap(), "abcd");
}

#[tokio::test]
async fn a_held_call_waits_for_its_permit() {
    let (memory, site) = faulty();
    let gate = Arc::new(Semaphore::new(0));
    site.script(Operation::Put, [Fault::Hold(gate.clone())]);
    let mut put = site.put_new("a", Bytes::new());
    assert!((&mut put).now_or_never().is_none());
    assert!(memory.is_empty());
    gate.add_permits(1);
    put.await.unwrap();
    assert_eq!(memory.len(), 1);
}

#[tokio::test]
async fn a_held_reply_comes_after_the_deed() {
    let (memory, site) = faulty();
    let gate = Arc::new(Semaphore::new(0));
    site.script(Operation::Put, [Fault::HoldReply(gate.clone())]);
    let mut put = site.put_new("a", Bytes::new());
    assert!((&mut put).now_or_never().is_none());
    assert_eq!(memory.len(), 1);
    gate.add_permits(1);
    put.await.unwrap();
}

#[tokio::test]
async fn counting_counts_calls_and_bytes_moved() {
    let site = CountingSite::new(Arc::new(MemorySite::new("memory")));
    site.put_new("a", Bytes::from_static(b"abcd"))
        .await
        .unwrap();
    site.put_new("a", Bytes::from_static(b"abcd"))
        .await
        .unwrap_err();
    site.get_range("a", 1..3).await.unwrap();
    site.head("a").await.unwrap();
    site.list("", None, 1).await.unwrap();
    site.delete("a").await.unwrap();
    let counts = site.counts();
    assert_eq!((counts.puts, counts.bytes_put), (2, 4));
    assert_eq!((counts.gets, counts.bytes_got), (1, 2));
    assert_eq!((counts.heads, counts.lists, counts.deletes), (1, 1, 1));
}

#[tokio::test]
async fn a_memory_site_fills_up_and_has_room_again_after_a_delete() {
    let site = MemorySite::with_capacity("memory", 10);
    site.put_new("a", Bytes::from(vec![0; 8])).await.unwrap();
    let full = site.put_new("b", Bytes::from(vec![0; 3])).await;
    assert!(matches!(full, Err(SiteError::Full { .. })));
    site.delete("a").await.unwrap();
    site.put_new("b", Bytes::from(vec![0; 3])).await.unwrap();
}

#[tokio::test]
async fn a_folder_opened_again_has_its_objects_and_no_temporary_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/and/deep");
    let site = FolderSite::open("folder", &path, true).unwrap();
    site.put_new("c/00/11/a.ck", Bytes::from_static(b"abc"))
        .await
        .unwrap();
    let leftovers = fs::read_dir(path.join(".tmp")).unwrap().count();
    assert_eq!(leftovers, 0);
    let again = FolderSite::open("folder", &path, true).unwrap();
    assert_eq!(again.get_range("c/00/11/a.ck", 0..3).await.unwrap(), "abc");
}

#[tokio::test]
async fn opening_clears_what_dead_processes_left_half_written_but_not_what_is_being_written() {
    let directory = tempfile::tempdir().unwrap();
    FolderSite::open("folder", directory.path(), false).unwrap();
    let (old, young) = (
        directory.path().join(".tmp/old"),
        directory.path().join(".tmp/young"),
    );
    fs::write(&young, b"half").unwrap();
    let file = fs::File::create(&old).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(2 * 60 * 60))
        .unwrap();
    let site = FolderSite::open("folder", directory.path(), false).unwrap();
    assert!(!old.exists() && young.exists());
    assert!(
        site.list("", None, 9).await.unwrap().is_empty(),
        "temporary files are no objects"
    );
}

#[tokio::test]
async fn objects_are_for_their_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("site");
    let site = FolderSite::open("folder", &path, false).unwrap();
    site.put_new("c/a", Bytes::from_static(b"abc"))
        .await
        .unwrap();
    let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("c"), mode("c/a")), (0o700, 0o700, 0o600));
}

#[test]
fn a_folder_that_is_a_file_is_refused_by_name() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = FolderSite::open("folder", file.path(), true).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains(&file.path().display().to_string())
    );
}

//! Full disks, failing sites, lost replies, callers that go away: state unchanged, and trying again succeeds.

use std::sync::Arc;

use futures::FutureExt;
use preau_storage_database::testing::set_max_pages;
use preau_storage_sites::{Fault, FaultySite, MemorySite, Operation, Site};
use preau_storage_vault::{VaultConfig, VaultError};
use tokio::sync::Semaphore;

use crate::support::{HOUR, Rig, TENANT, create, noise, put, read, small_parts, upload};

#[tokio::test]
async fn a_site_that_fills_up_mid_upload_is_full_and_the_upload_goes_on_once_it_has_room() {
    let rig = Rig::new(small_parts()).await;
    let data = noise(1, 4 * 1024);
    let plan = rig.create(data.len()).await;
    rig.put(&plan, 0, &data[..1024]).await.unwrap();
    let before = rig.state(&plan).await.unwrap();
    rig.faulty.always(Operation::Put, Fault::Full);
    for _ in 0..2 {
        let full = rig.put(&plan, 1, &data[1024..2048]).await;
        assert!(matches!(full, Err(VaultError::Full)));
    }
    assert_eq!(rig.state(&plan).await.unwrap(), before);
    rig.assert_sound().await;
    rig.faulty.always(Operation::Put, Fault::None);
    for (index, part) in (0..).zip(data.chunks(1024)) {
        rig.put(&plan, index, part).await.unwrap();
    }
    let content = rig.commit(&plan).await.unwrap();
    assert!(rig.read(&content.id).await.unwrap() == data);
}

#[tokio::test]
async fn a_fault_at_any_put_of_an_upload_is_reported_and_repaired_by_sending_the_part_again() {
    for fault in [Fault::Full, Fault::Io, Fault::LostReply] {
        for failing in 0..4 {
            let rig = Rig::new(small_parts()).await;
            let data = noise(failing, 4 * 1024);
            let plan = rig.create(data.len()).await;
            for (index, part) in (0_u32..).zip(data.chunks(1024)) {
                if u64::from(index) == failing {
                    rig.faulty.script(Operation::Put, [fault.clone()]);
                    rig.put(&plan, index, part).await.unwrap_err();
                    assert_eq!(
                        rig.state(&plan).await.unwrap().missing,
                        [(index, 4 - index)]
                    );
                    rig.assert_sound().await;
                }
                rig.put(&plan, index, part).await.unwrap();
            }
            let content = rig.commit(&plan).await.unwrap();
            rig.vault.sweep().await.unwrap();
            assert_eq!(rig.memory.len(), 4, "what a lost reply left behind is gone");
            assert!(rig.read(&content.id).await.unwrap() == data);
            rig.assert_sound().await;
        }
    }
}

#[tokio::test]
async fn a_full_database_is_full_and_nothing_is_half_done() {
    let rig = Rig::new(small_parts()).await;
    let kept = rig.upload(&noise(1, 2048)).await;
    let plan = rig.create(300 * 1024).await;
    set_max_pages(&rig.db, 1).await.unwrap();
    let mut stored = 0;
    let full = loop {
        match rig
            .put(&plan, stored, &noise(u64::from(stored) + 10, 1024))
            .await
        {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, VaultError::Full), "{full:?}");
    assert_eq!(
        rig.state(&plan).await.unwrap().missing,
        [(stored, 300 - stored)]
    );
    assert_eq!(
        rig.read(&kept.id).await.unwrap(),
        noise(1, 2048),
        "what is stored stays readable"
    );
    rig.assert_sound().await;
    set_max_pages(&rig.db, u32::MAX).await.unwrap();
    rig.put(&plan, stored, &noise(u64::from(stored) + 10, 1024))
        .await
        .unwrap();
    rig.assert_sound().await;
}

#[tokio::test]
async fn a_site_that_cannot_be_read_is_an_error_and_reading_again_succeeds() {
    let rig = Rig::new(small_parts()).await;
    let data = noise(1, 3000);
    let content = rig.upload(&data).await;
    rig.faulty.script(Operation::Get, [Fault::None, Fault::Io]);
    assert!(matches!(
        rig.read(&content.id).await,
        Err(VaultError::Site(_))
    ));
    assert!(rig.read(&content.id).await.unwrap() == data);
}

#[tokio::test]
async fn a_caller_that_goes_away_after_the_put_leaves_an_upload_that_resumes_and_an_orphan_that_is_swept()
 {
    let rig = Rig::new(small_parts()).await;
    let data = noise(1, 1024);
    let plan = rig.create(data.len()).await;
    let never = Arc::new(Semaphore::new(0));
    rig.faulty.script(Operation::Put, [Fault::HoldReply(never)]);
    {
        let mut abandoned = Box::pin(rig.put(&plan, 0, &data));
        while rig.memory.is_empty() {
            assert!((&mut abandoned).now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(rig.state(&plan).await.unwrap().missing, [(0, 1)]);
    rig.put(&plan, 0, &data).await.unwrap();
    let content = rig.commit(&plan).await.unwrap();
    assert_eq!(rig.memory.len(), 2);
    rig.vault.sweep().await.unwrap();
    rig.advance(25 * HOUR);
    assert_eq!(rig.vault.sweep().await.unwrap().orphans, 1);
    assert_eq!(rig.memory.len(), 1);
    assert!(rig.read(&content.id).await.unwrap() == data);
    rig.assert_sound().await;
}

#[tokio::test]
async fn a_put_that_took_too_long_is_given_up_before_its_object_could_be_taken_for_an_orphan() {
    let rig = Rig::new(small_parts()).await;
    let plan = rig.create(5).await;
    let gate = Arc::new(Semaphore::new(0));
    rig.faulty
        .script(Operation::Put, [Fault::Hold(gate.clone())]);
    let (vault, slow) = (rig.vault.clone(), plan.clone());
    let put = tokio::spawn(async move { put(&vault, TENANT, &slow, 0, b"hello").await });
    while rig.counting.counts().puts == 0 {
        tokio::task::yield_now().await;
    }
    rig.advance(13 * HOUR);
    gate.add_permits(1);
    assert!(matches!(put.await.unwrap(), Err(VaultError::Interrupted)));
    assert_eq!(rig.put(&plan, 0, b"hello").await.unwrap(), 0);
    rig.vault.sweep().await.unwrap();
    assert_eq!(rig.memory.len(), 1);
    rig.assert_sound().await;
}

#[tokio::test]
async fn a_deletion_that_fails_is_tried_again_by_the_next_sweep() {
    let rig = Rig::new(small_parts()).await;
    let content = rig.upload(&noise(1, 3000)).await;
    rig.release(&content.id).await.unwrap();
    rig.faulty
        .script(Operation::Delete, [Fault::Io, Fault::LostReply]);
    let report = rig.vault.sweep().await.unwrap();
    assert_eq!((report.deleted_objects, report.failed_deletions), (1, 2));
    let report = rig.vault.sweep().await.unwrap();
    assert_eq!((report.deleted_objects, report.failed_deletions), (2, 0));
    assert!(rig.memory.is_empty());
    assert_eq!(rig.vault.sweep().await.unwrap().deleted_objects, 0);
}

/// Two sites, both durable before the acknowledgement.
async fn two_sites(rig: &Rig) -> (Arc<MemorySite>, Arc<FaultySite>, preau_storage_vault::Vault) {
    let memory = Arc::new(MemorySite::new("grenier"));
    let faulty = Arc::new(FaultySite::new(memory.clone()));
    let sites: Vec<Arc<dyn Site>> = vec![rig.counting.clone(), faulty.clone()];
    let config = VaultConfig {
        durable: 2,
        ..small_parts()
    };
    let vault = rig.with_sites(sites, config).await;
    (memory, faulty, vault)
}

#[tokio::test]
async fn with_two_sites_both_have_the_part_before_it_is_acknowledged() {
    let rig = Rig::new(small_parts()).await;
    let (other, faulty, vault) = two_sites(&rig).await;
    let plan = create(&vault, &rig.db, TENANT, 5).await.unwrap();
    faulty.script(Operation::Put, [Fault::Io]);
    assert!(matches!(
        put(&vault, TENANT, &plan, 0, b"hello").await,
        Err(VaultError::Site(_))
    ));
    assert_eq!(
        vault.state(TENANT, &plan.upload).await.unwrap().missing,
        [(0, 1)]
    );
    put(&vault, TENANT, &plan, 0, b"hello").await.unwrap();
    vault.sweep().await.unwrap();
    assert_eq!(
        (rig.memory.len(), other.len()),
        (1, 1),
        "the first attempt left nothing"
    );
    assert_eq!(vault.audit().await.unwrap(), []);
}

#[tokio::test]
async fn reads_fall_over_to_the_other_site() {
    let rig = Rig::new(small_parts()).await;
    let (_other, second, vault) = two_sites(&rig).await;
    let data = noise(1, 3000);
    let content = upload(&vault, &rig.db, TENANT, &data).await;
    for fault in [Fault::Io, Fault::Corrupt(60)] {
        rig.faulty.always(Operation::Get, fault);
        assert!(read(&vault, TENANT, &content.id, 0, None).await.unwrap() == data);
    }
    second.always(Operation::Get, Fault::Io);
    let worst = read(&vault, TENANT, &content.id, 0, None).await;
    assert!(matches!(worst, Err(VaultError::Corrupt { site, .. }) if site == "cave"));
}

#[tokio::test]
async fn a_placement_on_a_site_that_is_not_configured_is_named() {
    let rig = Rig::new(small_parts()).await;
    let content = rig.upload(b"hello").await;
    let elsewhere: Vec<Arc<dyn Site>> = vec![Arc::new(MemorySite::new("ailleurs"))];
    let vault = rig.with_sites(elsewhere, small_parts()).await;
    let refused = read(&vault, TENANT, &content.id, 0, None).await;
    assert!(
        matches!(refused, Err(VaultError::UnknownSite { site, part: 0, .. }) if site == "cave")
    );
}

//! From plan to content to nothing, on both databases.

use preau_storage_database::Scope;
use preau_storage_vault::VaultError;

use crate::support::{HOUR, Rig, TENANT, commit, create, noise, on_both, put, read};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_any_size_comes_back_with_its_own_blake3_hash() {
    on_both(async |rig| {
        for size in [0, 1, 1023, 1024, 1025, 2048, 3000, 4096, 9 * 1024 + 1] {
            let data = noise(size as u64, size);
            let content = rig.upload(&data).await;
            assert_eq!(content.size, size as u64);
            assert_eq!(content.blake3, *blake3::hash(&data).as_bytes(), "{size}");
            assert!(rig.read(&content.id).await.unwrap() == data, "{size}");
        }
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_arrive_in_any_order_and_each_answer_counts_what_is_missing() {
    on_both(async |rig| {
        let data = noise(1, 7 * 1024 + 100);
        let plan = rig.create(data.len()).await;
        assert_eq!((plan.part_size, plan.part_count), (1024, 8));
        let parts: Vec<&[u8]> = data.chunks(1024).collect();
        for (sent, index) in [7, 0, 3, 5, 1, 6, 2, 4].into_iter().enumerate() {
            let missing = rig.put(&plan, index, parts[index as usize]).await.unwrap();
            assert_eq!(missing as usize, 7 - sent);
        }
        let content = rig.commit(&plan).await.unwrap();
        assert!(rig.read(&content.id).await.unwrap() == data);
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_upload_tells_what_is_missing_and_resumes() {
    on_both(async |rig| {
        let data = noise(2, 10 * 1024);
        let plan = rig.create(data.len()).await;
        let parts: Vec<&[u8]> = data.chunks(1024).collect();
        assert_eq!(rig.state(&plan).await.unwrap().missing, [(0, 10)]);
        for index in [1, 4, 5, 9] {
            rig.put(&plan, index, parts[index as usize]).await.unwrap();
        }
        let gaps = vec![(0, 1), (2, 2), (6, 3)];
        let state = rig.state(&plan).await.unwrap();
        assert_eq!((&state.plan, &state.missing), (&plan, &gaps));
        let early = rig.commit(&plan).await;
        assert!(matches!(early, Err(VaultError::PartsMissing { missing }) if missing == gaps));
        for (first, count) in gaps {
            for index in first..first + count {
                rig.put(&plan, index, parts[index as usize]).await.unwrap();
            }
        }
        assert_eq!(rig.state(&plan).await.unwrap().missing, []);
        let content = rig.commit(&plan).await.unwrap();
        assert!(rig.read(&content.id).await.unwrap() == data);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_upload_states_what_is_missing_in_one_range() {
    on_both(async |rig| {
        let large = preau_storage_vault::VaultConfig::default();
        let vault = rig.with_sites(vec![rig.memory.clone()], large).await;
        let plan = create(&vault, &rig.db, TENANT, 1 << 40).await.unwrap();
        assert_eq!(plan.part_count, 524_288);
        put(&vault, TENANT, &plan, 262_144, &noise(1, 2 << 20))
            .await
            .unwrap();
        let state = vault.state(TENANT, &plan.upload).await.unwrap();
        assert_eq!(state.missing, [(0, 262_144), (262_145, 262_143)]);
        let over = create(&vault, &rig.db, TENANT, (1 << 40) + 1).await;
        assert!(matches!(over, Err(VaultError::TooLarge)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_a_part_again_changes_nothing() {
    on_both(async |rig| {
        let data = noise(3, 2048);
        let plan = rig.create(data.len()).await;
        for _ in 0..3 {
            assert_eq!(rig.put(&plan, 0, &data[..1024]).await.unwrap(), 1);
        }
        assert_eq!(rig.memory.len(), 1);
        assert_eq!(rig.count("SELECT COUNT(*) FROM vault_part").await, 1);
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn committing_again_gives_the_same_content() {
    on_both(async |rig| {
        let data = noise(4, 3000);
        let content = rig.upload(&data).await;
        let plan = rig.create(data.len()).await;
        for (index, part) in (0..).zip(data.chunks(1024)) {
            rig.put(&plan, index, part).await.unwrap();
        }
        let first = rig.commit(&plan).await.unwrap();
        assert_eq!(rig.commit(&plan).await.unwrap(), first);
        assert_ne!(
            first.id, content.id,
            "equal files are contents of their own"
        );
        assert_eq!(rig.state(&plan).await.unwrap().missing, []);
        let late = rig.put(&plan, 0, &data[..1024]).await;
        assert!(matches!(late, Err(VaultError::UploadClosed)));
        assert!(matches!(
            rig.abort(&plan).await,
            Err(VaultError::UploadClosed)
        ));
        assert!(rig.read(&first.id).await.unwrap() == data);
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_expects_another_hash_changes_nothing() {
    on_both(async |rig| {
        let data = noise(5, 2000);
        let plan = rig.create(data.len()).await;
        for (index, part) in (0..).zip(data.chunks(1024)) {
            rig.put(&plan, index, part).await.unwrap();
        }
        let wrong = commit(&rig.vault, &rig.db, TENANT, &plan, Some([0; 32])).await;
        assert!(matches!(wrong, Err(VaultError::FileHashMismatch)));
        assert_eq!(rig.count("SELECT COUNT(*) FROM vault_content").await, 0);
        let right = *blake3::hash(&data).as_bytes();
        commit(&rig.vault, &rig.db, TENANT, &plan, Some(right))
            .await
            .unwrap();
        let again = commit(&rig.vault, &rig.db, TENANT, &plan, Some([0; 32])).await;
        assert!(matches!(again, Err(VaultError::FileHashMismatch)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_callers_transaction_rolls_back_has_not_happened() {
    on_both(async |rig| {
        let mut tx = rig.db.begin(Scope::Tenant(TENANT)).await.unwrap();
        let plan = rig.vault.create(&mut tx, TENANT, 10).await.unwrap();
        drop(tx);
        assert!(matches!(
            rig.state(&plan).await,
            Err(VaultError::NoSuchUpload)
        ));

        let plan = rig.create(10).await;
        rig.put(&plan, 0, b"0123456789").await.unwrap();
        let mut tx = rig.db.begin(Scope::Tenant(TENANT)).await.unwrap();
        rig.vault
            .commit(&mut tx, TENANT, &plan.upload, None)
            .await
            .unwrap();
        drop(tx);
        let content = rig.commit(&plan).await.unwrap();

        let mut tx = rig.db.begin(Scope::Tenant(TENANT)).await.unwrap();
        rig.vault
            .release(&mut tx, TENANT, &content.id)
            .await
            .unwrap();
        drop(tx);
        assert_eq!(rig.read(&content.id).await.unwrap(), b"0123456789");
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aborting_frees_everything_and_can_be_repeated() {
    on_both(async |rig| {
        let data = noise(6, 4096);
        let plan = rig.create(data.len()).await;
        for index in [0, 2] {
            let start = index as usize * 1024;
            rig.put(&plan, index, &data[start..start + 1024])
                .await
                .unwrap();
        }
        rig.abort(&plan).await.unwrap();
        rig.abort(&plan).await.unwrap();
        assert_eq!(
            rig.count("SELECT COUNT(*) FROM vault_chunk").await,
            0,
            "the salts are gone at once"
        );
        assert!(matches!(
            rig.put(&plan, 1, &data[..1024]).await,
            Err(VaultError::UploadClosed)
        ));
        assert!(matches!(
            rig.commit(&plan).await,
            Err(VaultError::UploadClosed)
        ));
        assert!(matches!(
            rig.state(&plan).await,
            Err(VaultError::UploadClosed)
        ));
        assert_eq!(rig.vault.sweep().await.unwrap().deleted_objects, 2);
        assert!(rig.memory.is_empty());
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_expires_after_48_hours_and_the_sweep_removes_it() {
    on_both(async |rig| {
        let data = noise(7, 2048);
        let plan = rig.create(data.len()).await;
        rig.put(&plan, 0, &data[..1024]).await.unwrap();
        rig.advance(47 * HOUR);
        assert_eq!(rig.vault.sweep().await.unwrap().expired_uploads, 0);
        rig.put(&plan, 1, &data[1024..]).await.unwrap();
        rig.advance(HOUR);
        assert!(matches!(
            rig.put(&plan, 0, &data[..1024]).await,
            Err(VaultError::UploadExpired)
        ));
        assert!(matches!(
            rig.commit(&plan).await,
            Err(VaultError::UploadExpired)
        ));
        assert!(matches!(
            rig.state(&plan).await,
            Err(VaultError::UploadExpired)
        ));
        let report = rig.vault.sweep().await.unwrap();
        assert_eq!((report.expired_uploads, report.deleted_objects), (1, 2));
        assert!(rig.memory.is_empty());
        assert!(matches!(
            rig.state(&plan).await,
            Err(VaultError::NoSuchUpload)
        ));
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_committed_file_outlives_its_uploads_expiry() {
    on_both(async |rig| {
        let data = noise(8, 2048);
        let content = rig.upload(&data).await;
        rig.advance(1000 * HOUR);
        assert_eq!(rig.vault.sweep().await.unwrap().expired_uploads, 1);
        assert!(rig.read(&content.id).await.unwrap() == data);
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn releasing_shreds_at_once_and_deletes_at_the_next_sweep() {
    on_both(async |rig| {
        let content = rig.upload(&noise(9, 3000)).await;
        let kept = rig.upload(&noise(10, 1000)).await;
        rig.release(&content.id).await.unwrap();
        rig.release(&content.id).await.unwrap();
        assert!(matches!(
            rig.read(&content.id).await,
            Err(VaultError::NoSuchContent)
        ));
        assert_eq!(rig.count("SELECT COUNT(*) FROM vault_chunk").await, 1);
        assert_eq!(rig.memory.len(), 4);
        assert_eq!(rig.vault.sweep().await.unwrap().deleted_objects, 3);
        assert_eq!(rig.memory.len(), 1);
        assert_eq!(rig.read(&kept.id).await.unwrap(), noise(10, 1000));
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tenants_uploads_and_contents_do_not_exist_for_another() {
    on_both(async |rig| {
        let plan = rig.create(5).await;
        let other = "nantes";
        let put = put(&rig.vault, other, &plan, 0, b"hello").await;
        assert!(matches!(put, Err(VaultError::NoSuchUpload)));
        assert!(matches!(
            rig.vault.state(other, &plan.upload).await,
            Err(VaultError::NoSuchUpload)
        ));
        let committed = commit(&rig.vault, &rig.db, other, &plan, None).await;
        assert!(matches!(committed, Err(VaultError::NoSuchUpload)));
        let content = rig.upload(b"hello").await;
        let stolen = read(&rig.vault, other, &content.id, 0, None).await;
        assert!(matches!(stolen, Err(VaultError::NoSuchContent)));
        let mut tx = rig.db.begin(Scope::Tenant(other)).await.unwrap();
        rig.vault
            .release(&mut tx, other, &content.id)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(rig.read(&content.id).await.unwrap(), b"hello");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_is_there_when_the_vault_is_opened_again() {
    on_both(async |rig| {
        let data = noise(11, 3000);
        let content = rig.upload(&data).await;
        let again = rig
            .with_sites(vec![rig.memory.clone()], crate::support::small_parts())
            .await;
        assert!(read(&again, TENANT, &content.id, 0, None).await.unwrap() == data);
    })
    .await;
}

#[tokio::test]
async fn a_changed_part_size_leaves_older_uploads_and_contents_as_they_were() {
    let rig = Rig::new(crate::support::small_parts()).await;
    let data = noise(12, 5000);
    let old = rig.upload(&data).await;
    let begun = rig.create(data.len()).await;
    let mut config = crate::support::small_parts();
    config.part_size = 4096;
    let vault = rig.with_sites(vec![rig.memory.clone()], config).await;
    assert!(
        read(&vault, TENANT, &old.id, 1000, Some(2000))
            .await
            .unwrap()
            == data[1000..3000]
    );
    for (index, part) in (0..).zip(data.chunks(1024)) {
        put(&vault, TENANT, &begun, index, part).await.unwrap();
    }
    let content = commit(&vault, &rig.db, TENANT, &begun, Some(old.blake3))
        .await
        .unwrap();
    assert!(read(&vault, TENANT, &content.id, 0, None).await.unwrap() == data);
    assert_eq!(
        create(&vault, &rig.db, TENANT, 5000)
            .await
            .unwrap()
            .part_count,
        2
    );
}

//! Many at once, on both databases: whatever the order, the invariants hold and what was acknowledged is there.

use std::sync::Arc;

use futures::future::{join, join_all};
use preau_storage_database::{Scope, params, testing};
use preau_storage_vault::VaultError;

use crate::support::{
    MIGRATIONS, Rig, TENANT, commit, create, noise, on_both, put, read, small_parts, upload,
};

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_parts_sent_twice_each_at_the_same_time_make_one_file() {
    on_both(async |rig| {
        let data = noise(1, 64 * 1024);
        let plan = rig.create(data.len()).await;
        let puts = (0..128_u32).map(|n| {
            let (vault, plan, index) = (rig.vault.clone(), plan.clone(), n % 64);
            let part = data[index as usize * 1024..][..1024].to_vec();
            tokio::spawn(async move { put(&vault, TENANT, &plan, index, &part).await })
        });
        for result in join_all(puts).await {
            result.unwrap().unwrap();
        }
        let content = rig.commit(&plan).await.unwrap();
        assert!(rig.read(&content.id).await.unwrap() == data);
        rig.assert_sound().await;
        rig.vault.sweep().await.unwrap();
        assert_eq!(rig.memory.len(), 64, "the losers' objects are gone");
        assert!(rig.read(&content.id).await.unwrap() == data);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_different_bytes_racing_for_one_index_exactly_one_is_acknowledged() {
    on_both(async |rig| {
        for round in 0..10 {
            let plan = rig.create(1000).await;
            let puts = (0..6).map(|n| {
                let (vault, plan) = (rig.vault.clone(), plan.clone());
                let data = noise(round * 10 + n, 1000);
                tokio::spawn(async move { (put(&vault, TENANT, &plan, 0, &data).await, data) })
            });
            let mut acknowledged = Vec::new();
            for result in join_all(puts).await {
                match result.unwrap() {
                    (Ok(missing), data) => {
                        assert_eq!(missing, 0);
                        acknowledged.push(data);
                    }
                    (Err(error), _) => {
                        assert!(matches!(error, VaultError::PartConflict { index: 0 }))
                    }
                }
            }
            assert_eq!(acknowledged.len(), 1);
            let content = rig.commit(&plan).await.unwrap();
            assert!(rig.read(&content.id).await.unwrap() == acknowledged[0]);
        }
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_at_the_same_time_give_one_content() {
    on_both(async |rig| {
        let rig = Arc::new(rig);
        let plan = rig.create(5).await;
        rig.put(&plan, 0, b"hello").await.unwrap();
        let commits = (0..8).map(|_| {
            let (rig, plan) = (rig.clone(), plan.clone());
            tokio::spawn(async move { rig.commit(&plan).await })
        });
        let contents = join_all(commits).await;
        let first = rig.commit(&plan).await.unwrap();
        for content in contents {
            assert_eq!(content.unwrap().unwrap(), first);
        }
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_commit_and_abort_exactly_one_happens() {
    on_both(async |rig| {
        for round in 0..40 {
            let data = noise(round, 3000);
            let plan = rig.create(data.len()).await;
            for (index, part) in (0..).zip(data.chunks(1024)) {
                rig.put(&plan, index, part).await.unwrap();
            }
            match join(rig.commit(&plan), rig.abort(&plan)).await {
                (Ok(content), Err(VaultError::UploadClosed)) => {
                    assert!(rig.read(&content.id).await.unwrap() == data);
                }
                (Err(VaultError::UploadClosed), Ok(())) => {}
                other => panic!("{other:?}"),
            }
            rig.assert_sound().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_arrive_while_the_upload_is_aborted_leave_nothing_behind() {
    on_both(async |rig| {
        for round in 0..10 {
            let plan = rig.create(8 * 1024).await;
            let puts = join_all((0..8).map(|index| {
                let (vault, plan) = (rig.vault.clone(), plan.clone());
                async move {
                    let part = noise(round * 10 + u64::from(index), 1024);
                    put(&vault, TENANT, &plan, index, &part).await
                }
            }));
            let (results, aborted) = join(puts, rig.abort(&plan)).await;
            aborted.unwrap();
            let fair = |result: &Result<u32, VaultError>| {
                matches!(result, Ok(_) | Err(VaultError::UploadClosed))
            };
            assert!(results.iter().all(fair), "{results:?}");
            rig.assert_sound().await;
        }
        rig.vault.sweep().await.unwrap();
        assert!(rig.memory.is_empty());
    })
    .await;
}

/// The race that would lose data if a release did not see a reference being added.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_begins_to_share_a_chunk_being_released_is_never_lost() {
    on_both(async |rig| {
        let rig = Arc::new(rig);
        for round in 0..20 {
            let data = noise(round, 3 * 1024);
            let old = rig.upload(&data).await;
            let releasing = {
                let (rig, id) = (rig.clone(), old.id.clone());
                tokio::spawn(async move { rig.release(&id).await })
            };
            let new = upload(&rig.vault, &rig.db, TENANT, &data).await.id;
            releasing.await.unwrap().unwrap();
            rig.vault.sweep().await.unwrap();
            let got = read(&rig.vault, TENANT, &new, 0, None).await.unwrap();
            assert!(got == data, "round {round}");
            rig.assert_sound().await;
        }
    })
    .await;
}

/// The same race in its worst order, which PostgreSQL allows: the release looks for references while one is being added.
#[tokio::test(flavor = "multi_thread")]
async fn a_release_waits_for_a_reference_that_is_being_added_and_then_spares_the_chunk() {
    let db = testing::postgres(&MIGRATIONS).await;
    let rig = Arc::new(Rig::over(db, small_parts()).await);
    let old = rig.upload(&noise(1, 1024)).await;
    let plan = rig.create(1024).await;

    let mut adding = rig.db.begin(Scope::Tenant(TENANT)).await.unwrap();
    for sql in [
        "UPDATE vault_upload SET received = 1 WHERE id = $1",
        "UPDATE vault_chunk SET state = 0 WHERE $1 <> ''",
        "INSERT INTO vault_part (content, idx, tenant, chunk, len, cv)
         SELECT u.content, 0, p.tenant, p.chunk, p.len, p.cv FROM vault_part p, vault_upload u WHERE u.id = $1",
    ] {
        assert_eq!(adding.execute(sql, params![&plan.upload]).await.unwrap(), 1);
    }
    let releasing = {
        let rig = rig.clone();
        tokio::spawn(async move { rig.release(&old.id).await })
    };
    let waiting = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'tuple' AND relation = 'vault_chunk'::regclass";
    while rig.count(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
    adding.commit().await.unwrap();
    releasing.await.unwrap().unwrap();

    rig.vault.sweep().await.unwrap();
    let content = rig.commit(&plan).await.unwrap();
    assert!(rig.read(&content.id).await.unwrap() == noise(1, 1024));
    rig.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_of_the_same_file_by_several_at_once_are_all_whole() {
    on_both(async |rig| {
        let data = Arc::new(noise(1, 6 * 1024));
        let uploads = (0..6).map(|_| {
            let (vault, db, data) = (rig.vault.clone(), rig.db.clone(), data.clone());
            tokio::spawn(async move { upload(&vault, &db, TENANT, &data).await })
        });
        let contents = join_all(uploads).await;
        rig.vault.sweep().await.unwrap();
        for content in contents {
            assert!(rig.read(&content.unwrap().id).await.unwrap() == *data);
        }
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn first_uploads_of_a_tenant_at_the_same_time_share_one_key() {
    on_both(async |rig| {
        let creates = (0..8).map(|_| {
            let (vault, db) = (rig.vault.clone(), rig.db.clone());
            tokio::spawn(async move {
                let plan = create(&vault, &db, "lyon", 5).await.unwrap();
                put(&vault, "lyon", &plan, 0, b"hello").await.unwrap();
                commit(&vault, &db, "lyon", &plan, None).await.unwrap()
            })
        });
        for content in join_all(creates).await {
            let content = content.unwrap();
            assert_eq!(
                read(&rig.vault, "lyon", &content.id, 0, None)
                    .await
                    .unwrap(),
                b"hello"
            );
        }
        assert_eq!(rig.count("SELECT COUNT(*) FROM vault_tenant_key").await, 1);
    })
    .await;
}

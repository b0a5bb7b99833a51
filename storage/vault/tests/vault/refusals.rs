//! Bad input: a specific error, and nothing has changed.

use bytes::Bytes;
use preau_storage_seal::Kek;
use preau_storage_vault::{Vault, VaultConfig, VaultError};

use crate::support::{Rig, TENANT, kek, noise, on_both, sha256, small_parts, standing_clock};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_part_is_named_and_leaves_the_upload_as_it_was() {
    on_both(async |rig| {
        let data = noise(1, 2500);
        let plan = rig.create(data.len()).await;
        rig.put(&plan, 0, &data[..1024]).await.unwrap();
        let before = rig.state(&plan).await.unwrap();
        let part = &data[1024..2048];
        let put = async |index, sha256: &[u8], data: &[u8]| {
            let data = Bytes::copy_from_slice(data);
            rig.vault
                .put_part(TENANT, &plan.upload, index, sha256, data)
                .await
                .unwrap_err()
        };
        let right = sha256(part);
        assert!(matches!(
            put(3, &right, part).await,
            VaultError::WrongIndex { index: 3, count: 3 }
        ));
        assert!(matches!(
            put(u32::MAX, &right, part).await,
            VaultError::WrongIndex { .. }
        ));
        let short = put(1, &right, &part[1..]).await;
        assert!(matches!(
            short,
            VaultError::WrongLength {
                index: 1,
                expected: 1024,
                got: 1023
            }
        ));
        let long = put(2, &right, part).await;
        assert!(matches!(
            long,
            VaultError::WrongLength {
                index: 2,
                expected: 452,
                got: 1024
            }
        ));
        assert!(matches!(
            put(1, &right, &[]).await,
            VaultError::WrongLength { .. }
        ));
        assert!(matches!(
            put(1, &[0; 32], part).await,
            VaultError::WrongHash { index: 1 }
        ));
        assert!(matches!(
            put(1, &right[..31], part).await,
            VaultError::WrongHash { index: 1 }
        ));
        assert!(matches!(
            put(1, &[], part).await,
            VaultError::WrongHash { index: 1 }
        ));
        assert_eq!(rig.state(&plan).await.unwrap(), before);
        assert_eq!(rig.memory.len(), 1);
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bytes_for_a_stored_part_are_a_conflict_and_the_first_stay() {
    on_both(async |rig| {
        let (first, other) = (noise(1, 1024), noise(2, 1024));
        let plan = rig.create(1024).await;
        rig.put(&plan, 0, &first).await.unwrap();
        let refused = rig.put(&plan, 0, &other).await;
        assert!(matches!(
            refused,
            Err(VaultError::PartConflict { index: 0 })
        ));
        let content = rig.commit(&plan).await.unwrap();
        assert!(rig.read(&content.id).await.unwrap() == first);
        assert_eq!(rig.memory.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_upload_is_no_such_upload_to_every_method() {
    on_both(async |rig| {
        let mut plan = rig.create(10).await;
        for id in [
            "",
            "nonsense",
            "0190d3c2-7b1e-7c3a-9f00-000000000000",
            "' OR 1=1 --",
        ] {
            plan.upload = id.to_owned();
            assert!(matches!(
                rig.put(&plan, 0, b"0123456789").await,
                Err(VaultError::NoSuchUpload)
            ));
            assert!(matches!(
                rig.state(&plan).await,
                Err(VaultError::NoSuchUpload)
            ));
            assert!(matches!(
                rig.commit(&plan).await,
                Err(VaultError::NoSuchUpload)
            ));
            assert!(matches!(
                rig.abort(&plan).await,
                Err(VaultError::NoSuchUpload)
            ));
        }
    })
    .await;
}

#[tokio::test]
async fn another_key_file_stops_the_start() {
    let rig = Rig::new(small_parts()).await;
    rig.upload(b"hello").await;
    let open = async |kek| {
        let sites = vec![rig.memory.clone() as _];
        Vault::open(rig.db.clone(), sites, kek, small_parts(), standing_clock()).await
    };
    let refused = open(Kek::from_bytes([6; 32])).await;
    assert!(matches!(refused, Err(VaultError::Key { tenant, .. }) if tenant == TENANT));
    open(kek()).await.unwrap();
}

#[tokio::test]
async fn a_configuration_that_cannot_work_stops_the_start() {
    let rig = Rig::new(small_parts()).await;
    let open = async |config, names: usize| {
        let sites = (0..names).map(|_| rig.memory.clone() as _).collect();
        let opened = Vault::open(rig.db.clone(), sites, kek(), config, standing_clock()).await;
        opened.map(|_| ()).map_err(|error| error.to_string())
    };
    let config = |change: fn(&mut VaultConfig)| {
        let mut config = small_parts();
        change(&mut config);
        config
    };
    for bad in [0, 512, 1000, 1025, 4 << 20] {
        let mut config = small_parts();
        config.part_size = bad;
        assert!(
            open(config, 1).await.unwrap_err().contains("part_size"),
            "{bad}"
        );
    }
    assert!(
        open(config(|c| c.max_size = u64::MAX), 1)
            .await
            .unwrap_err()
            .contains("max_size")
    );
    assert!(
        open(config(|c| c.durable = 0), 1)
            .await
            .unwrap_err()
            .contains("durable")
    );
    assert!(
        open(config(|c| c.durable = 2), 1)
            .await
            .unwrap_err()
            .contains("durable")
    );
    assert!(
        open(small_parts(), 0)
            .await
            .unwrap_err()
            .contains("durable")
    );
    assert!(
        open(small_parts(), 2)
            .await
            .unwrap_err()
            .contains("same name")
    );
    open(VaultConfig::default(), 1).await.unwrap();
}

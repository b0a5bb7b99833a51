//! A record that is not what was stored is detected, named, and never served.

use preau_storage_sites::{Fault, Operation, Site};
use preau_storage_vault::{VaultConfig, VaultError};

use crate::support::{Rig, TENANT, noise, read_until_error, small_parts};

/// Each object's name with the index of the part it holds.
async fn objects(rig: &Rig, content: &str) -> Vec<String> {
    let sql = "SELECT l.object FROM vault_part p JOIN vault_placement l ON l.chunk = p.chunk
        WHERE p.content = $1 ORDER BY p.idx";
    let params = [content.into()];
    let rows = rig
        .db
        .fetch_all(preau_storage_database::Scope::Platform, sql, &params)
        .await;
    rows.unwrap()
        .iter()
        .map(|row| row.text(0).unwrap())
        .collect()
}

async fn assert_corrupt(rig: &Rig, content: &str, data: &[u8], bad_part: u32) {
    let (bytes, error) = read_until_error(&rig.vault, TENANT, content, 0, None).await;
    match error {
        Some(VaultError::Corrupt {
            content: named,
            part,
            site,
            ..
        }) => {
            assert_eq!(
                (named.as_str(), part, site.as_str()),
                (content, bad_part, "cave")
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(
        data.starts_with(&bytes),
        "a byte was served that was never stored"
    );
    assert!(bytes.len() <= bad_part as usize * 1024);
}

#[tokio::test]
async fn a_bit_flipped_anywhere_in_a_stored_record_is_named_and_never_served() {
    let rig = Rig::new(small_parts()).await;
    let data = noise(1, 3000);
    let content = rig.upload(&data).await;
    let objects = objects(&rig, &content.id).await;
    let length = rig.memory.head(&objects[1]).await.unwrap() as usize;
    for at in (0..length).step_by(37).chain([length - 1]) {
        assert!(rig.memory.tamper(&objects[1], |bytes| bytes[at] ^= 4));
        assert_corrupt(&rig, &content.id, &data, 1).await;
        rig.memory.tamper(&objects[1], |bytes| bytes[at] ^= 4);
    }
    assert!(rig.read(&content.id).await.unwrap() == data);
}

#[tokio::test]
async fn a_record_cut_short_emptied_swapped_or_lost_is_named() {
    let rig = Rig::new(small_parts()).await;
    let data = noise(2, 3000);
    let content = rig.upload(&data).await;
    let objects = objects(&rig, &content.id).await;
    let original = rig.memory.get_range(&objects[1], 0..1088).await.unwrap();
    let other = rig.memory.get_range(&objects[0], 0..1088).await.unwrap();
    for bad in [
        original.slice(..1087),
        original.slice(..10),
        original.slice(..0),
        other,
    ] {
        rig.memory
            .tamper(&objects[1], |bytes| *bytes = bad.to_vec());
        assert_corrupt(&rig, &content.id, &data, 1).await;
    }
    rig.memory.delete(&objects[1]).await.unwrap();
    assert_corrupt(&rig, &content.id, &data, 1).await;
    assert_eq!(
        rig.vault.audit().await.unwrap()[0].invariant,
        "V-1",
        "the audit sees it too"
    );
    rig.memory.put_new(&objects[1], original).await.unwrap();
    assert!(rig.read(&content.id).await.unwrap() == data);
}

#[tokio::test]
async fn sound_parts_of_a_damaged_file_can_still_be_read() {
    let rig = Rig::new(small_parts()).await;
    let data = noise(3, 3000);
    let content = rig.upload(&data).await;
    let objects = objects(&rig, &content.id).await;
    rig.memory.tamper(&objects[1], |bytes| bytes[500] ^= 1);
    for (offset, length) in [(0, 1024), (2048, 952)] {
        let range = offset as usize..(offset + length) as usize;
        let got = crate::support::read(&rig.vault, TENANT, &content.id, offset, Some(length)).await;
        assert!(got.unwrap() == data[range]);
    }
}

#[tokio::test]
async fn bytes_damaged_on_the_way_from_the_site_are_not_served() {
    let rig = Rig::new(VaultConfig::default()).await;
    let data = noise(4, 300_000);
    let content = rig.upload(&data).await;
    for at in [0, 20, 47, 48, 65_599, 65_600, 200_000] {
        rig.faulty.script(Operation::Get, [Fault::Corrupt(at)]);
        let (bytes, error) = read_until_error(&rig.vault, TENANT, &content.id, 0, None).await;
        assert!(bytes.is_empty());
        assert!(
            matches!(error, Some(VaultError::Corrupt { part: 0, .. })),
            "byte {at}"
        );
    }
    assert!(rig.read(&content.id).await.unwrap() == data);
}

#[tokio::test]
async fn a_damaged_record_is_never_shared_with_a_new_upload_of_the_same_bytes() {
    let rig = Rig::new(small_parts()).await;
    let data = noise(5, 1024);
    let old = rig.upload(&data).await;
    rig.memory
        .tamper(&objects(&rig, &old.id).await[0], |bytes| bytes[100] ^= 1);
    let new = rig.upload(&data).await;
    assert!(rig.read(&new.id).await.unwrap() == data);
    assert!(matches!(
        rig.read(&old.id).await,
        Err(VaultError::Corrupt { .. })
    ));
    let third = rig.upload(&data).await;
    assert_eq!(rig.memory.len(), 2, "later uploads share the sound one");
    assert!(rig.read(&third.id).await.unwrap() == data);
    rig.assert_sound().await;
}

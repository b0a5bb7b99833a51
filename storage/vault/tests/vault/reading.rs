//! Ranges, frames, and how much is fetched for them.

use futures::StreamExt;
use preau_storage_vault::{MAX_FRAME, VaultConfig, VaultError};

use crate::support::{Rig, TENANT, noise, on_both, read, small_parts};

const MIB: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn any_range_is_the_same_bytes_as_of_the_whole() {
    on_both(async |rig| {
        let data = noise(1, 5 * 1024 + 300);
        let content = rig.upload(&data).await;
        let size = data.len() as u64;
        let marks = [0, 1, 1023, 1024, 1025, 3000, 5119, 5120, size - 1, size];
        for offset in marks {
            for length in [
                Some(0),
                Some(1),
                Some(1024),
                Some(2500),
                Some(size),
                Some(u64::MAX),
                None,
            ] {
                let end = length.map_or(size, |length| offset.saturating_add(length).min(size));
                let got = read(&rig.vault, TENANT, &content.id, offset, length)
                    .await
                    .unwrap();
                assert!(
                    got == data[offset as usize..end as usize],
                    "{offset} {length:?}"
                );
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_past_the_end_and_an_unknown_content_are_told_apart() {
    on_both(async |rig| {
        let content = rig.upload(b"hello").await;
        let past = read(&rig.vault, TENANT, &content.id, 6, None).await;
        assert!(matches!(past, Err(VaultError::OutOfRange)));
        assert_eq!(
            read(&rig.vault, TENANT, &content.id, 5, None)
                .await
                .unwrap(),
            b""
        );
        let unknown = read(&rig.vault, TENANT, "unknown", 0, None).await;
        assert!(matches!(unknown, Err(VaultError::NoSuchContent)));
        let empty = rig.upload(b"").await;
        assert_eq!(
            read(&rig.vault, TENANT, &empty.id, 0, None).await.unwrap(),
            b""
        );
        let past = read(&rig.vault, TENANT, &empty.id, 1, None).await;
        assert!(matches!(past, Err(VaultError::OutOfRange)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_more_parts_than_a_page_of_rows_streams_without_gap() {
    on_both(async |rig| {
        let data = noise(2, 150 * 1024 + 7);
        let content = rig.upload(&data).await;
        assert!(rig.read(&content.id).await.unwrap() == data);
        let tail = read(&rig.vault, TENANT, &content.id, 63 * 1024 + 5, None)
            .await
            .unwrap();
        assert!(tail == data[63 * 1024 + 5..]);
    })
    .await;
}

#[tokio::test]
async fn frames_are_small_and_none_is_empty() {
    let rig = Rig::new(VaultConfig::default()).await;
    let data = noise(3, 4 * MIB + 5);
    let content = rig.upload(&data).await;
    let mut frames = rig.vault.read(TENANT, &content.id, 0, None);
    let mut bytes = Vec::new();
    while let Some(frame) = frames.next().await {
        let frame = frame.unwrap();
        assert!((1..=MAX_FRAME).contains(&frame.len()));
        bytes.extend(frame);
    }
    assert!(bytes == data);
}

#[tokio::test]
async fn a_short_range_fetches_the_header_and_its_segments_only() {
    let rig = Rig::new(VaultConfig::default()).await;
    let data = noise(4, 5 * MIB);
    let content = rig.upload(&data).await;
    let fetched = async |offset: usize, length: usize| {
        let before = rig.counting.counts();
        let got = read(
            &rig.vault,
            TENANT,
            &content.id,
            offset as u64,
            Some(length as u64),
        )
        .await
        .unwrap();
        assert!(got == data[offset..offset + length]);
        let after = rig.counting.counts();
        (after.gets - before.gets, after.bytes_got - before.bytes_got)
    };
    let segment = 65_536 + 16;
    assert_eq!(fetched(0, 10).await, (1, 48 + segment));
    assert_eq!(fetched(3 * MIB, 10).await, (2, 48 + segment));
    assert_eq!(fetched(3 * MIB - 1, 2).await, (2, 48 + 2 * segment));
    assert_eq!(fetched(2 * MIB - 1, 2).await, (3, 2 * (48 + segment)));
    assert_eq!(fetched(0, 0).await, (0, 0));
}

#[tokio::test]
async fn no_more_than_one_part_is_read_ahead_of_a_slow_reader() {
    let rig = Rig::new(small_parts()).await;
    let content = rig.upload(&noise(5, 20 * 1024)).await;
    let before = rig.counting.counts().gets;
    let mut frames = rig.vault.read(TENANT, &content.id, 0, None);
    frames.next().await.unwrap().unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(rig.counting.counts().gets - before, 2);
}

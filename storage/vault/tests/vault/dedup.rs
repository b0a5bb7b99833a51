//! Equal parts of one tenant are stored once, and nobody can tell.

use crate::support::{Rig, TENANT, create, noise, on_both, put, small_parts, upload};

#[tokio::test(flavor = "multi_thread")]
async fn equal_parts_share_an_object_until_the_last_reference_goes() {
    on_both(async |rig| {
        let common = noise(1, 2048);
        let (a, b) = ([&common[..], b"a"].concat(), [&common[..], b"bb"].concat());
        let (first, second) = (rig.upload(&a).await, rig.upload(&b).await);
        assert_eq!(rig.memory.len(), 4, "two shared parts and two tails");
        rig.release(&first.id).await.unwrap();
        rig.vault.sweep().await.unwrap();
        assert_eq!(rig.memory.len(), 3);
        assert!(rig.read(&second.id).await.unwrap() == b);
        rig.assert_sound().await;
        rig.release(&second.id).await.unwrap();
        rig.vault.sweep().await.unwrap();
        assert!(rig.memory.is_empty());
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_repeats_itself_is_one_object_and_goes_as_one() {
    on_both(async |rig| {
        let data = noise(2, 1024).repeat(5);
        let content = rig.upload(&data).await;
        assert_eq!(rig.memory.len(), 1);
        assert!(rig.read(&content.id).await.unwrap() == data);
        rig.release(&content.id).await.unwrap();
        rig.vault.sweep().await.unwrap();
        assert!(rig.memory.is_empty());
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_never_share() {
    on_both(async |rig| {
        let data = noise(3, 1024);
        upload(&rig.vault, &rig.db, TENANT, &data).await;
        upload(&rig.vault, &rig.db, "nantes", &data).await;
        assert_eq!(rig.memory.len(), 2);
        rig.assert_sound().await;
    })
    .await;
}

#[tokio::test]
async fn a_shared_part_is_sent_and_answered_like_any_other() {
    let rig = Rig::new(small_parts()).await;
    let data = noise(4, 2048);
    rig.upload(&data).await;
    let plan = create(&rig.vault, &rig.db, TENANT, data.len())
        .await
        .unwrap();
    assert_eq!(
        rig.state(&plan).await.unwrap().missing,
        [(0, 2)],
        "no word that the vault has it"
    );
    assert_eq!(
        put(&rig.vault, TENANT, &plan, 0, &data[..1024])
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn sharing_can_be_turned_off() {
    let mut config = small_parts();
    config.dedup = false;
    let rig = Rig::new(config).await;
    let data = noise(5, 1024);
    rig.upload(&data).await;
    rig.upload(&data).await;
    assert_eq!(rig.memory.len(), 2);
    rig.assert_sound().await;
}

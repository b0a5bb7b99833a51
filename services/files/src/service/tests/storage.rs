//! Trouble below: a full disk, a damaged record.

use preau_mesh::Reported;
use preau_storage_database::testing::set_max_pages;
use preau_storage_sites::{Fault, Operation};
use tonic::Code;

use super::person::{bytes, reason};
use super::world::{PART, World};

#[tokio::test]
async fn a_full_disk_loses_nothing_and_the_upload_goes_on_when_there_is_room() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let data = bytes(2 * PART);
    let upload = pupil
        .create_upload(&space, "", "a", data.len())
        .await
        .unwrap()
        .upload_id;
    pupil.put(&upload, 0, &data[..PART]).await.unwrap();

    world.site.script(Operation::Put, [Fault::Full]);
    let refused = pupil.put(&upload, 1, &data[PART..]).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(Reported::of(&refused).reason, "STORAGE_FULL");
    assert_eq!(pupil.missing(&upload).await, [(1, 1)]);

    pupil.put(&upload, 1, &data[PART..]).await.unwrap();
    let node = pupil.commit(&upload).await.unwrap();
    assert_eq!(pupil.read(&space, &node.node_id).await.unwrap(), data);
}

#[tokio::test]
async fn a_full_database_refuses_new_folders_and_keeps_the_old() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    set_max_pages(&world.deps.db, 1).await.unwrap();
    let mut made = Vec::new();
    let refused = loop {
        let name = format!("{:0>200}", made.len());
        match pupil.create_folder(&space, "", &name).await {
            Ok(_) => made.push(name),
            Err(status) => break status,
        }
    };
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(Reported::of(&refused).reason, "STORAGE_FULL");
    assert_eq!(pupil.names(&space, "").await, made);

    set_max_pages(&world.deps.db, u32::MAX).await.unwrap();
    pupil.create_folder(&space, "", "room again").await.unwrap();
}

#[tokio::test]
async fn a_damaged_record_is_named_and_never_served() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let data = bytes(2 * PART);
    let node = pupil.share(&space, "", "a", &data).await.node_id;

    world.site.always(Operation::Get, Fault::Corrupt(1234));
    let refused = pupil
        .read_range(&space, &node, PART as u64, 0)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::DataLoss);
    assert!(refused.message().contains(&node), "{}", refused.message());
    let reported = Reported::of(&refused);
    assert_eq!(reported.reason, "RECORD_CORRUPT");
    assert_eq!(
        (&*reported.metadata["node_id"], &*reported.metadata["part"]),
        (&*node, "1")
    );

    world.site.always(Operation::Get, Fault::None);
    assert_eq!(pupil.read(&space, &node).await.unwrap(), data);
}

#[tokio::test]
async fn a_storage_that_fails_says_so_and_keeps_the_part_missing() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let upload = pupil
        .create_upload(&space, "", "a", 3)
        .await
        .unwrap()
        .upload_id;
    world
        .site
        .script(Operation::Put, [Fault::Io, Fault::LostReply]);
    for _ in 0..2 {
        let refused = pupil.put(&upload, 0, b"abc").await;
        assert_eq!(reason(refused), "STORAGE_UNAVAILABLE");
        assert_eq!(pupil.missing(&upload).await, [(0, 1)]);
    }
    assert_eq!(pupil.put(&upload, 0, b"abc").await.unwrap(), 0);
}

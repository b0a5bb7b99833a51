//! The main story, and who is no part of it.

use tonic::Code;

use super::person::{bytes, seen};
use super::world::{PART, World};
use crate::domain::MAX_READS;
use preau_kernel::ids::{NodeId, SpaceId, UploadId};

#[tokio::test]
async fn what_a_teacher_shares_every_pupil_of_the_class_reads_and_nobody_else() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (teacher, pupil) = (world.teacher(&class), world.pupil(&class));
    let stranger = world.pupil(&world.class("2nde C"));
    let data = bytes(3 * PART + 700);

    let space = teacher.space().await;
    let upload = teacher
        .create_upload(&space, "", "devoir.pdf", data.len())
        .await
        .unwrap();
    assert_eq!((upload.part_size as usize, upload.part_count), (PART, 4));
    for index in [2, 0, 3, 1] {
        let part = data.chunks(PART).nth(index as usize).unwrap();
        teacher.put(&upload.upload_id, index, part).await.unwrap();
    }
    let hash = blake3::hash(&data);
    let node = teacher
        .commit_hashed(&upload.upload_id, hash.as_bytes())
        .await
        .unwrap();
    let content = node.content.clone().unwrap();
    assert_eq!(
        (content.size, &*content.blake3),
        (data.len() as u64, &hash.as_bytes()[..])
    );
    assert_eq!(node.created_by, teacher.id.to_string());

    assert_eq!(pupil.space().await, space, "one space for the whole class");
    assert_eq!(pupil.names(&space, "").await, ["devoir.pdf"]);
    assert_eq!(pupil.at(&space, "/Devoir.PDF").await.unwrap(), node);
    assert_eq!(pupil.read(&space, &node.node_id).await.unwrap(), data);
    let range = pupil
        .read_range(&space, &node.node_id, 1000, 1500)
        .await
        .unwrap();
    assert_eq!(range, &data[1000..2500]);
    let end = pupil
        .read_range(&space, &node.node_id, data.len() as u64, 0)
        .await;
    assert_eq!(end.unwrap(), Vec::<u8>::new());

    let refused = seen(stranger.read(&space, &node.node_id).await);
    assert_eq!(refused.0, Code::NotFound);
}

#[tokio::test]
async fn nobody_holds_many_reads_open_and_nobody_takes_anothers_place() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (teacher, pupil) = (world.teacher(&class), world.pupil(&class));
    let space = teacher.space().await;
    // More than waits within the connection: a read of less is over on this side.
    let data = bytes(2_600_000);
    let node = teacher.share(&space, "", "film.mp4", &data).await.node_id;
    let mut held = Vec::new();
    for _ in 0..MAX_READS {
        held.push(pupil.open(&space, &node).await.unwrap());
    }
    let refused = pupil.open(&space, &node).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(teacher.read(&space, &node).await.unwrap(), data);
    held.clear();
    // The server hears of their end a moment later.
    while pupil.open(&space, &node).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_hidden_space_and_an_unknown_one_have_one_answer() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let teacher = world.teacher(&class);
    let space = teacher.space().await;
    let node = teacher.share(&space, "", "a", b"a").await.node_id;
    // Of the same school even, but not of the class.
    let stranger = super::person::Person::new(
        &world.pair,
        class.school,
        preau_proto::policy::v1::Role::Student,
    );
    let unknown = SpaceId::new().to_string();

    assert_eq!(
        seen(stranger.read(&space, &node).await),
        seen(stranger.read(&unknown, &node).await),
    );
    assert_eq!(
        seen(stranger.page(&space, "", 0, "").await),
        seen(stranger.page(&unknown, "", 0, "").await),
    );
    assert_eq!(
        seen(stranger.at(&space, "/a").await),
        seen(stranger.at(&unknown, "/a").await),
    );
    assert_eq!(
        seen(stranger.create_folder(&space, "", "b").await),
        seen(stranger.create_folder(&unknown, "", "b").await),
    );
    assert_eq!(
        seen(stranger.delete(&space, &node).await),
        seen(stranger.delete(&unknown, &node).await),
    );
    assert_eq!(
        seen(stranger.create_upload(&space, "", "b", 1).await),
        seen(stranger.create_upload(&unknown, "", "b", 1).await),
    );
    assert_eq!(teacher.names(&space, "").await, ["a"]);
}

#[tokio::test]
async fn an_upload_is_its_makers_alone_and_hidden_from_the_rest_of_the_class() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (maker, other) = (world.pupil(&class), world.teacher(&class));
    let space = maker.space().await;
    let upload = maker
        .create_upload(&space, "", "a", 10)
        .await
        .unwrap()
        .upload_id;
    let unknown = UploadId::new().to_string();

    let part = [7; 10];
    assert_eq!(
        seen(other.put(&upload, 0, &part).await),
        seen(other.put(&unknown, 0, &part).await),
    );
    assert_eq!(
        seen(other.upload(&upload).await),
        seen(other.upload(&unknown).await)
    );
    assert_eq!(
        seen(other.commit(&upload).await),
        seen(other.commit(&unknown).await)
    );
    assert_eq!(
        seen(other.abort(&upload).await),
        seen(other.abort(&unknown).await)
    );
    assert_eq!(seen(other.abort(&upload).await).0, Code::NotFound);
    assert_eq!(maker.missing(&upload).await, [(0, 1)]);
}

#[tokio::test]
async fn a_node_is_not_reached_through_another_space() {
    let world = World::new().await;
    let (one, other) = (world.class("2nde B"), world.class("2nde C"));
    let (here, there) = (world.teacher(&one), world.teacher(&other));
    let (space, elsewhere) = (here.space().await, there.space().await);
    let node = here.share(&space, "", "a", b"a").await.node_id;

    let unknown = NodeId::new().to_string();
    assert_eq!(
        seen(there.read(&elsewhere, &node).await),
        seen(there.read(&elsewhere, &unknown).await),
    );
    there.delete(&elsewhere, &node).await.unwrap();
    assert_eq!(here.read(&space, &node).await.unwrap(), b"a");
    let inside = there.create_folder(&elsewhere, &node, "b").await;
    assert_eq!(inside.unwrap_err().code(), Code::NotFound);
}

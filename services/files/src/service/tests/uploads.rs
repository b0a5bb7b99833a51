//! Uploads: resuming, committing once, giving up.

use std::time::Duration;

use tonic::Code;

use super::person::{bytes, reason};
use super::world::{PART, World};
use preau_mesh::Reported;

#[tokio::test]
async fn an_interrupted_upload_goes_on_where_it_was() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let data = bytes(5 * PART);
    let parts: Vec<_> = data.chunks(PART).collect();
    let upload = pupil
        .create_upload(&space, "", "a", data.len())
        .await
        .unwrap();
    assert_eq!((upload.missing[0].first, upload.missing[0].count), (0, 5));
    let upload = upload.upload_id;

    assert_eq!(pupil.put(&upload, 1, parts[1]).await.unwrap(), 4);
    assert_eq!(pupil.put(&upload, 4, parts[4]).await.unwrap(), 3);
    assert_eq!(
        pupil.put(&upload, 1, parts[1]).await.unwrap(),
        3,
        "sent twice, stored once"
    );
    assert_eq!(pupil.missing(&upload).await, [(0, 1), (2, 2)]);
    for index in [0, 2, 3] {
        pupil
            .put(&upload, index, parts[index as usize])
            .await
            .unwrap();
    }
    assert_eq!(pupil.missing(&upload).await, []);
    let node = pupil.commit(&upload).await.unwrap();
    assert_eq!(pupil.read(&space, &node.node_id).await.unwrap(), data);
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let upload = pupil.create_upload(&space, "", "empty", 0).await.unwrap();
    assert_eq!((upload.part_count, upload.missing.len()), (0, 0));
    let node = pupil.commit(&upload.upload_id).await.unwrap();
    assert_eq!(node.content.unwrap().blake3, blake3::hash(b"").as_bytes());
    assert_eq!(pupil.read(&space, &node.node_id).await.unwrap(), b"");
}

#[tokio::test]
async fn committing_again_answers_the_same_node_even_at_the_same_time() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let upload = pupil.send(&space, "", "a", &bytes(3 * PART)).await;

    let (one, other) = futures::join!(pupil.commit(&upload), pupil.commit(&upload));
    let node = one.unwrap();
    assert_eq!(other.unwrap(), node);
    assert_eq!(pupil.commit(&upload).await.unwrap(), node);
    assert_eq!(pupil.names(&space, "").await, ["a"]);

    pupil.delete(&space, &node.node_id).await.unwrap();
    let gone = pupil.commit(&upload).await.unwrap_err();
    assert_eq!(
        gone.code(),
        Code::NotFound,
        "a deleted file does not come back"
    );
    assert_eq!(pupil.names(&space, "").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_name_taken_meanwhile_keeps_the_upload_open_and_names_the_neighbour() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (pupil, teacher) = (world.pupil(&class), world.teacher(&class));
    let space = pupil.space().await;
    let late = pupil.send(&space, "", "Devoir.txt", b"late").await;
    let early = teacher.share(&space, "", "devoir.TXT", b"early").await;

    let refused = pupil.commit(&late).await.unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    let reported = Reported::of(&refused);
    assert_eq!(reported.reason, "NAME_TAKEN");
    assert_eq!(reported.metadata["node_id"], early.node_id);
    assert_eq!(
        teacher.read(&space, &early.node_id).await.unwrap(),
        b"early"
    );
    assert_eq!(pupil.missing(&late).await, []);

    teacher.delete(&space, &early.node_id).await.unwrap();
    let node = pupil.commit(&late).await.unwrap();
    assert_eq!(teacher.read(&space, &node.node_id).await.unwrap(), b"late");
}

#[tokio::test]
async fn a_folder_deleted_meanwhile_keeps_the_upload_open_and_out() {
    let world = World::new().await;
    let teacher = world.teacher(&world.class("2nde B"));
    let space = teacher.space().await;
    let folder = teacher
        .create_folder(&space, "", "folder")
        .await
        .unwrap()
        .node_id;
    let upload = teacher.send(&space, &folder, "a", b"a").await;
    teacher.delete(&space, &folder).await.unwrap();

    let refused = teacher.commit(&upload).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(teacher.missing(&upload).await, []);
    assert_eq!(teacher.names(&space, "").await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_given_up_stays_given_up_and_what_is_committed_stays() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let data = bytes(PART);

    let aborted = pupil.send(&space, "", "a", &data).await;
    pupil.abort(&aborted).await.unwrap();
    pupil.abort(&aborted).await.expect("can be repeated");
    assert_eq!(
        reason(pupil.put(&aborted, 0, &data).await),
        "UPLOAD_ABORTED"
    );
    assert_eq!(reason(pupil.commit(&aborted).await), "UPLOAD_ABORTED");
    assert_eq!(reason(pupil.upload(&aborted).await), "UPLOAD_ABORTED");
    assert_eq!(pupil.names(&space, "").await, Vec::<String>::new());

    let committed = pupil.send(&space, "", "a", &data).await;
    let node = pupil.commit(&committed).await.unwrap();
    assert_eq!(reason(pupil.abort(&committed).await), "UPLOAD_COMMITTED");
    assert_eq!(
        reason(pupil.put(&committed, 0, &data).await),
        "UPLOAD_COMMITTED"
    );
    assert_eq!(pupil.read(&space, &node.node_id).await.unwrap(), data);
}

#[tokio::test]
async fn an_upload_whose_time_is_up_is_refused_and_swept_away() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let upload = pupil.send(&space, "", "a", &bytes(PART)).await;
    let done = pupil.share(&space, "", "done", b"done").await;

    world.advance(Duration::from_secs(49 * 60 * 60));
    assert_eq!(reason(pupil.commit(&upload).await), "UPLOAD_EXPIRED");
    let report = crate::sweep(&world.deps).await.unwrap();
    assert_eq!(
        report.expired_uploads, 2,
        "what was committed needs no upload any more"
    );

    world.advance(Duration::from_secs(49 * 60 * 60));
    crate::sweep(&world.deps).await.unwrap();
    let gone = pupil.commit(&upload).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
    assert_eq!(pupil.read(&space, &done.node_id).await.unwrap(), b"done");
}

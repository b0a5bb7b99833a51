//! Deleting, restoring, purging.

use std::time::Duration;

use preau_mesh::Reported;
use tonic::Code;

use super::person::{fields, reason};
use super::world::World;
use crate::KEPT_IN_TRASH;

#[tokio::test]
async fn what_is_deleted_is_hidden_listed_in_the_trash_and_comes_back_whole() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let outer = pupil.create_folder(&space, "", "outer").await.unwrap();
    let outer = outer.node_id;
    let folder = pupil.create_folder(&space, &outer, "folder").await.unwrap();
    let file = pupil.share(&space, &folder.node_id, "a", b"bytes").await;

    pupil.delete(&space, &folder.node_id).await.unwrap();
    assert_eq!(pupil.names(&space, &outer).await, Vec::<String>::new());
    for hidden in [&folder.node_id, &file.node_id] {
        let refused = pupil.rename(&space, hidden, "b").await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
        let refused = pupil.page(&space, hidden, 0, "").await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
    }
    let refused = pupil.read(&space, &file.node_id).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let listed = pupil.trash_page(&space, 0, "").await.unwrap().nodes;
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!((&*listed[0].name, &listed[0].parent_id), ("folder", &outer));
    assert!(listed[0].deleted_at.is_some());

    let back = pupil.restore(&space, &folder.node_id).await.unwrap();
    assert_eq!(back, folder);
    assert_eq!(pupil.at(&space, "/outer/folder/a").await.unwrap(), file);
    assert_eq!(pupil.read(&space, &file.node_id).await.unwrap(), b"bytes");
    assert_eq!(pupil.trash(&space).await, Vec::<String>::new());
    let again = pupil.restore(&space, &folder.node_id).await.unwrap_err();
    assert_eq!(again.code(), Code::NotFound);
}

#[tokio::test]
async fn names_in_the_trash_block_no_names_and_a_restoration_that_meets_one_names_it() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let mut deleted = Vec::new();
    for _ in 0..3 {
        let node = pupil.create_folder(&space, "", "a").await.unwrap().node_id;
        pupil.delete(&space, &node).await.unwrap();
        deleted.push(node);
    }
    let holder = pupil.create_folder(&space, "", "A").await.unwrap().node_id;
    let refused = pupil.restore(&space, &deleted[1]).await.unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    assert_eq!(Reported::of(&refused).metadata["node_id"], holder);
    pupil.rename(&space, &holder, "b").await.unwrap();
    pupil.restore(&space, &deleted[1]).await.unwrap();
    assert_eq!(pupil.names(&space, "").await, ["a", "b"]);
    assert_eq!(pupil.trash(&space).await, ["a", "a"]);
}

#[tokio::test]
async fn what_was_in_a_folder_that_is_gone_comes_back_into_the_root() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let folder = pupil.create_folder(&space, "", "folder").await.unwrap();
    let folder = folder.node_id;
    let inner = pupil.create_folder(&space, &folder, "inner").await.unwrap();
    pupil
        .create_folder(&space, &inner.node_id, "leaf")
        .await
        .unwrap();

    // In the trash apart from its folder, and then its folder too.
    pupil.delete(&space, &inner.node_id).await.unwrap();
    pupil.delete(&space, &folder).await.unwrap();
    assert_eq!(pupil.trash(&space).await.len(), 2);
    pupil.purge(&space, &folder).await.unwrap();
    let back = pupil.restore(&space, &inner.node_id).await.unwrap();
    assert_eq!(back.parent_id, "");
    assert_eq!(pupil.names(&space, "").await, ["inner"]);
    pupil.at(&space, "/inner/leaf").await.unwrap();
}

#[tokio::test]
async fn a_pupil_sees_restores_and_purges_only_their_own_and_a_teacher_all() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (teacher, one, other) = (
        world.teacher(&class),
        world.pupil(&class),
        world.pupil(&class),
    );
    let space = teacher.space().await;
    let mine = one.share(&space, "", "mine", b"mine").await.node_id;
    let theirs = other.share(&space, "", "theirs", b"theirs").await.node_id;
    one.delete(&space, &mine).await.unwrap();
    world.advance(Duration::from_secs(1));
    teacher.delete(&space, &theirs).await.unwrap();

    assert_eq!(teacher.trash(&space).await, ["theirs", "mine"]);
    assert_eq!(one.trash(&space).await, ["mine"]);
    assert_eq!(other.trash(&space).await, ["theirs"]);
    assert_eq!(reason(one.restore(&space, &theirs).await), "NOT_YOURS");
    assert_eq!(reason(one.purge(&space, &theirs).await), "NOT_YOURS");
    teacher.restore(&space, &mine).await.unwrap();
    other.restore(&space, &theirs).await.unwrap();
    assert_eq!(one.names(&space, "").await, ["mine", "theirs"]);
}

#[tokio::test]
async fn a_purge_is_for_good_repeatable_and_only_out_of_the_trash() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let node = pupil.share(&space, "", "a", b"a").await.node_id;
    assert_eq!(reason(pupil.purge(&space, &node).await), "NOT_IN_TRASH");
    assert_eq!(pupil.read(&space, &node).await.unwrap(), b"a");

    pupil.delete(&space, &node).await.unwrap();
    for _ in 0..2 {
        pupil.purge(&space, &node).await.unwrap();
    }
    assert_eq!(pupil.trash(&space).await, Vec::<String>::new());
    let gone = pupil.restore(&space, &node).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
    world.sweep().await;
    assert_eq!(world.objects(), 0);
}

#[tokio::test]
async fn the_trash_pages_the_latest_first() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    for (index, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        let node = pupil.create_folder(&space, "", name).await.unwrap();
        // The last three at the same moment.
        if index < 3 {
            world.advance(Duration::from_secs(1));
        }
        pupil.delete(&space, &node.node_id).await.unwrap();
    }
    let mut names = Vec::new();
    let mut token = String::new();
    loop {
        let page = pupil.trash_page(&space, 2, &token).await.unwrap();
        names.extend(page.nodes.into_iter().map(|node| node.name));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["e", "d", "c", "b", "a"]);
    let bad = pupil.trash_page(&space, 0, "?").await.unwrap_err();
    assert_eq!(fields(&bad), ["page_token"]);
}

#[tokio::test]
async fn what_lies_in_the_trash_for_its_time_goes_by_itself() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let old = pupil.share(&space, "", "old", b"old").await.node_id;
    let kept = pupil.share(&space, "", "kept", b"kept").await.node_id;
    pupil.delete(&space, &old).await.unwrap();
    world.advance(KEPT_IN_TRASH - Duration::from_secs(1));
    pupil.delete(&space, &kept).await.unwrap();
    world.sweep().await;
    assert_eq!(pupil.trash(&space).await, ["kept", "old"]);

    world.advance(Duration::from_secs(1));
    world.sweep().await;
    assert_eq!(pupil.trash(&space).await, ["kept"]);
    pupil.restore(&space, &kept).await.unwrap();
    assert_eq!(pupil.read(&space, &kept).await.unwrap(), b"kept");
    assert_eq!(world.objects(), 1);
}

//! Renaming, moving, copying.

use preau_kernel::ids::{NodeId, SpaceId};
use preau_mesh::Reported;
use preau_proto::roster::v1::Part;
use tonic::Code;

use super::person::{fields, reason, seen};
use super::world::World;
use crate::domain::MAX_DEPTH;

#[tokio::test]
async fn a_rename_keeps_the_node_and_frees_its_old_name() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let node = pupil.share(&space, "", "brouillon", b"a").await;
    let renamed = pupil.rename(&space, &node.node_id, "Devoir").await.unwrap();
    assert_eq!(
        (&*renamed.name, &renamed.node_id),
        ("Devoir", &node.node_id)
    );
    assert_eq!(pupil.names(&space, "").await, ["Devoir"]);
    assert_eq!(pupil.at(&space, "/devoir").await.unwrap(), renamed);
    pupil.create_folder(&space, "", "Brouillon").await.unwrap();
    // Its own name in other letters is no conflict.
    pupil.rename(&space, &node.node_id, "DEVOIR").await.unwrap();
    assert_eq!(pupil.names(&space, "").await, ["Brouillon", "DEVOIR"]);
}

#[tokio::test]
async fn a_rename_is_refused_with_what_is_wrong() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (teacher, one, other) = (
        world.teacher(&class),
        world.pupil(&class),
        world.pupil(&class),
    );
    let space = one.space().await;
    let neighbour = one.create_folder(&space, "", "a").await.unwrap().node_id;
    let node = one.create_folder(&space, "", "b").await.unwrap().node_id;

    let taken = one.rename(&space, &node, "A").await.unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
    assert_eq!(Reported::of(&taken).metadata["node_id"], neighbour);
    let bad = one.rename(&space, &node, "a/b").await.unwrap_err();
    assert_eq!(fields(&bad), ["name"]);
    assert_eq!(reason(other.rename(&space, &node, "c").await), "NOT_YOURS");
    let unknown = NodeId::new().to_string();
    let absent = one.rename(&space, &unknown, "c").await.unwrap_err();
    assert_eq!(absent.code(), Code::NotFound);
    assert_eq!(one.names(&space, "").await, ["a", "b"]);
    teacher.rename(&space, &node, "c").await.unwrap();
}

#[tokio::test]
async fn of_two_who_rename_a_file_at_once_both_are_told_what_became_of_it() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let node = pupil.share(&space, "", "a", b"a").await.node_id;
    let (one, other) = futures::join!(
        pupil.rename(&space, &node, "one"),
        pupil.rename(&space, &node, "other"),
    );
    let names = [one.unwrap().name, other.unwrap().name];
    assert_eq!(names, ["one", "other"]);
    let left = pupil.names(&space, "").await;
    assert!(left.len() == 1 && names.contains(&left[0]), "{left:?}");
    assert_eq!(pupil.read(&space, &node).await.unwrap(), b"a");
}

#[tokio::test]
async fn a_folder_moves_with_all_that_is_in_it_within_a_space_and_to_another() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let teacher = world.teacher(&class);
    let (space, own) = (teacher.space().await, teacher.own_space().await);
    let outer = teacher.create_folder(&space, "", "outer").await.unwrap();
    let inner = teacher
        .create_folder(&space, &outer.node_id, "inner")
        .await
        .unwrap();
    let file = teacher.share(&space, &inner.node_id, "a", b"bytes").await;
    let target = teacher.create_folder(&space, "", "target").await.unwrap();

    let moved = teacher
        .move_to(&space, &outer.node_id, &space, &target.node_id)
        .await
        .unwrap();
    assert_eq!(moved.parent_id, target.node_id);
    let found = teacher.at(&space, "/target/outer/inner/a").await.unwrap();
    assert_eq!(found, file);

    let moved = teacher
        .move_to(&space, &outer.node_id, &own, "")
        .await
        .unwrap();
    assert_eq!((&moved.space_id, &*moved.parent_id), (&own, ""));
    assert_eq!(teacher.names(&space, "").await, ["target"]);
    let found = teacher.at(&own, "/outer/inner/a").await.unwrap();
    assert_eq!(found.node_id, file.node_id);
    assert_eq!(teacher.read(&own, &file.node_id).await.unwrap(), b"bytes");
    let gone = teacher.read(&space, &file.node_id).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
    // Where it is already.
    teacher
        .move_to(&own, &outer.node_id, &own, "")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_move_is_refused_with_what_is_wrong_and_moves_nothing() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (one, other) = (world.pupil(&class), world.pupil(&class));
    let (space, own) = (one.space().await, one.own_space().await);
    let outer = one.create_folder(&space, "", "a").await.unwrap().node_id;
    let inner = one
        .create_folder(&space, &outer, "b")
        .await
        .unwrap()
        .node_id;
    let file = one.share(&space, "", "file", b"x").await.node_id;
    let taken = one.create_folder(&own, "", "A").await.unwrap().node_id;

    for target in [&outer, &inner] {
        let refused = one.move_to(&space, &outer, &space, target).await;
        assert_eq!(reason(refused), "INTO_ITSELF");
    }
    let refused = one.move_to(&space, &outer, &own, "").await.unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    assert_eq!(Reported::of(&refused).metadata["node_id"], taken);
    let refused = one.move_to(&space, &outer, &space, &file).await;
    assert_eq!(reason(refused), "NOT_A_FOLDER");
    // A target of another space.
    let refused = one.move_to(&space, &outer, &space, &taken).await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);

    other.create_folder(&space, &inner, "theirs").await.unwrap();
    let refused = one.move_to(&space, &outer, &space, "").await;
    assert_eq!(reason(refused), "NOT_YOURS");
    let refused = other.move_to(&space, &file, &space, &outer).await;
    assert_eq!(reason(refused), "NOT_YOURS");
    assert_eq!(one.names(&space, "").await, ["a", "file"]);
    assert_eq!(one.names(&space, &outer).await, ["b"]);
}

#[tokio::test]
async fn nothing_goes_where_the_caller_is_not_at_home() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (pupil, other) = (world.pupil(&class), world.pupil(&class));
    let space = pupil.space().await;
    let foreign = other.own_space().await;
    let unknown = SpaceId::new().to_string();
    let node = pupil.share(&space, "", "a", b"a").await.node_id;
    assert_eq!(
        seen(pupil.move_to(&space, &node, &foreign, "").await),
        seen(pupil.move_to(&space, &node, &unknown, "").await),
    );
    assert_eq!(
        seen(pupil.copy_to(&space, &node, [&foreign, "", ""]).await),
        seen(pupil.copy_to(&space, &node, [&unknown, "", ""]).await),
    );
    assert_eq!(
        seen(pupil.copy_to(&foreign, &node, [&space, "", "b"]).await),
        seen(pupil.copy_to(&unknown, &node, [&space, "", "b"]).await),
    );
    assert_eq!(pupil.names(&space, "").await, ["a"]);
}

#[tokio::test]
async fn nothing_goes_from_one_school_to_another() {
    let world = World::new().await;
    let (here, there) = (world.class("ici"), world.class("ailleurs"));
    let teacher = world.teacher(&here);
    let (space, own) = (teacher.space().await, teacher.own_space().await);
    // A pupil's part would do, but the grant must reach the other school too.
    world.roster.enrol(&there, teacher.id, Part::Teacher);
    let abroad = teacher.spaces().await;
    let abroad = abroad
        .iter()
        .find(|other| other.name == "ailleurs")
        .unwrap();
    let node = teacher.share(&space, "", "a", b"a").await.node_id;
    let hidden = teacher
        .move_to(&space, &node, &abroad.space_id, "")
        .await
        .unwrap_err();
    assert_eq!(hidden.code(), Code::NotFound);

    let both = world.teacher_of_two(&here, &there);
    let node = both.share(&space, "", "b", b"b").await.node_id;
    let moved = both.move_to(&space, &node, &abroad.space_id, "").await;
    assert_eq!(reason(moved), "ACROSS_SCHOOLS");
    let copied = both
        .copy_to(&space, &node, [&abroad.space_id, "", ""])
        .await;
    assert_eq!(reason(copied), "ACROSS_SCHOOLS");
    assert_eq!(both.names(&space, "").await, ["a", "b"]);
    assert_eq!(teacher.names(&own, "").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_copy_is_the_copiers_and_outlives_what_it_was_copied_from() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (teacher, pupil) = (world.teacher(&class), world.pupil(&class));
    let (space, own) = (pupil.space().await, pupil.own_space().await);
    let folder = teacher.create_folder(&space, "", "cours").await.unwrap();
    let folder = folder.node_id;
    let deep = teacher.create_folder(&space, &folder, "1").await.unwrap();
    let node = teacher.share(&space, &deep.node_id, "a", b"bytes").await;

    let objects = world.objects();
    let copy = pupil
        .copy_to(&space, &folder, [&own, "", "à moi"])
        .await
        .unwrap();
    assert_eq!(copy.created_by, pupil.id.to_string());
    assert_eq!(copy.name, "à moi");
    assert_eq!(world.objects(), objects, "no byte moves");
    let copied = pupil.at(&own, "/à moi/1/a").await.unwrap();
    assert_ne!(copied.node_id, node.node_id);
    assert_eq!(copied.content, node.content);

    teacher.delete(&space, &folder).await.unwrap();
    teacher.purge(&space, &folder).await.unwrap();
    assert_eq!(pupil.read(&own, &copied.node_id).await.unwrap(), b"bytes");
    pupil.delete(&own, &copy.node_id).await.unwrap();
    pupil.purge(&own, &copy.node_id).await.unwrap();
    world.sweep().await;
    assert_eq!(world.objects(), 0);
}

#[tokio::test]
async fn a_copy_is_refused_with_what_is_wrong() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let node = pupil.share(&space, "", "a", b"a").await.node_id;
    let taken = pupil.copy_to(&space, &node, [&space, "", ""]).await;
    let taken = taken.unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
    assert_eq!(Reported::of(&taken).metadata["node_id"], node);
    let bad = pupil.copy_to(&space, &node, [&space, "", "."]).await;
    assert_eq!(fields(&bad.unwrap_err()), ["name"]);
    let bad = pupil.copy_to(&space, &node, ["x", "", ""]).await;
    assert_eq!(fields(&bad.unwrap_err()), ["to_space_id"]);
    let bad = pupil.copy_to(&space, &node, [&space, "x", ""]).await;
    assert_eq!(fields(&bad.unwrap_err()), ["to_parent_id"]);
    pupil
        .copy_to(&space, &node, [&space, "", "b"])
        .await
        .unwrap();
    assert_eq!(pupil.names(&space, "").await, ["a", "b"]);
}

#[tokio::test]
async fn a_tree_goes_no_deeper_than_any_may_be() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let tree = pupil
        .create_folder(&space, "", "tree")
        .await
        .unwrap()
        .node_id;
    pupil.create_folder(&space, &tree, "leaf").await.unwrap();
    let mut deep = String::new();
    for _ in 0..MAX_DEPTH - 1 {
        deep = pupil
            .create_folder(&space, &deep, "d")
            .await
            .unwrap()
            .node_id;
    }
    let moved = pupil.move_to(&space, &tree, &space, &deep).await;
    assert_eq!(reason(moved), "FOLDER_TOO_DEEP");
    let copied = pupil.copy_to(&space, &tree, [&space, &deep, ""]).await;
    assert_eq!(reason(copied), "FOLDER_TOO_DEEP");
    assert_eq!(pupil.names(&space, &deep).await, Vec::<String>::new());
    assert_eq!(pupil.names(&space, &tree).await, ["leaf"]);
}

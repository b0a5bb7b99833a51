//! Folders: order, paths, depth, deletion.

use preau_proto::files::v1::get_node_request::Which;
use tonic::Code;

use super::person::reason;
use super::world::World;
use crate::domain::MAX_DEPTH;

#[tokio::test]
async fn a_folder_pages_folders_and_files_together_by_folded_name() {
    let world = World::new().await;
    let teacher = world.teacher(&world.class("2nde B"));
    let space = teacher.space().await;
    for name in ["Zoo", "alpha", "éclair"] {
        teacher.create_folder(&space, "", name).await.unwrap();
    }
    for name in ["Beta.txt", "zebra.txt"] {
        teacher.share(&space, "", name, b"x").await;
    }

    let mut names = Vec::new();
    let mut token = String::new();
    loop {
        let page = teacher.page(&space, "", 2, &token).await.unwrap();
        assert!(page.nodes.len() <= 2);
        names.extend(page.nodes.into_iter().map(|node| node.name));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["alpha", "Beta.txt", "zebra.txt", "Zoo", "éclair"]);
}

#[tokio::test]
async fn a_path_finds_what_its_names_fold_to() {
    let world = World::new().await;
    let teacher = world.teacher(&world.class("2nde B"));
    let space = teacher.space().await;
    let outer = teacher.create_folder(&space, "", "Été").await.unwrap();
    let inner = teacher
        .create_folder(&space, &outer.node_id, "Maths")
        .await
        .unwrap();
    let file = teacher.share(&space, &inner.node_id, "a.txt", b"x").await;

    assert_eq!(
        teacher
            .at(&space, "/e\u{301}te\u{301}/MATHS/A.TXT")
            .await
            .unwrap(),
        file
    );
    assert_eq!(teacher.at(&space, "/Été/").await.unwrap(), outer);
    assert_eq!(file.parent_id, inner.node_id);
    assert_eq!(outer.parent_id, "");
    for absent in ["/Maths", "/Été/a.txt", "/Été/Maths/a.txt/b"] {
        let refused = teacher.at(&space, absent).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{absent}");
    }
}

#[tokio::test]
async fn the_root_is_no_node() {
    let world = World::new().await;
    let teacher = world.teacher(&world.class("2nde B"));
    let space = teacher.space().await;
    teacher.create_folder(&space, "", "a").await.unwrap();

    // A space's root is stored under the space's id, which nobody may use as a node's.
    let by_id = teacher.get(&space, Which::NodeId(space.clone())).await;
    assert_eq!(by_id.unwrap_err().code(), Code::NotFound);
    let listed = teacher.page(&space, &space, 0, "").await;
    assert_eq!(listed.unwrap_err().code(), Code::NotFound);
    let inside = teacher.create_folder(&space, &space, "b").await;
    assert_eq!(inside.unwrap_err().code(), Code::NotFound);
    teacher.delete(&space, &space).await.unwrap();
    assert_eq!(reason(teacher.at(&space, "/").await), "INVALID_FIELD");
    assert_eq!(teacher.names(&space, "").await, ["a"]);
}

#[tokio::test]
async fn folders_go_only_so_deep() {
    let world = World::new().await;
    let teacher = world.teacher(&world.class("2nde B"));
    let space = teacher.space().await;
    let mut parent = String::new();
    for _ in 0..MAX_DEPTH {
        parent = teacher
            .create_folder(&space, &parent, "a")
            .await
            .unwrap()
            .node_id;
    }
    let deeper = teacher.create_folder(&space, &parent, "a").await;
    assert_eq!(reason(deeper), "FOLDER_TOO_DEEP");
    let file = teacher.create_upload(&space, &parent, "a", 1).await;
    assert_eq!(reason(file), "FOLDER_TOO_DEEP");
    assert_eq!(teacher.names(&space, &parent).await, Vec::<String>::new());
    let deepest = teacher
        .at(&space, &"/a".repeat(MAX_DEPTH as usize))
        .await
        .unwrap();
    assert_eq!(deepest.node_id, parent);
}

#[tokio::test]
async fn a_file_is_no_folder_and_a_folder_no_file() {
    let world = World::new().await;
    let teacher = world.teacher(&world.class("2nde B"));
    let space = teacher.space().await;
    let folder = teacher
        .create_folder(&space, "", "folder")
        .await
        .unwrap()
        .node_id;
    let file = teacher.share(&space, "", "file", b"x").await.node_id;

    assert_eq!(reason(teacher.read(&space, &folder).await), "NOT_A_FILE");
    assert_eq!(
        reason(teacher.page(&space, &file, 0, "").await),
        "NOT_A_FOLDER"
    );
    assert_eq!(
        reason(teacher.create_folder(&space, &file, "a").await),
        "NOT_A_FOLDER"
    );
    assert_eq!(
        reason(teacher.create_upload(&space, &file, "a", 1).await),
        "NOT_A_FOLDER"
    );
}

#[tokio::test]
async fn a_pupil_deletes_only_what_is_all_theirs_and_a_teacher_anything() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (teacher, one, other) = (
        world.teacher(&class),
        world.pupil(&class),
        world.pupil(&class),
    );
    let space = teacher.space().await;
    let folder = one.create_folder(&space, "", "ours").await.unwrap().node_id;
    let mine = one.share(&space, &folder, "mine", b"mine").await.node_id;
    let theirs = other
        .share(&space, &folder, "theirs", b"theirs")
        .await
        .node_id;

    assert_eq!(reason(one.delete(&space, &theirs).await), "NOT_YOURS");
    assert_eq!(reason(one.delete(&space, &folder).await), "NOT_YOURS");
    assert_eq!(one.names(&space, &folder).await, ["mine", "theirs"]);
    assert_eq!(one.read(&space, &theirs).await.unwrap(), b"theirs");
    assert_eq!(one.read(&space, &mine).await.unwrap(), b"mine");

    one.delete(&space, &mine).await.unwrap();
    one.delete(&space, &mine)
        .await
        .expect("a deletion can be repeated");
    assert_eq!(one.names(&space, &folder).await, ["theirs"]);
    teacher.delete(&space, &folder).await.unwrap();
    assert_eq!(teacher.names(&space, "").await, Vec::<String>::new());
    let gone = other.read(&space, &theirs).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
}

#[tokio::test]
async fn a_pupil_deletes_a_folder_that_holds_only_their_own_things() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let outer = pupil
        .create_folder(&space, "", "outer")
        .await
        .unwrap()
        .node_id;
    let inner = pupil
        .create_folder(&space, &outer, "inner")
        .await
        .unwrap()
        .node_id;
    pupil.share(&space, &inner, "a", b"a").await;
    pupil.share(&space, "", "b", b"b").await;

    pupil.delete(&space, &outer).await.unwrap();
    assert_eq!(pupil.names(&space, "").await, ["b"]);
    // Its name is free again.
    pupil.create_folder(&space, "", "OUTER").await.unwrap();
}

//! Bad input: each has its own error, and changes nothing.

use preau_kernel::paging::Keyset;
use preau_mesh::Reported;
use tonic::Code;

use super::person::{Person, bytes, fields, reason, sha256};
use super::world::{PART, World};

/// A pupil, the space, and an upload of three parts of which the first is stored.
async fn begun(world: &World) -> (Person, String, String) {
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let upload = pupil
        .create_upload(&space, "", "a", 2 * PART + 10)
        .await
        .unwrap();
    pupil.put(&upload.upload_id, 0, &bytes(PART)).await.unwrap();
    (pupil, space, upload.upload_id)
}

#[tokio::test]
async fn a_part_with_a_wrong_hash_is_refused_and_stays_missing() {
    let world = World::new().await;
    let (pupil, _, upload) = begun(&world).await;
    let refused = pupil
        .put_hashed(&upload, 1, &bytes(PART), &sha256(b"else"))
        .await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(Reported::of(&refused).reason, "PART_HASH_WRONG");
    assert_eq!(fields(&refused), ["sha256"]);

    let short = pupil
        .put_hashed(&upload, 1, &bytes(PART), &[0; 31])
        .await
        .unwrap_err();
    assert_eq!(fields(&short), ["sha256"]);
    assert_eq!(pupil.missing(&upload).await, [(1, 2)]);
}

#[tokio::test]
async fn a_part_with_a_wrong_index_is_refused() {
    let world = World::new().await;
    let (pupil, _, upload) = begun(&world).await;
    for index in [3, u32::MAX] {
        let refused = pupil.put(&upload, index, &bytes(PART)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(Reported::of(&refused).reason, "PART_INDEX_WRONG");
        assert_eq!(fields(&refused), ["index"]);
    }
    assert_eq!(pupil.missing(&upload).await, [(1, 2)]);
}

#[tokio::test]
async fn a_part_with_a_wrong_length_is_refused_and_stays_missing() {
    let world = World::new().await;
    let (pupil, _, upload) = begun(&world).await;
    for (index, length) in [(1, 0), (1, PART - 1), (1, PART + 1), (2, 9), (2, PART)] {
        let refused = pupil.put(&upload, index, &bytes(length)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(Reported::of(&refused).reason, "PART_LENGTH_WRONG");
        assert_eq!(fields(&refused), ["data"]);
    }
    assert_eq!(pupil.missing(&upload).await, [(1, 2)]);
}

#[tokio::test]
async fn other_bytes_under_the_index_of_a_stored_part_are_refused() {
    let world = World::new().await;
    let (pupil, space, upload) = begun(&world).await;
    let refused = pupil.put(&upload, 0, &[9; PART]).await;
    assert_eq!(reason(refused), "PART_CONFLICT");
    pupil.put(&upload, 1, &[1; PART]).await.unwrap();
    pupil.put(&upload, 2, &[2; 10]).await.unwrap();
    let node = pupil.commit(&upload).await.unwrap();
    let stored = pupil
        .read_range(&space, &node.node_id, 0, PART as u64)
        .await;
    assert_eq!(stored.unwrap(), bytes(PART));
}

#[tokio::test]
async fn a_commit_with_parts_missing_says_which_and_commits_nothing() {
    let world = World::new().await;
    let (pupil, space, upload) = begun(&world).await;
    let refused = pupil.commit(&upload).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let reported = Reported::of(&refused);
    assert_eq!(reported.reason, "PARTS_MISSING");
    assert_eq!(reported.metadata["missing"], "1-2");
    assert_eq!(pupil.names(&space, "").await, Vec::<String>::new());
    assert_eq!(pupil.missing(&upload).await, [(1, 2)]);
}

#[tokio::test]
async fn a_commit_with_another_files_hash_commits_nothing() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let upload = pupil.send(&space, "", "a", b"these").await;
    let refused = pupil
        .commit_hashed(&upload, blake3::hash(b"those").as_bytes())
        .await;
    let refused = refused.unwrap_err();
    assert_eq!(Reported::of(&refused).reason, "FILE_HASH_WRONG");
    assert_eq!(fields(&refused), ["blake3"]);
    let short = pupil.commit_hashed(&upload, &[1, 2, 3]).await.unwrap_err();
    assert_eq!(fields(&short), ["blake3"]);
    assert_eq!(pupil.names(&space, "").await, Vec::<String>::new());
    pupil
        .commit_hashed(&upload, blake3::hash(b"these").as_bytes())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_name_that_no_disk_should_hold_is_refused_for_folders_and_files() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let long = "a".repeat(300);
    let names = [
        "NUL",
        "con.pdf",
        "a/b",
        "a\0b",
        "exe\u{202E}gpj",
        "\u{2066}a",
        "..",
        ".",
        "",
        " ",
        &long,
    ];
    for name in names {
        let folder = pupil.create_folder(&space, "", name).await.unwrap_err();
        let file = pupil.create_upload(&space, "", name, 1).await.unwrap_err();
        for refused in [folder, file] {
            assert_eq!(refused.code(), Code::InvalidArgument, "{name:?}");
            assert_eq!(fields(&refused), ["name"], "{name:?}");
        }
    }
    assert_eq!(pupil.names(&space, "").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_name_that_folds_to_a_neighbours_is_taken() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let neighbour = pupil.create_folder(&space, "", "Été.TXT").await.unwrap();
    for name in ["Été.TXT", "été.txt", "E\u{301}TE\u{301}.txt"] {
        let folder = pupil.create_folder(&space, "", name).await.unwrap_err();
        let file = pupil.create_upload(&space, "", name, 1).await.unwrap_err();
        for refused in [folder, file] {
            assert_eq!(refused.code(), Code::AlreadyExists, "{name:?}");
            let reported = Reported::of(&refused);
            assert_eq!(reported.reason, "NAME_TAKEN", "{name:?}");
            assert_eq!(reported.metadata["node_id"], neighbour.node_id, "{name:?}");
        }
    }
    assert_eq!(pupil.names(&space, "").await, ["Été.TXT"]);
    // Elsewhere the name is free.
    pupil
        .create_folder(&space, &neighbour.node_id, "Été.TXT")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_file_larger_than_any_may_be_is_refused() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let refused = pupil
        .create_upload(&space, "", "a", (1 << 40) + 1)
        .await
        .unwrap_err();
    assert_eq!(Reported::of(&refused).reason, "FILE_TOO_LARGE");
    assert_eq!(fields(&refused), ["size"]);
}

#[tokio::test]
async fn a_range_beyond_the_end_is_refused() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let node = pupil.share(&space, "", "a", b"abc").await.node_id;
    let refused = pupil.read_range(&space, &node, 4, 1).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange);
    assert_eq!(Reported::of(&refused).metadata["size"], "3");
    let past = pupil.read_range(&space, &node, 1, 1000).await;
    assert_eq!(past.unwrap(), b"bc", "a length may reach beyond the end");
}

#[tokio::test]
async fn ids_and_tokens_that_are_none_name_their_field() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let field = |status: tonic::Status| fields(&status);
    assert_eq!(
        field(pupil.page("x", "", 0, "").await.unwrap_err()),
        ["space_id"]
    );
    assert_eq!(
        field(pupil.page(&space, "x", 0, "").await.unwrap_err()),
        ["folder_id"]
    );
    assert_eq!(
        field(pupil.page(&space, "", 201, "").await.unwrap_err()),
        ["page_size"]
    );
    let nul = Keyset(vec!["a\0".into()]).token();
    for token in ["?", "AAAA", &nul] {
        assert_eq!(
            field(pupil.page(&space, "", 0, token).await.unwrap_err()),
            ["page_token"]
        );
    }
    assert_eq!(
        field(pupil.at(&space, "/a/../b").await.unwrap_err()),
        ["path"]
    );
    assert_eq!(field(pupil.commit("x").await.unwrap_err()), ["upload_id"]);
    assert_eq!(
        field(pupil.read(&space, "").await.unwrap_err()),
        ["node_id"]
    );
}

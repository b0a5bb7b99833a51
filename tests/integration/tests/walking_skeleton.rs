//! The main job: a teacher shares a file with a class, and nobody else gets it.

use std::collections::HashSet;
use std::path::Path;

use preau_harness::{Failure, Person, Platform, bytes};
use tonic::Code;

/// Two parts and a bit: more than one part, and a last one that is short.
const SIZE: usize = 2 * 2 * 1024 * 1024 + 4_321;

#[tokio::test]
async fn a_teacher_shares_a_file_that_only_the_class_can_read() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, other] = platform.classes();
    let teacher = platform.teacher(&class).await?;
    let pupil = platform.pupil(&class).await?;
    let stranger = platform.pupil(&other).await?;
    let file = bytes("skeleton", SIZE);

    share_and_read(&class, &teacher, &pupil, &stranger, &file).await?;

    assert_sealed(&platform.data_dir(), &file);
    let (end, _) = platform.terminate().await?;
    assert_eq!(end.code, Some(0), "{end:#?}");
    Ok(())
}

#[tokio::test]
async fn what_was_shared_is_there_after_a_restart() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let space = platform.teacher(&class).await?.space(&class).await?;
    let file = bytes("restart", 70_000);
    let node = space.upload("cours.pdf", &file).await?;

    let platform = platform.restart().await?;
    let pupil = platform.pupil(&class).await?.space(&class).await?;
    assert_eq!(pupil.read(&node.node_id).await?, file);
    assert_eq!(pupil.node_at("/cours.pdf").await?, node);
    Ok(())
}

#[tokio::test]
async fn a_file_is_read_from_any_offset_and_an_empty_one_is_a_file_too() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let space = platform.teacher(&class).await?.space(&class).await?;
    let file = bytes("ranges", SIZE);
    let node = space.upload("film.mp4", &file).await?.node_id;
    let part = 2 * 1024 * 1024;
    for (offset, length) in [
        (0, 1),
        (1, 65_536),
        (65_535, 2),
        (part - 1, 2),
        (part + 5, part),
        (SIZE - 1, 1),
        (SIZE, 0),
    ] {
        let found = space
            .read_range(&node, offset as u64, length as u64)
            .await?;
        let end = if length == 0 { SIZE } else { offset + length };
        assert!(found == file[offset..end], "{length} bytes from {offset}");
    }

    let empty = space.upload("vide.txt", b"").await?;
    assert_eq!(space.read(&empty.node_id).await?, b"");
    assert_eq!(empty.content.unwrap().blake3, blake3::hash(b"").as_bytes());
    Ok(())
}

#[tokio::test]
async fn folders_hold_files_and_go_with_them() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let space = platform.teacher(&class).await?.space(&class).await?;
    let pupil = platform.pupil(&class).await?.space(&class).await?;

    let folder = space.folder("", "Devoirs").await?;
    let inner = space.folder(&folder.node_id, "Octobre").await?;
    let file = bytes("in a folder", 10);
    let upload = space.announce_in(&inner.node_id, "énoncé.txt", 10).await?;
    upload.put(0, &file).await?;
    let node = upload.commit(Some(&file)).await?;
    // Compared under casefold(NFC): a decomposed, differently cased path finds it.
    let found = pupil
        .node_at("/devoirs/OCTOBRE/e\u{301}nonce\u{301}.TXT")
        .await?;
    assert_eq!(found, node);

    // A pupil may not delete what the teacher made; the teacher may.
    let refused = Failure::of(pupil.delete(&folder.node_id).await);
    assert!(
        [Code::PermissionDenied, Code::NotFound].contains(&refused.code),
        "{refused:?}"
    );
    assert_eq!(pupil.read(&node.node_id).await?, file);
    space.delete(&folder.node_id).await?;
    assert_eq!(
        Failure::of(pupil.read(&node.node_id).await).code,
        Code::NotFound
    );
    assert!(space.names().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn pages_of_a_folder_hold_every_name_once_and_in_order() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let space = platform.teacher(&class).await?.space(&class).await?;
    let names: Vec<String> = (0..120).map(|n| format!("Dossier {n:03}")).collect();
    for name in names.iter().rev() {
        space.folder("", name).await?;
    }
    // The harness follows page tokens; a page holds 50 names unless asked otherwise.
    assert_eq!(space.names().await?, names);
    Ok(())
}

/// The story itself, for every shape of platform.
pub(crate) async fn share_and_read(
    class: &str,
    teacher: &Person,
    pupil: &Person,
    stranger: &Person,
    file: &[u8],
) -> anyhow::Result<()> {
    let space = teacher.space(class).await?;
    let node = space.upload("cours.pdf", file).await?;
    let content = node.content.clone().unwrap();
    assert_eq!(content.size, file.len() as u64);
    assert_eq!(content.blake3, blake3::hash(file).as_bytes());

    let pupils = pupil.space(class).await?;
    assert_eq!(pupils.names().await?, ["cours.pdf"]);
    assert!(
        pupils.read(&node.node_id).await? == file,
        "the pupil reads the same bytes"
    );

    // To the other class neither the space nor the file exists.
    assert!(stranger.space(class).await.is_err());
    let strangers = stranger.space_by_id(space.id());
    for refused in [
        Failure::of(strangers.read(&node.node_id).await),
        Failure::of(strangers.node_by_id(&node.node_id).await),
        Failure::of(strangers.node_at("/cours.pdf").await),
        Failure::of(strangers.list("").await),
        Failure::of(strangers.announce("mine.txt", 1).await),
        Failure::of(strangers.delete(&node.node_id).await),
    ] {
        assert_eq!(refused.code, Code::NotFound, "{refused:?}");
    }
    assert_eq!(space.names().await?, ["cours.pdf"]);
    Ok(())
}

/// No 16 bytes of the file, taken at every multiple of 16, lie anywhere in the directory.
pub(crate) fn assert_sealed(data_dir: &Path, file: &[u8]) {
    let windows: HashSet<&[u8]> = file.chunks_exact(16).collect();
    let mut looked_at = 0;
    for path in files_below(data_dir) {
        let bytes = std::fs::read(&path).unwrap();
        looked_at += bytes.len();
        let found = bytes.windows(16).any(|window| windows.contains(window));
        assert!(!found, "{} holds plaintext of the file", path.display());
    }
    assert!(
        looked_at > file.len(),
        "the directory holds less than the file: the test looked in the wrong place"
    );
}

/// Every file below a directory.
pub(crate) fn files_below(root: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.is_file() {
                files.push(path);
            }
        }
    }
    files
}

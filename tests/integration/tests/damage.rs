//! Damage on the disk is found, named and never served.

use preau_harness::{Failure, Platform, Space, bytes};
use preau_proto::files::v1::ReadRequest;
use tonic::Code;

use crate::walking_skeleton::files_below;

#[tokio::test]
async fn a_corrupted_record_is_named_and_its_bytes_are_never_served() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let space = platform.teacher(&class).await?.space(&class).await?;
    let before = files_below(&platform.data_dir());
    let file = bytes("to be damaged", 3 * 1024 * 1024);
    let node = space.upload("film.mp4", &file).await?;
    let sound = space.upload("sain.txt", b"untouched").await?;

    // Records are the large new files; the first of them is part of the film.
    let records: Vec<_> = files_below(&platform.data_dir())
        .into_iter()
        .filter(|path| !before.contains(path))
        .filter(|path| std::fs::metadata(path).is_ok_and(|data| data.len() > 1_000_000))
        .filter(|path| path.to_string_lossy().contains("objects"))
        .collect();
    assert_eq!(records.len(), 2, "{records:?}");
    for record in &records {
        let mut bytes = std::fs::read(record)?;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(record, bytes)?;
    }

    let refused = Failure::of(space.read(&node.node_id).await);
    assert_eq!(refused.code, Code::DataLoss, "{refused:?}");
    // What came before the failure is the file's own beginning, and not all of it.
    let served = served(&space, &node.node_id).await?;
    assert!(served.len() < file.len() && file.starts_with(&served));
    // The metadata says what it said, the other file reads as before.
    assert_eq!(space.node_by_id(&node.node_id).await?, node);
    assert_eq!(space.read(&sound.node_id).await?, b"untouched");
    let said = platform.said();
    assert!(
        said.lines()
            .any(|line| line.contains("ERROR") && line.contains("corrupt")),
        "the operator is not told:\n{said}"
    );
    Ok(())
}

/// The bytes that come before a read fails.
async fn served(space: &Space, node: &str) -> anyhow::Result<Vec<u8>> {
    let request = ReadRequest {
        space_id: space.id().to_owned(),
        node_id: node.to_owned(),
        ..Default::default()
    };
    let mut bytes = Vec::new();
    let Ok(answer) = space.person().files().read(request).await else {
        return Ok(bytes);
    };
    let mut frames = answer.into_inner();
    loop {
        match frames.message().await {
            Ok(Some(frame)) => bytes.extend_from_slice(&frame.data),
            Ok(None) => anyhow::bail!("the whole damaged file was served"),
            Err(_) => return Ok(bytes),
        }
    }
}

//! A disk that is full: refused with a name of its own, nothing half-done, and
//! all is well once there is room.

use preau_harness::{Failure, Platform, bytes};
use tonic::Code;

use crate::walking_skeleton::files_below;

/// SQLite's page.
const PAGE: u64 = 4_096;
/// What the databases may still grow by.
const ROOM: u64 = 12;

#[tokio::test]
async fn a_full_database_refuses_more_and_keeps_what_it_has() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let space = platform.teacher(&class).await?.space(&class).await?;
    let file = bytes("before the disk was full", 3_000_000);
    let node = space.upload("avant.mp4", &file).await?;
    let (_, builder) = platform.terminate().await?;

    let largest = files_below(&builder.data_dir())
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "db"))
        .map(|path| std::fs::metadata(path).map(|data| data.len()))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .max()
        .unwrap();
    let pages = largest / PAGE + ROOM;
    let config = format!("[database]\nsqlite_max_pages = {pages}\n");
    let platform = builder.config(&config)?.start().await?;
    let space = platform.teacher(&class).await?.space(&class).await?;
    let mut acknowledged = vec!["avant.mp4".to_owned()];
    let refused = loop {
        let name = format!("dossier {:04} {}", acknowledged.len(), "n".repeat(200));
        match space.folder("", &name).await {
            Ok(_) => acknowledged.push(name),
            Err(status) => break Failure::from(status),
        }
        assert!(acknowledged.len() < 5_000, "{pages} pages are never full");
    };
    assert_eq!(refused.code, Code::ResourceExhausted, "{refused:?}");
    assert!(!refused.reason.is_empty(), "{refused:?}");

    // Exactly what was acknowledged is there, and old bytes read as before.
    assert_eq!(space.names().await?, acknowledged);
    assert!(space.read(&node.node_id).await? == file);

    // With room again it goes on.
    let (end, builder) = platform.terminate().await?;
    assert_eq!(end.code, Some(0), "{end:#?}");
    let platform = builder.config("")?.start().await?;
    let space = platform.teacher(&class).await?.space(&class).await?;
    assert_eq!(space.names().await?, acknowledged);
    let after = space.upload("après.txt", b"there is room").await?;
    assert_eq!(space.read(&after.node_id).await?, b"there is room");
    Ok(())
}

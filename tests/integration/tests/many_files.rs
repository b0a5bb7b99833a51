//! A folder of ten thousand tiny files, as a teacher drops one on a class: all of it arrives.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt, stream};
use preau_harness::Platform;

const FILES: usize = 10_000;
/// A browser sends four files at once; several tabs, or a command line, more.
const AT_ONCE: usize = 16;

#[tokio::test]
async fn ten_thousand_tiny_files_arrive_each_with_its_own_bytes() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let space = platform.teacher(&class).await?.space(&class).await?;

    stream::iter(0..FILES)
        .map(|n| {
            let space = &space;
            async move {
                let name = name(n);
                space.upload(&name, name.as_bytes()).await
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_for_each(|_| async { Ok(()) })
        .await?;

    let found: HashSet<String> = space.names().await?.into_iter().collect();
    assert_eq!(found, (0..FILES).map(name).collect());
    let pupil = platform.pupil(&class).await?.space(&class).await?;
    for n in (0..FILES).step_by(997) {
        let node = pupil.node_at(&format!("/{}", name(n))).await?.node_id;
        assert_eq!(pupil.read(&node).await?, name(n).into_bytes());
    }
    Ok(())
}

fn name(n: usize) -> String {
    format!("relevé {n:05}.txt")
}

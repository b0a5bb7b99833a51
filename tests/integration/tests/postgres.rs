//! The same story over PostgreSQL, as a role that row-level security binds.

use preau_harness::{PlatformBuilder, bytes, preau};

use crate::walking_skeleton::{assert_sealed, share_and_read};

#[tokio::test]
async fn a_platform_on_postgresql_tells_the_same_story() -> anyhow::Result<()> {
    let url = preau_storage_database::testing::postgres_url().await;
    let builder = PlatformBuilder::empty()?.config(&format!("[database]\nurl = \"{url}\"\n"))?;
    // Tables first, by the command for it; then a start that makes none.
    let config = builder.root().join("preau.toml");
    let data = builder.data_dir();
    let args = ["migrate".as_ref(), "--config".as_ref(), config.as_os_str()];
    let args = args
        .into_iter()
        .chain(["--data-dir".as_ref(), data.as_os_str()]);
    let _ = preau(args, &[]).await?.success();
    let builder = builder
        .env("PREAU_DATABASE_MIGRATE_AT_START", "false")
        .demo();

    let platform = builder.start().await?;
    let [class, other] = platform.classes();
    let teacher = platform.teacher(&class).await?;
    let pupil = platform.pupil(&class).await?;
    let stranger = platform.pupil(&other).await?;
    let file = bytes("postgresql", 5_000_000);
    share_and_read(&class, &teacher, &pupil, &stranger, &file).await?;
    assert_sealed(&platform.data_dir(), &file);

    let platform = platform.restart().await?;
    let space = platform.pupil(&class).await?.space(&class).await?;
    let node = space.node_at("/COURS.pdf").await?;
    assert!(space.read(&node.node_id).await? == file);
    let (end, _) = platform.terminate().await?;
    assert_eq!(end.code, Some(0), "{end:#?}");
    Ok(())
}

#[tokio::test]
async fn rosters_on_postgresql_tell_the_same_story() -> anyhow::Result<()> {
    let url = preau_storage_database::testing::postgres_url().await;
    let config = format!("[database]\nurl = \"{url}\"\n");
    crate::imports::a_year(PlatformBuilder::empty()?.config(&config)?).await
}

#[tokio::test]
async fn power_refusals_and_resets_on_postgresql_tell_the_same_stories() -> anyhow::Result<()> {
    let on = async || -> anyhow::Result<PlatformBuilder> {
        let url = preau_storage_database::testing::postgres_url().await;
        PlatformBuilder::empty()?.config(&format!("[database]\nurl = \"{url}\"\n"))
    };
    crate::imports_power::powers(on().await?).await?;
    crate::imports_power::taken(on().await?).await?;
    crate::first_use::forgotten(on().await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_on_postgresql_leaves_the_whole_roster_or_none_of_it() -> anyhow::Result<()> {
    let url = preau_storage_database::testing::postgres_url().await;
    let config = format!("[database]\nurl = \"{url}\"\n");
    crate::imports_crash::kills(PlatformBuilder::empty()?.config(&config)?, 6).await
}

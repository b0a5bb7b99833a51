//! A monolith leaves itself: two roles move to a process of their own, joined by
//! a one-use token and a table of peers, and the same story holds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use preau_harness::{AccountRole, Person, Platform, PlatformBuilder, Process, bytes, preau};

use crate::walking_skeleton::{assert_sealed, share_and_read};

const PORTS: [&str; 4] = ["--mesh", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

/// A demonstration school whose files have been moved to a directory of their own.
struct Split {
    start: PlatformBuilder,
    left: PathBuf,
    right: PathBuf,
    token: PathBuf,
}

impl Split {
    async fn prepare() -> anyhow::Result<Self> {
        let platform = Platform::start().await?;
        let token = join_token(&platform, "files,gateway").await?;
        let (end, start) = platform.terminate().await?;
        anyhow::ensure!(end.code == Some(0), "{end:#?}");
        let left = start.data_dir();
        let right = start.root().join("right");
        std::fs::create_dir(&right)?;
        std::fs::rename(left.join("files"), right.join("files"))?;
        Ok(Self {
            start,
            left,
            right,
            token,
        })
    }

    async fn start_left(&self) -> anyhow::Result<Process> {
        let args = ["serve", "--roles", "control,identity,roster", "--data-dir"];
        let args = args.into_iter().chain([text(&self.left)]);
        Process::start(args.chain(PORTS), &[]).await
    }

    /// Files and gateway, told where the others are.
    fn right_args(&self, left: &Process, data: &Path) -> anyhow::Result<Vec<String>> {
        let mesh = left.ready().mesh.clone().unwrap();
        let config = format!(
            "[mesh.peers]\ncontrol = \"{mesh}\"\nidentity = \"{mesh}\"\nroster = \"{mesh}\"\n"
        );
        let path = self.start.root().join("right.toml");
        std::fs::write(&path, config)?;
        let args = [
            "serve",
            "--roles",
            "files,gateway",
            "--data-dir",
            text(data),
        ];
        let more = ["--gateway", "127.0.0.1:0", "--config", text(&path)];
        Ok(args
            .into_iter()
            .chain(more)
            .chain(PORTS)
            .map(str::to_owned)
            .collect())
    }
}

/// A token from the platform's administrator, by the command line, in a file.
async fn join_token(platform: &Platform, roles: &str) -> anyhow::Result<PathBuf> {
    let (login, password) = platform.operator()?;
    let secret = platform.root().join("operator.password");
    std::fs::write(&secret, password)?;
    let args = [
        "admin",
        "join-token",
        "--roles",
        roles,
        "--server",
        platform.gateway(),
    ];
    let args = args
        .into_iter()
        .chain(["--login", &login, "--password-file", text(&secret)]);
    let printed = preau(args, &[("HOME", text(platform.root()))])
        .await?
        .success();
    let token = printed
        .stdout
        .split_whitespace()
        .find(|word| word.starts_with("preau-join:"));
    let token = token.unwrap_or_else(|| panic!("no token in {printed:#?}"));
    let path = platform.root().join("join-token");
    std::fs::write(&path, token)?;
    Ok(path)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// As an orchestrator does before it sends anybody there: a process without `identity` serves before it knows the keys
/// by which it tells who calls, and says UNAVAILABLE until then.
async fn until_ready(process: &Process) -> anyhow::Result<()> {
    let admin = process.ready().admin.clone().unwrap();
    let admin = admin.trim_start_matches("http://");
    for _ in 0..600 {
        let probed = preau(["probe", "ready", "--admin", admin], &[]).await?;
        if probed.code == Some(0) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("never ready:\n{}", process.said())
}

#[tokio::test]
async fn two_processes_tell_the_same_story_as_one() -> anyhow::Result<()> {
    let split = Split::prepare().await?;
    let left = split.start_left().await?;
    let mut args = split.right_args(&left, &split.right)?;
    args.extend(["--join-token-file".into(), text(&split.token).into()]);
    let right = Process::start(&args, &[]).await?;
    until_ready(&right).await?;
    let gateway = right.ready().gateway.clone().unwrap();
    assert!(left.ready().gateway.is_none());

    let accounts = split.accounts()?;
    let mut classes: Vec<_> = accounts
        .iter()
        .filter_map(|account| account.class.clone())
        .collect();
    classes.sort();
    classes.dedup();
    let sign_in = async |role, class: &str| {
        let account = accounts
            .iter()
            .find(|account| account.is(role, Some(class)))
            .unwrap();
        Person::sign_in(&gateway, &account.login, &account.password).await
    };
    let teacher = sign_in(AccountRole::Teacher, &classes[0]).await?;
    let pupil = sign_in(AccountRole::Student, &classes[0]).await?;
    let stranger = sign_in(AccountRole::Student, &classes[1]).await?;
    let file = bytes("two processes", 5_000_000);
    share_and_read(&classes[0], &teacher, &pupil, &stranger, &file).await?;
    assert_sealed(&split.right, &file);

    // Started again it needs no token: it kept what it got.
    assert_eq!(right.terminate().await?.code, Some(0));
    let right = Process::start(split.right_args(&left, &split.right)?, &[]).await?;
    until_ready(&right).await?;
    let gateway = right.ready().gateway.clone().unwrap();
    let pupil = pupil.elsewhere(&gateway).await?.space(&classes[0]).await?;
    let node = pupil.node_at("/cours.pdf").await?;
    assert!(pupil.read(&node.node_id).await? == file);

    assert_eq!(right.terminate().await?.code, Some(0));
    assert_eq!(left.terminate().await?.code, Some(0));
    Ok(())
}

#[tokio::test]
async fn a_join_token_works_once_and_only_for_its_roles() -> anyhow::Result<()> {
    let split = Split::prepare().await?;
    let left = split.start_left().await?;
    let fresh = |name: &str| split.start.root().join(name);

    // Other roles than those it was made for.
    let mut args = split.right_args(&left, &fresh("greedy"))?;
    args[2] = "roster".into();
    args.retain(|arg| arg != "--gateway");
    args.remove(args.iter().position(|arg| arg == "127.0.0.1:0").unwrap());
    args.extend(["--join-token-file".into(), text(&split.token).into()]);
    let refused = preau(&args, &[]).await?;
    assert!(refused.error_line().contains("token"), "{refused:#?}");

    // Its own roles, once.
    let mut args = split.right_args(&left, &fresh("first"))?;
    args.extend(["--join-token-file".into(), text(&split.token).into()]);
    let first = Process::start(&args, &[]).await?;
    let mut args = split.right_args(&left, &fresh("second"))?;
    args.extend(["--join-token-file".into(), text(&split.token).into()]);
    let refused = preau(&args, &[]).await?;
    assert!(refused.error_line().contains("token"), "{refused:#?}");
    assert_eq!(first.terminate().await?.code, Some(0));
    Ok(())
}

impl Split {
    fn accounts(&self) -> anyhow::Result<Vec<preau_harness::Account>> {
        preau_harness::Account::load(&self.left)
    }
}

//! What parts are sent to: the platform, or nowhere.

use std::path::Path;
use std::process::Stdio;

use anyhow::Context as _;
use preau_harness::{AccountRole, Platform, PlatformBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Which.
#[derive(Clone, Copy)]
pub(crate) enum Server {
    Nowhere,
    InMemory,
    OnDisk,
}

/// Bare tonic-web in a process of its own, which ends when this is dropped.
pub(crate) struct Nowhere {
    address: String,
    child: Child,
}

impl Nowhere {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_preau-bench-nowhere"))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting bare tonic-web")?;
        let stdout = child.stdout.take().context("stdout was piped")?;
        let address = BufReader::new(stdout).lines().next_line().await?;
        let address = address.context("bare tonic-web ended before it served")?;
        Ok(Self { address, child })
    }

    /// What a client needs to know.
    pub(crate) fn place(&self) -> Value {
        json!({ "gateway": self.address, "pid": self.child.id() })
    }
}

/// `preau up` with the demonstration school on a data directory that is not there yet.
pub(crate) async fn start(data: &Path) -> anyhow::Result<Platform> {
    PlatformBuilder::lent(data).demo().start().await
}

/// What a client needs to know: where, and as whom.
pub(crate) fn place(platform: &Platform) -> anyhow::Result<Value> {
    let teacher = platform.account(AccountRole::Teacher, None)?;
    Ok(json!({
        "gateway": platform.gateway(),
        "pid": platform.pid(),
        "account": { "login": teacher.login, "password": teacher.password },
    }))
}

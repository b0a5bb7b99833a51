//! Bare tonic in a process of its own, which ends when this is dropped.

use std::process::Stdio;

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

pub(crate) struct Bare {
    pub(crate) url: String,
    child: Child,
}

impl Bare {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_preau-bench-bare-lessons"))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting bare tonic")?;
        let stdout = child.stdout.take().context("stdout was piped")?;
        let url = BufReader::new(stdout).lines().next_line().await?;
        let url = url.context("bare tonic ended before it served")?;
        Ok(Self { url, child })
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }
}

//! A running server process: its ready line, its words, its end.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::command::{Finished, command};

/// How long a process may take to say that it is ready.
const START: Duration = Duration::from_secs(60);
/// How long it may take to drain: the promise is 30 s.
const DRAIN: Duration = Duration::from_secs(30);

/// Addresses that a process serves, from its ready line. A role that is not
/// there has no address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Ready {
    /// `http://…`: gRPC and gRPC-web from outside.
    pub gateway: Option<String>,
    /// `host:port` of the mesh.
    pub mesh: Option<String>,
    /// `http://…`: health and metrics.
    pub admin: Option<String>,
}

/// A server process that is ready. Dropping it kills it.
pub struct Process {
    child: Child,
    ready: Ready,
    said: Said,
    pumps: [JoinHandle<()>; 2],
}

impl Process {
    /// Starts `preau` with `args` and waits for its ready line.
    ///
    /// # Errors
    /// With everything it wrote, when it ends or takes too long before.
    pub async fn start<I>(args: I, env: &[(String, String)]) -> anyhow::Result<Self>
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut command = command(args)?;
        command.envs(env.iter().map(|(name, value)| (name, value)));
        Self::spawn(command).await
    }

    /// Starts `preau` with `args`, which serves nobody and has no ready line: an agent, a simulation.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn begin<I>(args: I, env: &[(String, String)]) -> anyhow::Result<Self>
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut command = command(args)?;
        command.envs(env.iter().map(|(name, value)| (name, value)));
        Ok(Self::pumped(command)?.0)
    }

    async fn spawn(command: Command) -> anyhow::Result<Self> {
        let (mut process, mut ready) = Self::pumped(command)?;
        let line = tokio::time::timeout(START, ready.recv())
            .await
            .with_context(|| format!("not ready within {START:?}:\n{}", process.said()))?;
        let Some(line) = line else {
            let end = process.ended().await?;
            bail!("ended before it was ready: {end:#?}");
        };
        process.ready = serde_json::from_str(&line)
            .with_context(|| format!("decoding the ready line {line}"))?;
        Ok(process)
    }

    /// Started, its words being read, the JSON of its ready line to come.
    fn pumped(mut command: Command) -> anyhow::Result<(Self, mpsc::UnboundedReceiver<String>)> {
        let mut child = command
            .spawn()
            .with_context(|| format!("starting {command:?}"))?;
        let said = Said::default();
        let (lines, ready) = mpsc::unbounded_channel();
        let stdout = child.stdout.take().context("stdout was piped")?;
        let stderr = child.stderr.take().context("stderr was piped")?;
        let pumps = [
            tokio::spawn(pump(stdout, said.clone(), Some(lines))),
            tokio::spawn(pump(stderr, said.clone(), None)),
        ];
        let process = Self {
            child,
            ready: Ready::default(),
            said,
            pumps,
        };
        Ok((process, ready))
    }

    /// Where it serves.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// All it has written so far, both streams, line by line.
    #[must_use]
    pub fn said(&self) -> String {
        self.said.text()
    }

    /// SIGKILL, then waits until the kernel has taken everything back.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill9(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("killing the process")
    }

    /// SIGTERM, then waits for the end it promised within 30 s.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn terminate(mut self) -> anyhow::Result<Finished> {
        let pid = self.child.id().context("already ended")?;
        let sent = std::process::Command::new("kill")
            .args(["-TERM", &pid.to_string()])
            .status()
            .context("sending SIGTERM")?;
        anyhow::ensure!(sent.success(), "kill -TERM {pid} failed");
        let said = self.said.clone();
        tokio::time::timeout(DRAIN, self.ended())
            .await
            .with_context(|| format!("still running {DRAIN:?} after SIGTERM:\n{}", said.text()))?
    }

    /// Waits for an end of its own.
    ///
    /// # Errors
    /// When its streams cannot be read.
    pub async fn ended(&mut self) -> anyhow::Result<Finished> {
        let status = self.child.wait().await?;
        for pump in &mut self.pumps {
            pump.await?;
        }
        Ok(Finished {
            code: status.code(),
            stdout: String::new(),
            stderr: self.said(),
        })
    }
}

/// What a process wrote, shared with the tasks that read it.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<String>>);

impl Said {
    fn push(&self, line: &str) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(line);
        text.push('\n');
    }

    fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Reads a stream to its end; sends the JSON of a ready line to `ready`.
async fn pump(
    stream: impl AsyncRead + Unpin,
    said: Said,
    ready: Option<mpsc::UnboundedSender<String>>,
) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        said.push(&line);
        if let (Some(ready), Some(json)) = (&ready, line.strip_prefix("ready ")) {
            // Nobody listens any more once the first one was taken.
            let _ = ready.send(json.to_owned());
        }
    }
}

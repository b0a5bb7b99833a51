//! One run of the command line to its end.

use std::ffi::OsStr;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use tokio::process::Command;

use crate::binary;

/// How long any command may take before the test gives up on it.
const LIMIT: Duration = Duration::from_secs(120);

/// What a finished command left behind.
#[derive(Debug)]
pub struct Finished {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Finished {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails the test unless the command succeeded.
    #[track_caller]
    #[must_use]
    pub fn success(self) -> Self {
        assert_eq!(self.code, Some(0), "the command failed: {self:#?}");
        self
    }

    /// The one line `error: <what>: <where>: <what to do>`, after checking that
    /// the command failed and that it is the only such line.
    #[track_caller]
    #[must_use]
    pub fn error_line(&self) -> &str {
        assert!(
            matches!(self.code, Some(code) if code != 0),
            "the command should have failed: {self:#?}"
        );
        let mut lines = self
            .stderr
            .lines()
            .filter(|line| line.starts_with("error: "));
        let line = lines
            .next()
            .unwrap_or_else(|| panic!("no error line: {self:#?}"));
        assert!(
            lines.next().is_none(),
            "more than one error line: {self:#?}"
        );
        line
    }
}

/// Runs `preau` with `args` to its end, without a terminal and with an empty
/// environment but for `PATH` and `env`.
///
/// # Errors
/// When the binary is missing or does not end in time.
pub async fn preau<I>(args: I, env: &[(&str, &str)]) -> anyhow::Result<Finished>
where
    I: IntoIterator,
    I::Item: AsRef<OsStr>,
{
    let mut command = command(args)?;
    command.envs(env.iter().copied());
    let output = tokio::time::timeout(LIMIT, command.output())
        .await
        .with_context(|| format!("{command:?} did not end within {LIMIT:?}"))?
        .with_context(|| format!("running {command:?}"))?;
    Ok(Finished::new(output))
}

/// The command with nothing inherited that could change what it does.
pub(crate) fn command<I>(args: I) -> anyhow::Result<Command>
where
    I: IntoIterator,
    I::Item: AsRef<OsStr>,
{
    let mut command = Command::new(binary()?);
    command
        .args(args)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    Ok(command)
}

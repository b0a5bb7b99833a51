//! A running platform and the people of its demonstration school.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::account::{self, Account};
use crate::command::{Finished, command};
use crate::prepared::{self, ANY_PORTS};
use crate::process::{Process, Ready};

/// `preau up` on a data directory and ports of its own.
pub struct Platform {
    process: Process,
    start: PlatformBuilder,
    pub(crate) accounts: Vec<Account>,
}

/// How a platform is started, and started again.
pub struct PlatformBuilder {
    folder: Folder,
    config: Option<PathBuf>,
    args: Vec<OsString>,
    env: Vec<(String, String)>,
    demo: bool,
}

enum Folder {
    Own(TempDir),
    Lent(PathBuf),
}

impl PlatformBuilder {
    /// Nothing prepared: an empty data directory.
    ///
    /// # Errors
    /// When no folder can be made.
    pub fn empty() -> anyhow::Result<Self> {
        Ok(Self::on(Folder::Own(prepared::scratch()?)))
    }

    /// On somebody else's data directory, which stays when this goes.
    #[must_use]
    pub fn lent(data_dir: &Path) -> Self {
        Self::on(Folder::Lent(data_dir.to_owned()))
    }

    fn on(folder: Folder) -> Self {
        Self {
            folder,
            config: None,
            args: Vec::new(),
            env: Vec::new(),
            demo: false,
        }
    }

    /// Makes the demonstration school now, by `--demo`, rather than from a copy.
    #[must_use]
    pub fn demo(mut self) -> Self {
        self.demo = true;
        self
    }

    /// Another argument of `preau up`.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A configuration file with this text.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn config(mut self, toml: &str) -> anyhow::Result<Self> {
        let path = self.root().join("preau.toml");
        std::fs::write(&path, toml).with_context(|| format!("writing {}", path.display()))?;
        self.config = Some(path);
        Ok(self)
    }

    /// A folder beside the data directory, for whatever a test needs.
    #[must_use]
    pub fn root(&self) -> &Path {
        match &self.folder {
            Folder::Own(folder) => folder.path(),
            Folder::Lent(data) => data.parent().unwrap_or(data),
        }
    }

    /// The data directory.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        match &self.folder {
            Folder::Own(folder) => folder.path().join("data"),
            Folder::Lent(data) => data.clone(),
        }
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// With all it said, when it does not become ready.
    pub async fn start(self) -> anyhow::Result<Platform> {
        let process = Process::start(self.arguments(), &self.env).await?;
        let data = self.data_dir();
        let accounts = if data.join(account::FILE).is_file() {
            Account::load(&data)?
        } else {
            Vec::new()
        };
        Ok(Platform {
            process,
            start: self,
            accounts,
        })
    }

    /// Starts it and kills it (SIGKILL) as soon as its data directory is as `reached` says.
    ///
    /// # Errors
    /// When it is ready, or ends by itself, before that.
    pub async fn killed_while_starting(
        self,
        reached: impl Fn(&Path) -> bool,
    ) -> anyhow::Result<Self> {
        let mut child = command(self.arguments())?
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let data = self.data_dir();
        while !reached(&data) {
            if let Some(status) = child.try_wait()? {
                bail!("ended before it was to be killed: {status}");
            }
            tokio::task::yield_now().await;
        }
        child.kill().await.context("killing the process")?;
        Ok(self)
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = vec!["up".into(), "--data-dir".into()];
        args.push(self.data_dir().into());
        args.extend(ANY_PORTS.map(OsString::from));
        if let Some(config) = &self.config {
            args.extend(["--config".into(), config.clone().into()]);
        }
        if self.demo {
            args.push("--demo".into());
        }
        args.extend(self.args.iter().cloned());
        args
    }
}

impl Platform {
    /// A platform with the demonstration school, from a copy of one made once.
    ///
    /// # Errors
    /// With all it said, when it does not become ready.
    pub async fn start() -> anyhow::Result<Self> {
        let builder = PlatformBuilder::empty()?;
        prepared::demonstration(&builder.data_dir()).await?;
        builder.start().await
    }

    /// The builder of a platform with the demonstration school, to be changed
    /// before it starts.
    ///
    /// # Errors
    /// When the school cannot be prepared.
    pub async fn prepared() -> anyhow::Result<PlatformBuilder> {
        let builder = PlatformBuilder::empty()?;
        prepared::demonstration(&builder.data_dir()).await?;
        Ok(builder)
    }

    /// Where it serves.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        self.process.ready()
    }

    /// `http://host:port` of the gateway.
    #[must_use]
    pub fn gateway(&self) -> &str {
        self.ready()
            .gateway
            .as_deref()
            .expect("`preau up` serves a gateway")
    }

    /// `host:port` of the mesh.
    #[must_use]
    pub fn mesh(&self) -> &str {
        let mesh = self
            .ready()
            .mesh
            .as_deref()
            .expect("`preau up` serves the mesh");
        mesh.rsplit_once("//").map_or(mesh, |(_, address)| address)
    }

    /// `http://host:port` of administration.
    #[must_use]
    pub fn admin_url(&self) -> &str {
        self.ready()
            .admin
            .as_deref()
            .expect("`preau up` serves administration")
    }

    /// Its data directory.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.start.data_dir()
    }

    /// A folder beside the data directory, for whatever a test needs.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.start.root()
    }

    /// All it has written so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.process.said()
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// SIGTERM; answers how it ended.
    ///
    /// # Errors
    /// When it does not end within 30 s.
    pub async fn terminate(self) -> anyhow::Result<(Finished, PlatformBuilder)> {
        Ok((self.process.terminate().await?, self.start))
    }

    /// SIGKILL; answers how to start again on the same data.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill9(self) -> anyhow::Result<PlatformBuilder> {
        self.process.kill9().await?;
        Ok(self.start)
    }

    /// Ends it politely and starts it again on the same data, on new ports.
    ///
    /// # Errors
    /// When it ends badly or does not become ready.
    pub async fn restart(self) -> anyhow::Result<Self> {
        let (end, start) = self.terminate().await?;
        if end.code != Some(0) {
            bail!("ended badly: {end:#?}");
        }
        start.start().await
    }
}

//! The agent as a school's IT officer meets it: a token, a machine that enrols, locks and messages and an app on its
//! disk, over TLS, through a platform that goes away and comes back.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use preau_harness::{Finished, Platform, PlatformBuilder, Process, Relay, bytes, preau};
use preau_storage_database::{Db, Scope, SqliteOptions};

use crate::fleet::school::patiently;
use crate::tls_cli::{Authority, names};

/// A platform over TLS, and its operator at the command line.
struct Office {
    platform: Option<Platform>,
    /// Where everybody finds it, wherever it is.
    relay: Relay,
    ca: PathBuf,
    home: PathBuf,
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

impl Office {
    async fn open() -> anyhow::Result<Self> {
        let builder = Platform::prepared().await?;
        let authority = Authority::new()?;
        let ca = authority.write(builder.root())?;
        let home = builder.root().to_owned();
        let params = names(&["127.0.0.1"])?;
        let platform = authority.issue(builder, &params)?.start().await?;
        let office = Self {
            relay: Relay::to(platform.gateway()).await?,
            platform: Some(platform),
            ca,
            home,
        };
        office.sign_in().await?;
        Ok(office)
    }

    fn platform(&self) -> &Platform {
        self.platform.as_ref().expect("it is there")
    }

    async fn sign_in(&self) -> anyhow::Result<()> {
        let (login, password) = self.platform().operator()?;
        let secret = self.home.join("operator.password");
        std::fs::write(&secret, password)?;
        let args = ["login", "--login", &login, "--password-file", text(&secret)];
        let _ = self.run(&args).await?.success();
        Ok(())
    }

    /// `preau ARGS --server URL --ca FILE`.
    async fn run(&self, args: &[&str]) -> anyhow::Result<Finished> {
        let url = format!("https://{}", self.relay.address());
        let server = ["--server", &url, "--ca", text(&self.ca)];
        preau(args.iter().chain(&server), &[("HOME", text(&self.home))]).await
    }

    async fn said(&self, args: &[&str]) -> anyhow::Result<String> {
        Ok(self.run(args).await?.success().stdout)
    }

    async fn token(&self, count: &str) -> anyhow::Result<String> {
        let said = self
            .said(&["fleet", "token", "--count", count, "--quiet"])
            .await?;
        Ok(said.trim().to_owned())
    }

    async fn go_away(&mut self) -> anyhow::Result<PlatformBuilder> {
        let platform = self.platform.take().expect("it is there");
        self.relay.pull();
        let (end, builder) = platform.terminate().await?;
        anyhow::ensure!(end.code == Some(0), "{end:#?}");
        Ok(builder)
    }

    /// How many sessions devices have begun by signing in, for want of a certificate that was seen.
    async fn sessions_of_devices(&mut self) -> anyhow::Result<i64> {
        let builder = self.go_away().await?;
        let path = builder.data_dir().join("devices").join("devices.db");
        let db = Db::open_sqlite(&path, SqliteOptions::default()).await?;
        let sql = "SELECT COUNT(*) FROM device_sessions";
        let rows = db.fetch_all(Scope::Platform, sql, &[]).await?;
        db.close().await;
        Ok(rows.first().context("a count")?.int(0)?)
    }

    async fn come_back(&mut self, builder: PlatformBuilder) -> anyhow::Result<()> {
        let platform = builder.start().await?;
        self.relay.plug(platform.gateway())?;
        self.platform = Some(platform);
        Ok(())
    }
}

/// A machine with an agent.
struct Machine {
    state: PathBuf,
    prefix: PathBuf,
    transport: &'static str,
    id: String,
    agent: Option<Process>,
}

impl Machine {
    async fn enrol(office: &Office, name: &str, transport: &'static str) -> anyhow::Result<Self> {
        let [state, prefix] =
            ["state", "prefix"].map(|what| office.home.join(format!("{name}-{what}")));
        let token = office.token("1").await?;
        let said = office
            .said(&[
                "agent",
                "enroll",
                "--token",
                &token,
                "--name",
                name,
                "--state",
                text(&state),
                "--transport",
                transport,
            ])
            .await?;
        let id = said
            .split_whitespace()
            .nth(1)
            .unwrap_or_default()
            .to_owned();
        anyhow::ensure!(id.len() == 36, "no id in {said}");
        let mut machine = Self {
            state,
            prefix,
            transport,
            id,
            agent: None,
        };
        machine.switch_on()?;
        Ok(machine)
    }

    fn switch_on(&mut self) -> anyhow::Result<()> {
        let args = [
            "agent",
            "run",
            "--state",
            text(&self.state),
            "--prefix",
            text(&self.prefix),
            "--transport",
            self.transport,
            "--log",
            "info,preau_agent=debug",
        ];
        self.agent = Some(Process::begin(args, &[])?);
        Ok(())
    }

    async fn pull_the_plug(&mut self) -> anyhow::Result<()> {
        self.agent.take().expect("it is on").kill9().await
    }

    fn has(&self, file: &str) -> bool {
        self.prefix.join(file).exists()
    }

    async fn until(&self, file: &str, is_there: bool) -> anyhow::Result<()> {
        let what = format!("{file}: {is_there}");
        let outcome = patiently(&what, async || Ok(self.has(file) == is_there)).await;
        outcome.map_err(|error| {
            let said = self.agent.as_ref().map(Process::said).unwrap_or_default();
            error.context(format!("the agent said:\n{said}"))
        })
    }
}

async fn the_whole_story(transport: &'static str) -> anyhow::Result<()> {
    let mut office = Office::open().await?;
    let mut machine = Machine::enrol(&office, "salle-12", transport).await?;
    let list = async |office: &Office| office.said(&["fleet", "devices"]).await;
    patiently("online", async || {
        Ok(list(&office).await?.contains("online"))
    })
    .await?;

    // The platform is away, and so is the machine: what is issued meanwhile waits, what was done is not done again.
    let id = machine.id.clone();
    let lock = ["fleet", "lock", &id, "--notice", "Contrôle"];
    office.said(&lock).await?;
    machine.until("locked", true).await?;
    machine.pull_the_plug().await?;
    office
        .said(&["fleet", "message", &id, "--text", "Bonjour"])
        .await?;
    office.said(&["fleet", "unlock", &id]).await?;
    let builder = office.go_away().await?;
    machine.switch_on()?;
    office.come_back(builder).await?;
    machine.until("locked", false).await?;
    machine.until("messages.log", true).await?;
    let messages = std::fs::read_to_string(machine.prefix.join("messages.log"))?;
    assert_eq!(messages.matches("Bonjour").count(), 1, "{messages}");
    patiently("done", async || {
        let shown = office.said(&["fleet", "device", &id]).await?;
        Ok(shown.matches(" DONE").count() >= 3)
    })
    .await?;

    an_app(&office, &machine).await?;
    let end = machine.agent.take().expect("it is on").terminate().await?;
    assert_eq!(end.code, Some(0), "{end:#?}");
    let sessions = office.sessions_of_devices().await?;
    assert_eq!(sessions, 0, "its certificate was enough, all the while");
    Ok(())
}

/// Published, assigned, installed byte for byte, run, replaced by its next version, removed.
async fn an_app(office: &Office, machine: &Machine) -> anyhow::Result<()> {
    let key = office.home.join("publisher.key");
    let public = office.home.join("publisher.pub");
    let _ = preau(["apps", "keygen", "--out", text(&key)], &[])
        .await?
        .success();
    office
        .said(&["apps", "publisher", "add", "Exemple", text(&public)])
        .await?;
    // The machine enrolled before this publisher was known: it has to be told by somebody at the machine.
    let trust = [
        "agent",
        "trust",
        text(&public),
        "--state",
        text(&machine.state),
    ];
    let _ = preau(trust, &[]).await?.success();
    for version in ["1.0", "1.1"] {
        let mut program = format!("#!/bin/sh\necho {version}\nexit 0\n").into_bytes();
        program.extend(bytes(version, 5_000_000));
        let file = office.home.join(format!("geometrie-{version}"));
        std::fs::write(&file, &program)?;
        let published = office
            .said(&[
                "apps",
                "publish",
                text(&file),
                "--app",
                "fr.exemple.geometrie",
                "--name",
                "Géométrie",
                "--version",
                version,
                "--key",
                text(&key),
                "--file-name",
                "geometrie",
                "--executable",
            ])
            .await?;
        let release = published
            .split_whitespace()
            .find(|word| word.len() == 36 && word.matches('-').count() == 4)
            .unwrap_or_else(|| panic!("no id in {published}"))
            .to_owned();
        office.said(&["apps", "assign", &release]).await?;
        let installed = format!("apps/fr.exemple.geometrie/{version}/geometrie");
        machine.until(&installed, true).await?;
        assert!(std::fs::read(machine.prefix.join(&installed))? == program);
        let current = machine
            .prefix
            .join("apps/fr.exemple.geometrie/current/geometrie");
        patiently("current", async || {
            let ran = tokio::process::Command::new(&current).output().await;
            Ok(ran.is_ok_and(|ran| ran.stdout == format!("{version}\n").as_bytes()))
        })
        .await?;
        patiently("reported", async || {
            let status = office.said(&["apps", "status", "--devices"]).await?;
            Ok(status.contains(&format!(
                "{} fr.exemple.geometrie {version} installed",
                machine.id
            )))
        })
        .await?;
    }
    office
        .said(&["apps", "unassign", "fr.exemple.geometrie"])
        .await?;
    machine
        .until("apps/fr.exemple.geometrie/current", false)
        .await
}

#[tokio::test]
async fn a_machine_is_a_device_over_grpc() -> anyhow::Result<()> {
    the_whole_story("grpc").await
}

#[tokio::test]
async fn a_machine_is_a_device_over_grpc_web() -> anyhow::Result<()> {
    the_whole_story("grpc-web").await
}

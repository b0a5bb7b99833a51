//! `make bench NAME=roster`: a school of 20,000 people imported into an empty platform over the public calls, on SQLite
//! and on PostgreSQL, and the same file once more, which changes nothing.

mod import;

use std::fs;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use preau_bench_report::{Report, Samples};
use preau_bench_roster::School;
use preau_harness::{Person, Platform, PlatformBuilder, preau};

use self::import::{Imported, found_school, import};

const ROUNDS: usize = 3;
const SCHOOL: School = School::LARGE;
const DATABASES: [&str; 2] = ["SQLite", "PostgreSQL"];
const LOGIN: &str = "banc";
const PASSWORD: &str = "un banc sous le marronnier";

/// What both imports of one database took, over the rounds.
#[derive(Clone, Default)]
struct Measured {
    first: Steps,
    again: Steps,
    /// MiB resident before the first import.
    before: Samples,
}

/// One import's figures, over the rounds.
#[derive(Clone, Default)]
struct Steps {
    upload: Samples,
    validate: Samples,
    apply: Samples,
    seconds: Samples,
    /// MiB resident at most, from the start of the process to the end of the import.
    peak: Samples,
}

impl Steps {
    fn push(&mut self, imported: &Imported, peak: f64) {
        self.upload.push(imported.upload);
        self.validate.push(imported.validate);
        self.apply.push(imported.apply);
        self.seconds.push(imported.seconds());
        self.peak.push(peak);
    }

    fn row(&self, before: f64) -> [f64; 6] {
        [
            self.upload.median(),
            self.validate.median(),
            self.apply.median(),
            f64::from(SCHOOL.people()) / self.seconds.median(),
            before,
            self.peak.median(),
        ]
    }
}

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let zip = Bytes::from(SCHOOL.zip()?);
    let mut measured = [Measured::default(), Measured::default()];
    for _ in 0..ROUNDS {
        for (database, measured) in DATABASES.iter().zip(&mut measured) {
            eprintln!("{database}");
            let platform = start(database).await?;
            measure(&platform, &zip, measured)
                .await
                .with_context(|| format!("on {database}"))?;
            platform.terminate().await?;
        }
    }
    let columns = [
        "s upload",
        "s validate",
        "s apply",
        "people/s",
        "MiB before",
        "MiB peak",
    ];
    let mut report = Report::new("roster", &columns);
    for (database, measured) in DATABASES.iter().zip(&measured) {
        let before = measured.before.median();
        report.row(format!("{database}, first"), &measured.first.row(before));
        report.row(format!("{database}, again"), &measured.again.row(f64::NAN));
    }
    // The marks are 60 s and 256 MiB: above 1, PostgreSQL takes less.
    let [_, postgres] = &measured;
    let (seconds, peak) = (
        postgres.first.seconds.median(),
        postgres.again.peak.median(),
    );
    report.marked("sixty_seconds_to_postgresql", 60.0 / seconds, 1.0);
    report.marked("256_mib_to_postgresql", 256.0 / peak, 1.0);
    report.finish()
}

/// An empty platform with one administrator; on PostgreSQL, on a new database of the throwaway server.
async fn start(database: &str) -> anyhow::Result<Platform> {
    let builder = PlatformBuilder::empty()?;
    let builder = if database == "PostgreSQL" {
        let url = preau_storage_database::testing::postgres_url().await;
        builder.config(&format!("[database]\nurl = \"{url}\"\n"))?
    } else {
        builder.config("")?
    };
    let root = builder.root().to_str().context("a UTF-8 path")?;
    let (config, secret) = (format!("{root}/preau.toml"), format!("{root}/password"));
    fs::write(&secret, PASSWORD)?;
    let data = builder.data_dir();
    let mut args = vec!["admin", "create", "--config", &config, "--login", LOGIN];
    args.extend(["--given-name", "Ada", "--family-name", "Banc"]);
    args.extend(["--data-dir", data.to_str().context("a UTF-8 path")?]);
    args.extend(["--password-file", &secret]);
    let made = preau(args, &[]).await?;
    ensure!(made.code == Some(0), "no administrator: {made:#?}");
    builder.start().await
}

async fn measure(platform: &Platform, zip: &Bytes, measured: &mut Measured) -> anyhow::Result<()> {
    let pid = platform.pid().context("a running process has an id")?;
    let admin = Person::sign_in(platform.gateway(), LOGIN, PASSWORD).await?;
    let school = found_school(&admin, SCHOOL.uai).await?;
    measured.before.push(resident_at_most(pid)?);

    let first = import(&admin, &school, zip).await.context("first import")?;
    eprintln!("first: {first}");
    let did = first.summary;
    ensure!(
        (did.people_new, did.classes_new, did.enrolments_added)
            == (SCHOOL.people(), SCHOOL.classes, SCHOOL.enrolments()),
        "the first import did something else: {did:?}"
    );
    measured.first.push(&first, resident_at_most(pid)?);

    let again = import(&admin, &school, zip)
        .await
        .context("second import")?;
    eprintln!("again: {again}");
    let did = again.summary;
    ensure!(
        (
            did.people_unchanged,
            did.classes_unchanged,
            did.enrolments_unchanged
        ) == (SCHOOL.people(), SCHOOL.classes, SCHOOL.enrolments()),
        "the second import changed something: {did:?}"
    );
    measured.again.push(&again, resident_at_most(pid)?);
    Ok(())
}

/// `VmHWM` of a process, in MiB: the most that was ever resident.
fn resident_at_most(pid: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .context("VmHWM of the process")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

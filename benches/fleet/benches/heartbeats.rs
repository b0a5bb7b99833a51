//! `make bench NAME=fleet-heartbeats`: how many devices a second can be written down as seen on PostgreSQL, and what it
//! costs in processor time there and here. 8,333 a second is 500,000 devices each minute.
//!
//! The server is the tests' own, which does not wait for its disk: with one that does, the same rows take as much
//! processor time and a sync more for each batch. `FLEET_DEVICES` says how many devices; 500,000 without it.

use std::time::Instant;

use anyhow::Context as _;
use preau_bench_report::{Report, Samples};
use preau_devices::{Authority, Deps, Devices, Timing};
use preau_kernel::clock::Clock;
use preau_kernel::ids::{DeviceId, SchoolId};
use preau_mesh::{IdentityStore, Mesh, TrustDomain, system_clock};
use preau_proto::contract::Contract;
use preau_storage_database::{Db, Scope, params, testing};

const ROUNDS: usize = 5;
const DEVICES: usize = 500_000;
/// What every device of the country asks for, once a minute.
const WANTED_PER_SECOND: f64 = 500_000.0 / 60.0;
const DEVICES_OF_A_SCHOOL: usize = 1_000;
/// A tick of a process's time, a hundredth of a second on every Linux.
const TICK: f64 = 0.01;

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let count = match std::env::var("FLEET_DEVICES") {
        Ok(text) => text.parse().context("FLEET_DEVICES: not a number")?,
        Err(_) => DEVICES,
    };
    let db = testing::postgres(&preau_devices::MIGRATIONS).await;
    let folder = tempfile::tempdir()?;
    let identities = IdentityStore::new(TrustDomain::parse("preau.internal")?, system_clock());
    let authority =
        Authority::load_or_create(&folder.path().join("authority.pem"), &Clock::system())?;
    let devices = Devices::new(Deps {
        db: db.clone(),
        mesh: Mesh::builder(identities, Contract::load()?).build(),
        clock: Clock::system(),
        authority,
        timing: Timing::default(),
    });
    let fleet: Vec<(DeviceId, SchoolId)> = (0..count.div_ceil(DEVICES_OF_A_SCHOOL))
        .flat_map(|_| {
            let school = SchoolId::new();
            (0..DEVICES_OF_A_SCHOOL).map(move |_| (DeviceId::new(), school))
        })
        .take(count)
        .collect();
    // The first time makes the rows; what is measured is the every-minute one.
    devices.record_sightings(&fleet).await?;
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        rounds.one(&db, &devices, &fleet).await?;
    }
    rounds.report(count)
}

#[derive(Default)]
struct Rounds {
    per_second: Samples,
    /// Microseconds of processor time for each sighting.
    here: Samples,
    postgres: Samples,
}

impl Rounds {
    async fn one(
        &mut self,
        db: &Db,
        devices: &Devices,
        fleet: &[(DeviceId, SchoolId)],
    ) -> anyhow::Result<()> {
        let before = (own_cpu()?, postgres_cpu(db).await?);
        let began = Instant::now();
        devices.record_sightings(fleet).await?;
        let took = began.elapsed().as_secs_f64();
        let after = (own_cpu()?, postgres_cpu(db).await?);
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 devices")]
        let count = fleet.len() as f64;
        self.per_second.push(count / took);
        self.here.push((after.0 - before.0) * 1e6 / count);
        self.postgres.push((after.1 - before.1) * 1e6 / count);
        Ok(())
    }

    fn report(&self, count: usize) -> anyhow::Result<()> {
        let columns = [
            "devices",
            "in a second",
            "cpu us here",
            "cpu us in pg",
            "cores at 8,333/s",
        ];
        let mut report = Report::new("fleet-heartbeats", &columns);
        let [here, postgres] = [self.here.median(), self.postgres.median()];
        let cores = (here + postgres) * WANTED_PER_SECOND / 1e6;
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 devices")]
        let row = [
            count as f64,
            self.per_second.median(),
            here,
            postgres,
            cores,
        ];
        report.row("PostgreSQL", &row);
        let reached = self.per_second.median() / WANTED_PER_SECOND;
        report.marked("of_500000_a_minute", reached, 1.0);
        report.finish()
    }
}

fn own_cpu() -> anyhow::Result<f64> {
    cpu_seconds("self")
}

/// Of every process of the server, which are the same before and after: connections stay open.
async fn postgres_cpu(db: &Db) -> anyhow::Result<f64> {
    let sql = "SELECT CAST(pid AS BIGINT) FROM pg_stat_activity";
    let mut sum = 0.0;
    for row in db.fetch_all(Scope::Platform, sql, params![]).await? {
        // One that has ended since costs nothing any more.
        sum += cpu_seconds(&row.int(0)?.to_string()).unwrap_or(0.0);
    }
    Ok(sum)
}

/// Processor time of a process, in user mode and in the kernel.
fn cpu_seconds(process: &str) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the program's name in parentheses; user and system time are the 12th and 13th after it.
    let (_, fields) = stat.rsplit_once(") ").context("a process's statistics")?;
    let mut ticks = 0.0;
    for field in fields.split(' ').skip(11).take(2) {
        ticks += field.parse::<f64>()?;
    }
    Ok(ticks * TICK)
}

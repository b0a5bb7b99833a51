//! Many devices in one process: each with a key, a journal and a connection of its own, and the very code of the real
//! agent. What they share is the process, the authorities they believe, and that their journals are not synced.

mod tally;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use preau_kernel::clock::Clock;
use rand::Rng as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tonic::Status;

use crate::device::Device;
use crate::enroll::{Asked, become_device, may_pass};
use crate::error::AgentError;
use crate::link::{Reach, Transport, Trust};
use crate::private::{self, Durability};
use crate::retry::Backoff;
use crate::state::{self, Store};
use tally::Tally;
pub use tally::{Commands, Counts, Summary};

/// Enrolments under way at once.
const ENROLLING: usize = 64;
/// So many devices begin in a second: all at once would be a surge of our own making.
const BEGIN_PER_SECOND: f64 = 1000.0;
const PROGRESS: Duration = Duration::from_secs(5);

/// What to simulate.
pub struct Fleet {
    /// How many devices.
    pub devices: u32,
    /// Address of the gateway.
    pub server: String,
    /// Whose word is taken for the server being that one.
    pub trust: Trust,
    /// How they speak to it.
    pub transport: Transport,
    /// What those enrol with that are not enrolled yet.
    pub token: Option<String>,
    /// Where their state lies: one directory each. The same directory again: the same devices.
    pub dir: PathBuf,
    /// The machine's clock.
    pub clock: Clock,
    /// Where to write, at the end, a line of JSON for each command that was done: device, command, how often.
    pub report: Option<PathBuf>,
}

/// What all devices share.
struct Shared {
    reach: Reach,
    token: Option<String>,
    clock: Clock,
    enrolling: Semaphore,
    tally: Arc<Tally>,
}

impl Fleet {
    /// Runs the devices until `stop`, telling `progress` every few seconds.
    ///
    /// # Errors
    /// An address or authorities that are wrong; a directory that cannot be used, or is in use; a report that cannot
    /// be written. What goes wrong with one device is counted and ends nothing.
    pub async fn run(
        self,
        stop: impl Future<Output = ()>,
        progress: impl Fn(&Counts),
    ) -> Result<Summary, AgentError> {
        let reach = Reach::new(&self.server, &self.trust, self.transport)?;
        let _lock = state::lock(&self.dir)?;
        let shared = Arc::new(Shared {
            reach,
            token: self.token,
            clock: self.clock,
            enrolling: Semaphore::new(ENROLLING),
            tally: Arc::default(),
        });
        let mut living = JoinSet::new();
        for number in 0..self.devices {
            let dir = self.dir.join(format!("{number:05}"));
            living.spawn(live(Arc::clone(&shared), number, dir, self.devices));
        }
        let mut ticks = tokio::time::interval(PROGRESS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                _ = ticks.tick() => progress(&shared.tally.counts()),
            }
        }
        let summary = shared.tally.summary(self.devices);
        living.shutdown().await;
        if let Some(report) = &self.report {
            let lines = shared.tally.lines();
            std::fs::write(report, lines)
                .map_err(|error| AgentError::file("cannot write the report", report, error))?;
        }
        Ok(summary)
    }
}

/// One device's life.
async fn live(shared: Arc<Shared>, number: u32, dir: PathBuf, of: u32) {
    let begin = f64::from(of) / BEGIN_PER_SECOND * rand::rng().random::<f64>();
    tokio::time::sleep(Duration::from_secs_f64(begin)).await;
    let device = match store(&shared, number, &dir).await {
        Ok(store) => begin_device(&shared, number, store, &dir),
        Err(error) => Err(error),
    };
    match device {
        // Boxed, so that those that wait to be enrolled take no more room than they need.
        Ok(device) => Box::pin(device.run()).await,
        Err(error) => {
            shared.tally.lost(&error);
            tracing::error!(number, %error, place = error.place(), "a device is given up");
        }
    }
}

fn begin_device(
    shared: &Shared,
    number: u32,
    store: Store,
    dir: &Path,
) -> Result<Device, AgentError> {
    let watcher = shared
        .tally
        .watcher(number, store.read(|journal| journal.device_id.clone()));
    let events = Arc::new(move |event: crate::Event<'_>| watcher.event(event));
    let (reach, clock) = (shared.reach.clone(), shared.clock.clone());
    Device::with(store, reach, &dir.join("prefix"), clock, events)
}

/// Its journal: as it was left, or of an enrolment now.
async fn store(shared: &Shared, number: u32, dir: &Path) -> Result<Store, AgentError> {
    private::create_dir(dir)
        .map_err(|error| AgentError::file("cannot make a device's directory", dir, error))?;
    if state::read(dir)?.is_some() {
        shared.tally.resumed();
        return Store::open_held(dir, None, Durability::Written);
    }
    let Some(token) = &shared.token else {
        let state = dir.to_owned();
        return Err(AgentError::NotEnrolled { state });
    };
    let name = format!("Simulation {number:05}");
    let asked = Asked {
        token,
        name: &name,
        model: "simulation",
    };
    let mut backoff = Backoff::default();
    loop {
        let turn = shared.enrolling.acquire().await;
        let made = become_device(&shared.reach, dir, &asked, Durability::Written, None).await;
        drop(turn);
        match made {
            Ok(store) => {
                shared.tally.enrolled();
                return Ok(store);
            }
            Err(AgentError::Call { status, .. }) if may_pass(status.code()) => {
                wait(shared, &mut backoff, &status).await;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn wait(shared: &Shared, backoff: &mut Backoff, status: &Status) {
    shared.tally.trouble(status);
    let wait = backoff.after(Some(status), &mut rand::rng());
    tokio::time::sleep(wait).await;
}

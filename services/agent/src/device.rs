//! One device: its journal, its link to the server, its hands. The real agent and the simulation run this.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::ids::CommandId;
use preau_proto::devices::v1::agent_service_client::AgentServiceClient;
use preau_proto::devices::v1::{AcknowledgeRequest, CommandState};
use tokio::sync::{Notify, watch as channel};
use tonic::Status;

use crate::act::{Hands, Performed};
use crate::commands::{self, Outside};
use crate::error::AgentError;
use crate::install;
use crate::link::{Credential, DeviceClock, Link, Reach, Transport};
use crate::private::Durability;
use crate::renew;
use crate::state::{self, Record, Store, authority};
use crate::{publishers, watch};

/// As the contract has it.
const ACKNOWLEDGE: Duration = Duration::from_secs(5);
/// The longest reason that the contract takes, in characters.
const LONGEST_REASON: usize = 200;

/// How often and how long.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Without a word from the server for this long, its stream is taken for dead: three keep-alives.
    pub silence: Duration,
    /// About when what was not possible is tried again.
    pub busy: Duration,
    /// About how often the device asks what it is to have, without being told that it changed.
    pub desired: Duration,
    /// Between two tries to renew the certificate, at least: there is a third of its life for them.
    pub renewal: Duration,
    /// How long at the start it waits for the server's word before it asks.
    pub first_word: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(80),
            busy: Duration::from_secs(15),
            desired: Duration::from_secs(15 * 60),
            renewal: Duration::from_secs(60),
            first_word: Duration::from_secs(30),
        }
    }
}

/// How a device is run.
#[derive(Clone)]
pub struct Settings {
    /// Where its journal and keys lie.
    pub state: PathBuf,
    /// Where commands and apps have their effect.
    pub prefix: PathBuf,
    /// How it speaks to its server.
    pub transport: Transport,
    /// The system's bundle of authorities, PEM.
    pub system_authorities: PathBuf,
    /// The machine's clock.
    pub clock: Clock,
    /// How often and how long.
    pub timing: Timing,
}

/// What happens to a device, for whoever counts or logs.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The stream of commands has begun.
    Watching,
    /// It has ended; when it is tried again.
    Unwatched {
        /// Nothing: the server ended it as it always does after some minutes.
        status: Option<&'a Status>,
        /// Whether it had begun.
        began: bool,
        /// How long until the next try.
        wait: Duration,
    },
    /// So many new commands were written down.
    Taken(usize),
    /// A command was done.
    Performed {
        /// Which.
        command_id: CommandId,
        /// It had been before: nothing happened.
        again: bool,
    },
    /// The server knows how a command ended.
    Settled {
        /// DONE, FAILED or EXPIRED.
        state: CommandState,
    },
    /// A call failed and will be made again.
    Trouble(&'a Status),
}

/// Whoever is told of events.
pub(crate) type Events = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// An enrolled device. Dropping what [`run`](Self::run) answers stops it at once, as pulling the plug would.
pub struct Device {
    pub(crate) store: Store,
    pub(crate) clock: DeviceClock,
    pub(crate) timing: Timing,
    prefix: PathBuf,
    hands: Hands,
    reach: Reach,
    link: Mutex<(Link, Using)>,
    events: Events,
    /// Counts changes of the journal's commands.
    pub(crate) news: channel::Sender<u64>,
    /// What the server last said of the desired state: nothing yet, or its hash.
    pub(crate) told: channel::Sender<Option<Vec<u8>>>,
    /// Another link is to be used from now on.
    pub(crate) relink: Notify,
}

/// Which credential the link has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Using {
    /// The one that is known to work.
    Proven,
    /// A renewed one that is to be proven.
    Next,
}

impl Device {
    /// Opens the device of a directory and holds it for this process.
    ///
    /// # Errors
    /// No device there; files that are open to others, damaged, or used by another process; authorities that cannot
    /// be read.
    pub fn open(settings: &Settings) -> Result<Self, AgentError> {
        let store = Store::open(&settings.state)?;
        let url = store.read(|journal| journal.server.clone());
        let own = authority(&settings.state);
        let trust = crate::link::Trust::Authorities {
            system: settings.system_authorities.clone(),
            own: own.exists().then_some(own),
        };
        let reach = Reach::new(&url, &trust, settings.transport)?;
        let clock = settings.clock.clone();
        let device = Self::with(store, reach, &settings.prefix, clock, Arc::new(log))?;
        Ok(Self {
            timing: settings.timing,
            ..device
        })
    }

    /// Of a journal that is open already.
    pub(crate) fn with(
        store: Store,
        reach: Reach,
        prefix: &Path,
        clock: Clock,
        events: Events,
    ) -> Result<Self, AgentError> {
        let (device_id, credential, next, offset) = store.read(|journal| {
            let (present, next) = (journal.credential.clone(), journal.next.clone());
            (
                journal.device_id.clone(),
                present,
                next,
                journal.clock_offset,
            )
        });
        let clock = DeviceClock::new(clock, offset);
        let open = |stored: &state::StoredCredential| {
            link(&reach, stored.load(store.dir(), &device_id)?, &clock)
        };
        let (link, using) = match next.as_ref().map(open) {
            Some(Ok(link)) => (link, Using::Next),
            Some(Err(error)) => {
                tracing::warn!(%error, "the renewed certificate cannot be used; the one before it is");
                (open(&credential)?, Using::Proven)
            }
            None => (open(&credential)?, Using::Proven),
        };
        Ok(Self {
            hands: Hands::new(prefix, store.durability()),
            prefix: prefix.to_owned(),
            timing: Timing::default(),
            link: Mutex::new((link, using)),
            news: channel::Sender::new(0),
            told: channel::Sender::new(None),
            relink: Notify::new(),
            store,
            clock,
            reach,
            events,
        })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> String {
        self.store.read(|journal| journal.device_id.clone())
    }

    /// Watches, does what it is told, installs what it is to have and renews its certificate, for ever.
    pub async fn run(&self) {
        // Boxed: thousands of them run in one process, and most of each is asleep.
        let watching = Box::pin(watch::watching(self));
        let working = Box::pin(commands::work(
            self,
            self.news.subscribe(),
            self.timing.busy,
        ));
        let installing = Box::pin(install::installing(self));
        let renewing = Box::pin(renew::renewing(self));
        tokio::join!(watching, working, installing, renewing);
    }

    /// What it is to be called with now, and whether that is to be proven.
    pub(crate) fn link(&self) -> (Link, Using) {
        self.link
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether a credential is one that a connection can begin with: a certificate, and for its key.
    ///
    /// # Errors
    /// It is not.
    pub(crate) fn check(&self, stored: &state::StoredCredential) -> Result<(), AgentError> {
        let credential = stored.load(self.store.dir(), &self.id())?;
        link(&self.reach, credential, &self.clock).map(drop)
    }

    /// Uses a credential of the journal from now on.
    ///
    /// # Errors
    /// A key that cannot be read.
    pub(crate) fn use_credential(
        &self,
        stored: &state::StoredCredential,
        using: Using,
    ) -> Result<(), AgentError> {
        let credential = stored.load(self.store.dir(), &self.id())?;
        let link = link(&self.reach, credential, &self.clock)?;
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = (link, using);
        self.relink.notify_one();
        Ok(())
    }

    /// The link's credential is the one that works.
    pub(crate) fn proven(&self) {
        let mut held = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        held.1 = Using::Proven;
    }

    /// Where apps are installed.
    pub(crate) fn place(&self) -> install::Place {
        install::Place::new(&self.prefix)
    }

    /// Tells whoever counts or logs.
    pub(crate) fn event(&self, event: Event<'_>) {
        (self.events)(event);
    }

    /// Once in its life: whom it will believe.
    pub(crate) async fn pin_publishers(&self) -> Result<(), Status> {
        publishers::pin(&self.link().0, &self.store).await
    }
}

fn link(reach: &Reach, credential: Credential, clock: &DeviceClock) -> Result<Link, AgentError> {
    let wire = reach.wire(Some(&credential))?;
    Ok(Link::new(wire, credential, clock.clone()))
}

impl Outside for Device {
    fn store(&self) -> &Store {
        &self.store
    }

    async fn acknowledge(
        &self,
        id: CommandId,
        state: CommandState,
        reason: &str,
    ) -> Result<(), Status> {
        let request = AcknowledgeRequest {
            command_id: id.to_string(),
            state: state.into(),
            reason: one_line(reason),
        };
        let (link, _) = self.link();
        link.call(ACKNOWLEDGE, request, |wire, request| {
            Box::pin(async move { AgentServiceClient::new(wire).acknowledge(request).await })
        })
        .await
        .map(drop)
    }

    async fn perform(&self, record: &Record) -> Performed {
        let (hands, record) = (self.hands.clone(), record.clone());
        match self.store.durability() {
            Durability::Written => hands.perform(&record),
            Durability::Synced => tokio::task::spawn_blocking(move || hands.perform(&record))
                .await
                .unwrap_or_else(|end| Performed::NotNow(format!("the agent: {end}"))),
        }
    }

    fn is_busy(&self, record: &Record) -> bool {
        self.hands.is_busy(&record.what)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn event(&self, event: Event<'_>) {
        Self::event(self, event);
    }
}

/// As the contract takes a reason.
pub(crate) fn one_line(reason: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    reason.chars().take(LONGEST_REASON).map(plain).collect()
}

/// What the agent's log says: nothing that somebody wrote, only what happened.
fn log(event: Event<'_>) {
    match event {
        Event::Watching => tracing::info!("connected"),
        Event::Unwatched { status, wait, .. } => {
            let wait_ms = wait.as_millis();
            match status {
                Some(status) => {
                    let code = status.code();
                    tracing::warn!(?code, message = status.message(), wait_ms, "not connected");
                }
                None => tracing::debug!(wait_ms, "the stream ended"),
            }
        }
        Event::Taken(count) => tracing::info!(count, "commands taken"),
        Event::Performed { command_id, again } => {
            tracing::info!(%command_id, again, "a command was done");
        }
        Event::Settled { state } => tracing::info!(state = state.as_str_name(), "a command ended"),
        Event::Trouble(status) => {
            tracing::warn!(code = ?status.code(), message = status.message(), "a call failed");
        }
    }
}

#[cfg(test)]
#[path = "device/tests.rs"]
mod tests;

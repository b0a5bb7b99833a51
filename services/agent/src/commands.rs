//! A command's way from being told to being done: each step is in the journal before the next is taken.
//!
//! 1. Taken: written down together with the cursor.
//! 2. ACCEPTED is acknowledged. Only the server knows whether there was still time; if not, nothing is done.
//! 3. Accepted: it is done. Killed from here on, it is done again, and what was done already is left as it is.
//! 4. Finished: DONE or FAILED is acknowledged, until the server has heard.
//!
//! Commands do not wait for each other, but for locks and unlocks, which are done in the order in which they were
//! told: and a lock that has to wait (NOT_NOW) lets the unlock behind it pass, and is then overtaken.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::FutureExt as _;
use futures::stream::FuturesUnordered;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::CommandId;
use preau_proto::devices::v1::CommandState;
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::act::Performed;
use crate::device::Event;
use crate::error::AgentError;
use crate::link::{detail, reason};
use crate::retry::{Backoff, spread};
use crate::state::{Outcome, Record, Stage, Store, What};

const EXPIRED: &str = "COMMAND_EXPIRED";
const OUT_OF_ORDER: &str = "ACKNOWLEDGEMENT_OUT_OF_ORDER";
/// The server has heard enough of a command that is never done.
const TOO_MANY: &str = "TOO_MANY_ACKNOWLEDGEMENTS";
const TOO_OFTEN: &str = "it was tried too often";
const OVERTAKEN: &str = "a later lock or unlock was done";

/// What a command's life touches beyond this process's memory.
pub(crate) trait Outside: Send + Sync {
    fn store(&self) -> &Store;
    /// Tells the server what became of a command.
    fn acknowledge(
        &self,
        id: CommandId,
        state: CommandState,
        reason: &str,
    ) -> impl Future<Output = Result<(), Status>> + Send;
    /// Does it, or finds it done.
    fn perform(&self, record: &Record) -> impl Future<Output = Performed> + Send;
    /// Whether it still has to wait, without trying.
    fn is_busy(&self, record: &Record) -> bool;
    /// By the server's clock.
    fn now(&self) -> Timestamp;
    fn event(&self, event: Event<'_>);
}

/// Commands that are done in order: all of the screen's, and each other one by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Lane {
    Screen,
    Own(CommandId),
}

impl Lane {
    fn of(record: &Record) -> Self {
        match record.what {
            What::Lock { .. } | What::Unlock => Self::Screen,
            What::Message { .. } | What::Unknown => Self::Own(record.id),
        }
    }
}

/// How an attempt ended.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    /// The server knows the end.
    Settled,
    /// Not possible at present.
    Busy,
}

/// Why an attempt got stuck.
#[derive(Debug)]
enum Stuck {
    Call(Status),
    Journal(AgentError),
}

impl From<Status> for Stuck {
    fn from(status: Status) -> Self {
        Self::Call(status)
    }
}

impl From<AgentError> for Stuck {
    fn from(error: AgentError) -> Self {
        Self::Journal(error)
    }
}

/// Works on the commands of the journal, for as long as `news` may bring more of them. What cannot be done now is
/// looked at again after about `again`.
pub(crate) async fn work<O: Outside>(outside: &O, mut news: watch::Receiver<u64>, again: Duration) {
    let mut running = FuturesUnordered::new();
    let mut active = HashSet::new();
    loop {
        // Before looking: what comes after it is news.
        news.borrow_and_update();
        let lanes: HashSet<Lane> = outside
            .store()
            .read(|journal| journal.commands.iter().map(Lane::of).collect());
        for lane in lanes {
            if active.insert(lane) {
                let along = along(outside, lane, news.clone(), again).map(move |()| lane);
                running.push(along.boxed());
            }
        }
        tokio::select! {
            Some(lane) = running.next() => {
                active.remove(&lane);
            }
            changed = news.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

/// When a command is to be looked at again.
struct Turn {
    backoff: Backoff,
    not_before: Instant,
}

/// Works along a lane until nothing is left on it.
async fn along<O: Outside>(
    outside: &O,
    lane: Lane,
    mut news: watch::Receiver<u64>,
    again: Duration,
) {
    let mut turns: HashMap<CommandId, Turn> = HashMap::new();
    loop {
        news.borrow_and_update();
        let mut pending: Vec<(u64, CommandId)> = outside.store().read(|journal| {
            let of_lane = journal
                .commands
                .iter()
                .filter(|record| Lane::of(record) == lane);
            of_lane.map(|record| (record.told, record.id)).collect()
        });
        pending.sort_unstable();
        if pending.is_empty() {
            return;
        }
        for (_, id) in pending {
            let now = Instant::now();
            let turn = turns.entry(id).or_insert_with(|| Turn {
                backoff: Backoff::default(),
                not_before: now,
            });
            if turn.not_before > now {
                continue;
            }
            let wait = match attempt(outside, id).await {
                Ok(Progress::Settled) => {
                    turns.remove(&id);
                    continue;
                }
                Ok(Progress::Busy) => {
                    turn.backoff.reset();
                    spread(again, &mut rand::rng())
                }
                Err(Stuck::Call(status)) => {
                    outside.event(Event::Trouble(&status));
                    turn.backoff.after(Some(&status), &mut rand::rng())
                }
                Err(Stuck::Journal(error)) => {
                    tracing::error!(command_id = %id, %error, "a command waits for the journal");
                    turn.backoff.after(None, &mut rand::rng())
                }
            };
            turn.not_before = Instant::now() + wait;
        }
        let Some(next) = turns.values().map(|turn| turn.not_before).min() else {
            continue;
        };
        tokio::select! {
            () = tokio::time::sleep_until(next) => {}
            // A lock that waits must not keep an unlock waiting that has just come.
            changed = news.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

/// Takes a command as far as it goes.
async fn attempt<O: Outside>(outside: &O, id: CommandId) -> Result<Progress, Stuck> {
    loop {
        let record = outside.store().read(|journal| journal.record(id).cloned());
        let Some(record) = record else {
            return Ok(Progress::Settled);
        };
        let next = match &record.stage {
            Stage::Taken => accept(outside, id).await?,
            Stage::NotNow {
                reason,
                said: false,
            } => {
                let heard = say(outside, id, CommandState::NotNow, reason).await?;
                let reason = reason.clone();
                // Also when the server has heard it too often: it is tried on, to the end that it comes to.
                (heard != Heard::Ended).then_some(Stage::NotNow { reason, said: true })
            }
            Stage::NotNow { said: true, .. } => {
                // Whether there was time is for the server to say.
                if outside.now().0 < record.expires_at && outside.is_busy(&record) {
                    return Ok(Progress::Busy);
                }
                accept(outside, id).await?
            }
            Stage::Accepted => Some(perform(outside, &record).await),
            Stage::Finished(outcome) => {
                let (state, reason) = match outcome {
                    Outcome::Done => (CommandState::Done, ""),
                    Outcome::Failed { reason } => (CommandState::Failed, reason.as_str()),
                };
                say(outside, id, state, reason).await?;
                outside.event(Event::Settled { state });
                None
            }
        };
        let waits = matches!(next, Some(Stage::NotNow { said: true, .. }));
        outside
            .store()
            .change(|journal| match next {
                Some(stage) => journal.advance(id, stage),
                None => journal.settle(id),
            })
            .await?;
        if waits {
            return Ok(Progress::Busy);
        }
    }
}

/// The next stage; nothing when the server does not want it done any more.
async fn accept<O: Outside>(outside: &O, id: CommandId) -> Result<Option<Stage>, Status> {
    Ok(match say(outside, id, CommandState::Accepted, "").await? {
        Heard::Yes => Some(Stage::Accepted),
        Heard::TooOften => {
            let reason = TOO_OFTEN.to_owned();
            Some(Stage::Finished(Outcome::Failed { reason }))
        }
        Heard::Ended => {
            let state = CommandState::Expired;
            outside.event(Event::Settled { state });
            None
        }
    })
}

async fn perform<O: Outside>(outside: &O, record: &Record) -> Stage {
    if outside.store().read(|journal| journal.is_overtaken(record)) {
        let reason = OVERTAKEN.to_owned();
        return Stage::Finished(Outcome::Failed { reason });
    }
    match outside.perform(record).await {
        Performed::Done { again } => {
            let command_id = record.id;
            outside.event(Event::Performed { command_id, again });
            Stage::Finished(Outcome::Done)
        }
        Performed::Failed(reason) => Stage::Finished(Outcome::Failed { reason }),
        Performed::NotNow(reason) => {
            let said = false;
            Stage::NotNow { reason, said }
        }
    }
}

/// What the server makes of a word about a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Yes,
    /// It goes on there as it stands, and only its end is wanted.
    TooOften,
    /// It has ended there already, and there is nothing more to say of it.
    Ended,
}

/// Tells the server.
async fn say<O: Outside>(
    outside: &O,
    id: CommandId,
    state: CommandState,
    why: &str,
) -> Result<Heard, Status> {
    match outside.acknowledge(id, state, why).await {
        Ok(()) => Ok(Heard::Yes),
        Err(status) if reason(&status).as_deref() == Some(TOO_MANY) => Ok(Heard::TooOften),
        Err(status) if has_ended(&status) => {
            tracing::info!(command_id = %id, ?state, code = ?status.code(), "the server wants no more of a command");
            Ok(Heard::Ended)
        }
        Err(status) => Err(status),
    }
}

fn has_ended(status: &Status) -> bool {
    match reason(status).as_deref() {
        Some(EXPIRED) => true,
        Some(OUT_OF_ORDER) => {
            let state = detail(status, "state").unwrap_or_default().to_uppercase();
            let is = |name| state.ends_with(name);
            is("DONE") || is("FAILED") || is("EXPIRED")
        }
        // It will not know the command, or understand the words, the next time either.
        _ => matches!(status.code(), Code::NotFound | Code::InvalidArgument),
    }
}

#[cfg(test)]
#[path = "commands/tests.rs"]
mod tests;

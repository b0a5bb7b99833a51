//! What happened to a simulated fleet, counted.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use preau_kernel::ids::CommandId;
use preau_proto::devices::v1::CommandState;
use serde::Serialize;
use tonic::Status;

use crate::device::Event;
use crate::error::AgentError;
use crate::link::reason;

/// How it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Devices that were enrolled now.
    pub enrolled: u64,
    /// Devices that were enrolled before.
    pub resumed: u64,
    /// Devices that could not be enrolled, or read.
    pub given_up: u64,
    /// Devices with an open stream.
    pub watching: u64,
    /// Streams that ended and were begun again, or are to be.
    pub reconnects: u64,
    /// Of all devices.
    pub commands: Commands,
}

/// Commands of all devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Commands {
    /// Told and written down.
    pub taken: u64,
    /// The server knows that they are done.
    pub done: u64,
    /// The server knows that they failed.
    pub failed: u64,
    /// The server wanted them no more.
    pub expired: u64,
    /// Done more than once: 0, or something is wrong.
    pub duplicates_done: u64,
}

/// The counts at the end, and what went wrong in between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many there were to be.
    pub devices: u32,
    /// When it ended.
    #[serde(flatten)]
    pub counts: Counts,
    /// Failed calls and ended streams, by the server's reason, or the code where it gave none.
    pub errors: BTreeMap<String, u64>,
}

/// One line of the report.
#[derive(Serialize)]
struct Line<'a> {
    device_id: &'a str,
    command_id: String,
    times_done: u32,
}

#[derive(Default)]
pub(super) struct Tally {
    enrolled: AtomicU64,
    resumed: AtomicU64,
    given_up: AtomicU64,
    watching: AtomicU64,
    reconnects: AtomicU64,
    taken: AtomicU64,
    done: AtomicU64,
    failed: AtomicU64,
    expired: AtomicU64,
    errors: Mutex<BTreeMap<String, u64>>,
    devices: Mutex<BTreeMap<u32, Arc<str>>>,
    times: Mutex<HashMap<(u32, CommandId), u32>>,
}

/// Counts for one device.
pub(super) struct Watcher {
    tally: Arc<Tally>,
    number: u32,
    watching: AtomicBool,
}

fn one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tally {
    pub(super) fn watcher(self: &Arc<Self>, number: u32, device_id: String) -> Watcher {
        locked(&self.devices).insert(number, device_id.into());
        Watcher {
            tally: Arc::clone(self),
            number,
            watching: AtomicBool::new(false),
        }
    }

    pub(super) fn enrolled(&self) {
        one(&self.enrolled);
    }

    pub(super) fn resumed(&self) {
        one(&self.resumed);
    }

    pub(super) fn lost(&self, error: &AgentError) {
        one(&self.given_up);
        match error {
            AgentError::Call { status, .. } => self.trouble(status),
            other => self.error(other.to_string()),
        }
    }

    pub(super) fn trouble(&self, status: &Status) {
        self.error(reason(status).unwrap_or_else(|| format!("{:?}", status.code())));
    }

    fn error(&self, reason: String) {
        *locked(&self.errors).entry(reason).or_default() += 1;
    }

    pub(super) fn counts(&self) -> Counts {
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let times = locked(&self.times);
        Counts {
            enrolled: now(&self.enrolled),
            resumed: now(&self.resumed),
            given_up: now(&self.given_up),
            watching: now(&self.watching),
            reconnects: now(&self.reconnects),
            commands: Commands {
                taken: now(&self.taken),
                done: now(&self.done),
                failed: now(&self.failed),
                expired: now(&self.expired),
                duplicates_done: times.values().map(|times| u64::from(*times) - 1).sum(),
            },
        }
    }

    pub(super) fn summary(&self, devices: u32) -> Summary {
        Summary {
            devices,
            counts: self.counts(),
            errors: locked(&self.errors).clone(),
        }
    }

    /// A line of JSON for each command that was done.
    pub(super) fn lines(&self) -> String {
        let (devices, times) = (locked(&self.devices), locked(&self.times));
        let mut lines = String::new();
        for ((number, command), times) in times.iter() {
            let line = Line {
                device_id: devices.get(number).map_or("", |id| id),
                command_id: command.to_string(),
                times_done: *times,
            };
            lines.push_str(&serde_json::to_string(&line).expect("texts and a number are JSON"));
            lines.push('\n');
        }
        lines
    }
}

impl Watcher {
    pub(super) fn event(&self, event: Event<'_>) {
        let tally = &self.tally;
        match event {
            Event::Watching => {
                if !self.watching.swap(true, Ordering::Relaxed) {
                    one(&tally.watching);
                }
            }
            Event::Unwatched { status, began, .. } => {
                self.ended();
                if began {
                    one(&tally.reconnects);
                }
                if let Some(status) = status {
                    tally.trouble(status);
                }
            }
            Event::Taken(count) => {
                tally.taken.fetch_add(count as u64, Ordering::Relaxed);
            }
            Event::Performed {
                command_id,
                again: false,
            } => {
                *locked(&tally.times)
                    .entry((self.number, command_id))
                    .or_default() += 1
            }
            Event::Performed { again: true, .. } => {}
            Event::Settled { state } => match state {
                CommandState::Done => one(&tally.done),
                CommandState::Failed => one(&tally.failed),
                _ => one(&tally.expired),
            },
            Event::Trouble(status) => tally.trouble(status),
        }
    }

    fn ended(&self) {
        if self.watching.swap(false, Ordering::Relaxed) {
            self.tally.watching.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.ended();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_done_twice_is_seen_in_counts_and_report() {
        let tally = Arc::<Tally>::default();
        let watcher = tally.watcher(3, "the-device".to_owned());
        let (one, two) = (CommandId::new(), CommandId::new());
        for (command_id, again) in [(one, false), (one, true), (two, false), (two, false)] {
            watcher.event(Event::Performed { command_id, again });
        }
        assert_eq!(tally.counts().commands.duplicates_done, 1);
        let lines = tally.lines();
        let line = |id: CommandId, times: u32| {
            format!(
                "{{\"device_id\":\"the-device\",\"command_id\":\"{id}\",\"times_done\":{times}}}"
            )
        };
        assert!(
            lines.contains(&line(one, 1)) && lines.contains(&line(two, 2)),
            "{lines}"
        );
    }

    #[test]
    fn watching_is_who_has_a_stream_now() {
        let tally = Arc::<Tally>::default();
        let watcher = tally.watcher(0, String::new());
        watcher.event(Event::Watching);
        watcher.event(Event::Watching);
        assert_eq!(tally.counts().watching, 1);
        let status = Status::unavailable("away");
        watcher.event(Event::Unwatched {
            status: Some(&status),
            began: true,
            wait: std::time::Duration::ZERO,
        });
        let counts = tally.counts();
        assert_eq!((counts.watching, counts.reconnects), (0, 1));
        assert_eq!(tally.summary(1).errors["Unavailable"], 1);
        watcher.event(Event::Watching);
        drop(watcher);
        assert_eq!(tally.counts().watching, 0);
    }
}

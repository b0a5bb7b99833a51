//! A model of a device that is killed between any two steps of its commands: each is done once, as seen from outside,
//! and the server hears of each.

use std::collections::HashMap;
use std::future::pending;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use futures::FutureExt as _;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{CommandId, DeviceId};
use preau_proto::devices::v1::{Certificate, CommandState};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use tokio::sync::watch;
use tonic::{Code, Status};

use super::stand::messages;
use super::stub::refused;
use crate::act::{Hands, Performed};
use crate::commands::{Outside, work};
use crate::device::Event;
use crate::private::Durability;
use crate::state::{Journal, Record, Store, StoredCredential, Taken, What};

/// Stories, and lives of a device in each.
const SEEDS: u64 = 30;
const LIVES: u32 = 25;

/// What the server knows of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Nothing,
    Accepted,
    Done,
    Failed,
}

/// Server, disk and luck, which outlive the device.
struct Outdoors {
    heard: Mutex<HashMap<CommandId, Heard>>,
    /// In the order in which locks and unlocks changed the screen.
    random: Mutex<StdRng>,
}

/// One life of the device.
struct Life<'a> {
    outdoors: &'a Outdoors,
    store: Store,
    hands: Hands,
    /// After so many steps the plug is pulled; nothing: never.
    steps: Mutex<Option<u32>>,
}

impl Life<'_> {
    /// Between two steps. Never comes back when this was the last.
    async fn step(&self) {
        let dead = match &mut *self.steps.lock().expect("not poisoned") {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        };
        if dead {
            pending::<()>().await;
        }
    }

    fn hear(&self, id: CommandId, state: CommandState) -> Result<(), Status> {
        let mut heard = self.outdoors.heard.lock().expect("not poisoned");
        let known = heard.get_mut(&id).expect("a command that was issued");
        let next = match (*known, state) {
            (Heard::Nothing, CommandState::Accepted) => Heard::Accepted,
            (Heard::Accepted, CommandState::Done) => Heard::Done,
            (Heard::Accepted, CommandState::Failed) => Heard::Failed,
            // Said again, it changes nothing.
            (Heard::Accepted, CommandState::Accepted) => Heard::Accepted,
            (Heard::Done, CommandState::Done) => Heard::Done,
            (Heard::Failed, CommandState::Failed) => Heard::Failed,
            (from, to) => {
                let state = if from == Heard::Done {
                    "DONE"
                } else {
                    "ACCEPTED"
                };
                assert_ne!(from, Heard::Nothing, "{to:?} before it was accepted");
                let reason = "ACKNOWLEDGEMENT_OUT_OF_ORDER";
                return Err(refused(
                    Code::FailedPrecondition,
                    reason,
                    &[("state", state)],
                ));
            }
        };
        *known = next;
        Ok(())
    }
}

impl Outside for Life<'_> {
    fn store(&self) -> &Store {
        &self.store
    }

    async fn acknowledge(
        &self,
        id: CommandId,
        state: CommandState,
        _reason: &str,
    ) -> Result<(), Status> {
        self.step().await;
        let (lost, unheard) = {
            let mut random = self.outdoors.random.lock().expect("not poisoned");
            (random.random_bool(0.1), random.random_bool(0.1))
        };
        if lost {
            return Err(Status::unavailable("the call was lost"));
        }
        let answer = self.hear(id, state);
        // The server has heard: the device does not know.
        self.step().await;
        match unheard {
            true => Err(Status::unavailable("the answer was lost")),
            false => answer,
        }
    }

    async fn perform(&self, record: &Record) -> Performed {
        self.step().await;
        let performed = self.hands.perform(record);
        // It is done: the journal does not know.
        self.step().await;
        performed
    }

    fn is_busy(&self, record: &Record) -> bool {
        self.hands.is_busy(&record.what)
    }

    fn now(&self) -> Timestamp {
        Timestamp(0)
    }

    fn event(&self, _event: Event<'_>) {}
}

fn begin(dir: &Path) {
    let credential = StoredCredential::new("key", Certificate::default());
    let id = DeviceId::new().to_string();
    let journal = Journal::new("http://here", id, String::new(), credential);
    Store::create(dir, journal, None, Durability::Written).expect("begun");
}

fn issue(random: &mut StdRng, number: u64) -> Taken {
    let text = number.to_string();
    let what = match random.random_range(0..4) {
        0 => What::Lock { notice: text },
        1 => What::Unlock,
        _ => What::Message { text },
    };
    Taken {
        id: CommandId::new(),
        what,
        expires_at: i64::MAX,
    }
}

/// Twelve commands, told by and by, over as many lives as it takes.
async fn story(seed: u64) {
    let dir = tempfile::tempdir().expect("a directory");
    let prefix = dir.path().join("prefix");
    begin(dir.path());
    let mut random = StdRng::seed_from_u64(seed);
    let issued: Vec<Taken> = (0..12).map(|number| issue(&mut random, number)).collect();
    let outdoors = Outdoors {
        heard: issued
            .iter()
            .map(|told| (told.id, Heard::Nothing))
            .collect::<HashMap<_, _>>()
            .into(),
        random: StdRng::seed_from_u64(seed ^ 1).into(),
    };
    let mut told = 0;
    for life in 0.. {
        let last = life == LIVES;
        let store = Store::open_held(dir.path(), None, Durability::Written).expect("opened");
        let new = if last {
            issued.len()
        } else {
            issued.len().min(told + random.random_range(0..3))
        };
        // From an older cursor: some that it knows are told again, whatever the server has heard of them.
        let from = random.random_range(0..=told);
        store
            .change(|journal| journal.take(issued[from..new].to_vec(), new as u64, Timestamp(0)))
            .await
            .expect("written");
        told = new;
        let steps = [0, 1, 2, 3, 5, 8]
            .choose(&mut random)
            .copied()
            .filter(|_| !last);
        let life = Life {
            outdoors: &outdoors,
            hands: Hands::new(&prefix, Durability::Written),
            steps: steps.into(),
            store,
        };
        // Paused, time passes as soon as nothing else happens: an hour is enough for every try there is.
        let news = watch::Sender::new(0);
        let working = work(&life, news.subscribe(), Duration::from_secs(1)).boxed();
        let _ = tokio::time::timeout(Duration::from_secs(3600), working).await;
        if last {
            assert!(
                life.store.read(|journal| journal.commands.is_empty()),
                "seed {seed}"
            );
            break;
        }
    }
    check(seed, &issued, &outdoors, &prefix);
}

fn check(seed: u64, issued: &[Taken], outdoors: &Outdoors, prefix: &Path) {
    let heard = outdoors.heard.lock().expect("not poisoned");
    let mut shown: Vec<u64> = messages(prefix)
        .iter()
        .map(|text| text.parse().expect("a number"))
        .collect();
    shown.sort_unstable();
    let mut expected: Vec<u64> = Vec::new();
    let mut locked = None;
    for (number, told) in issued.iter().enumerate() {
        let end = heard[&told.id];
        match &told.what {
            What::Message { .. } => {
                expected.push(number as u64);
                assert_eq!(end, Heard::Done, "seed {seed}: {number}");
            }
            // Overtaken, one fails; what was done last is what holds.
            What::Lock { notice } if end == Heard::Done => locked = Some(notice.clone()),
            What::Unlock if end == Heard::Done => locked = None,
            _ => assert_eq!(end, Heard::Failed, "seed {seed}: {number}"),
        }
    }
    assert_eq!(shown, expected, "seed {seed}: each message once");
    let found = std::fs::read_to_string(prefix.join("locked")).ok();
    assert_eq!(found, locked, "seed {seed}");
}

#[tokio::test(start_paused = true)]
async fn killed_between_any_two_steps_each_command_is_done_once() {
    for seed in 0..SEEDS {
        story(seed).await;
    }
}

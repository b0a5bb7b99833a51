//! What is in the journal, and how a command moves through it.

use std::collections::BTreeMap;

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{CommandId, ReleaseId};
use serde::{Deserialize, Serialize};

use super::credentials::StoredCredential;
use super::text;

/// Which journals this agent reads.
pub(super) const FORMAT: u32 = 1;
/// How many commands that were settled are remembered at least as long as they could be told again.
const REMEMBERED: usize = 512;

/// Everything a device must not forget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Journal {
    pub(super) format: u32,
    pub(crate) server: String,
    pub(crate) device_id: String,
    pub(crate) school_id: String,
    /// Microseconds that the server's clock is ahead of this machine's.
    pub(crate) clock_offset: i64,
    pub(crate) credential: StoredCredential,
    /// A renewed one that has not been seen to work.
    pub(crate) next: Option<StoredCredential>,
    /// From where to watch on.
    pub(crate) cursor: u64,
    /// Counts commands in the order in which they were told.
    told: u64,
    /// Those of which the server does not know the end yet.
    pub(crate) commands: Vec<Record>,
    /// Those of which it does, so that one that is told again is not done again.
    settled: Vec<Settled>,
    /// The latest lock or unlock that was done.
    screen: u64,
    /// Whose releases are installed; nothing: not known yet.
    pub(crate) publishers: Option<Vec<Pinned>>,
    /// The hash of the desired state that was brought about, in hexadecimal.
    pub(crate) applied: Option<String>,
    /// By app.
    pub(crate) apps: BTreeMap<String, InstalledApp>,
    /// What the server is still to be told, by app.
    pub(crate) reports: BTreeMap<String, Report>,
}

/// One command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    #[serde(with = "text")]
    pub(crate) id: CommandId,
    /// Its place in the order in which commands were told.
    pub(crate) told: u64,
    pub(crate) what: What,
    /// Microseconds since 1970, by the server's clock.
    pub(crate) expires_at: i64,
    pub(crate) stage: Stage,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum What {
    Message {
        text: String,
    },
    Lock {
        notice: String,
    },
    Unlock,
    /// Something that this agent does not know.
    Unknown,
}

/// How far a command has come: `Taken` → `Accepted` → `Finished`, with turns through `NotNow`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Written down.
    Taken,
    /// The server knows that it will be done: from here on it may be done.
    Accepted,
    /// It could not be done.
    NotNow {
        reason: String,
        /// The server knows.
        said: bool,
    },
    /// It was done, or failed for good; the server is to be told.
    Finished(Outcome),
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Done,
    Failed { reason: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Settled {
    #[serde(with = "text")]
    id: CommandId,
    expires_at: i64,
}

/// Somebody whose signature counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pinned {
    pub(crate) key_id: String,
    /// Ed25519, 32 bytes in hexadecimal.
    pub(crate) public_key: String,
}

/// What is installed of an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InstalledApp {
    #[serde(with = "text")]
    pub(crate) release_id: ReleaseId,
    pub(crate) version: String,
    pub(crate) file_name: String,
}

/// What became of an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Empty for one that was removed.
    pub(crate) release_id: String,
    pub(crate) said: Said,
    pub(crate) reason: String,
}

/// As the contract's `InstallationState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Said {
    Fetching,
    Installed,
    Failed,
    Removed,
}

/// One command as it was told.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) id: CommandId,
    pub(crate) what: What,
    pub(crate) expires_at: i64,
}

impl Journal {
    /// Of a device that was just enrolled.
    pub(crate) fn new(
        server: &str,
        device_id: String,
        school_id: String,
        credential: StoredCredential,
    ) -> Self {
        Self {
            format: FORMAT,
            server: server.to_owned(),
            device_id,
            school_id,
            clock_offset: 0,
            credential,
            next: None,
            cursor: 0,
            told: 0,
            commands: Vec::new(),
            settled: Vec::new(),
            screen: 0,
            publishers: None,
            applied: None,
            apps: BTreeMap::new(),
            reports: BTreeMap::new(),
        }
    }

    /// Writes down what was told and from where to go on; answers how many were new. One that is known is left as it
    /// is, however often it is told.
    pub(crate) fn take(&mut self, told: Vec<Taken>, cursor: u64, now: Timestamp) -> usize {
        self.cursor = cursor;
        let mut new = 0;
        for Taken {
            id,
            what,
            expires_at,
        } in told
        {
            if self.knows(id) {
                continue;
            }
            self.told += 1;
            new += 1;
            self.commands.push(Record {
                id,
                told: self.told,
                what,
                expires_at,
                stage: Stage::Taken,
            });
        }
        if self.settled.len() > REMEMBERED {
            self.settled.retain(|settled| settled.expires_at > now.0);
        }
        new
    }

    fn knows(&self, id: CommandId) -> bool {
        self.commands.iter().any(|record| record.id == id)
            || self.settled.iter().any(|settled| settled.id == id)
    }

    /// A command that is not settled.
    pub(crate) fn record(&self, id: CommandId) -> Option<&Record> {
        self.commands.iter().find(|record| record.id == id)
    }

    /// Notes how far a command has come.
    pub(crate) fn advance(&mut self, id: CommandId, stage: Stage) {
        let Some(record) = self.commands.iter_mut().find(|record| record.id == id) else {
            return;
        };
        let done = matches!(stage, Stage::Finished(Outcome::Done));
        if done && matches!(record.what, What::Lock { .. } | What::Unlock) {
            self.screen = self.screen.max(record.told);
        }
        record.stage = stage;
    }

    /// Whether a lock or unlock was overtaken by a later one: doing it now would undo what was meant last.
    pub(crate) fn is_overtaken(&self, record: &Record) -> bool {
        matches!(record.what, What::Lock { .. } | What::Unlock) && record.told < self.screen
    }

    /// The server knows the end of a command: only that it was there is remembered.
    pub(crate) fn settle(&mut self, id: CommandId) {
        let Some(at) = self.commands.iter().position(|record| record.id == id) else {
            return;
        };
        let record = self.commands.remove(at);
        self.settled.push(Settled {
            id,
            expires_at: record.expires_at,
        });
    }
}

#[cfg(test)]
#[path = "journal/tests.rs"]
mod tests;

//! What a device knows, kept in one small file that is replaced as a whole: after a crash it is the old or the new one.

mod credentials;
mod journal;
mod standing;
mod text;

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub(crate) use credentials::{StoredCredential, forget_keys, keep_key};
pub(crate) use journal::{
    InstalledApp, Journal, Outcome, Pinned, Record, Report, Said, Stage, Taken, What,
};
pub use standing::{Standing, standing};

use crate::error::AgentError;
use crate::private::{self, Durability};

const JOURNAL: &str = "journal.json";
const LOCK: &str = "lock";
/// The school's own authority, as it was named at enrolment.
const AUTHORITY: &str = "authority.pem";
const WHAT: &str = "the device's journal";

/// The journal of one device, and the only way to change it. Holds the directory for this process alone.
#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
    durability: Durability,
    journal: Mutex<Journal>,
    /// One change at a time: each begins from the one before.
    turn: tokio::sync::Mutex<()>,
    /// Nothing where somebody else holds a directory of many devices.
    _lock: Option<File>,
}

impl Store {
    /// Begins a journal in an empty directory, which is made when it is missing.
    ///
    /// # Errors
    /// A directory that has one, is in use, or cannot be written.
    pub(crate) fn create(
        dir: &Path,
        journal: Journal,
        lock: Option<File>,
        durability: Durability,
    ) -> Result<Self, AgentError> {
        let store = Self {
            dir: dir.to_owned(),
            durability,
            journal: Mutex::new(journal),
            turn: tokio::sync::Mutex::default(),
            _lock: lock,
        };
        let journal = store.read(Journal::clone);
        store.write(&journal)?;
        Ok(store)
    }

    /// Opens a device's journal and holds its directory.
    ///
    /// # Errors
    /// None there, open to others, damaged, in use.
    pub(crate) fn open(dir: &Path) -> Result<Self, AgentError> {
        if !dir.join(JOURNAL).exists() {
            let state = dir.to_owned();
            return Err(AgentError::NotEnrolled { state });
        }
        let lock = lock(dir)?;
        Self::open_held(dir, Some(lock), Durability::Synced)
    }

    /// Opens the journal of a directory that is held already, by this lock or by one around many.
    ///
    /// # Errors
    /// None there, open to others, damaged.
    pub(crate) fn open_held(
        dir: &Path,
        lock: Option<File>,
        durability: Durability,
    ) -> Result<Self, AgentError> {
        let journal = read(dir)?;
        let journal = journal.ok_or_else(|| AgentError::NotEnrolled {
            state: dir.to_owned(),
        })?;
        Ok(Self {
            dir: dir.to_owned(),
            durability,
            journal: Mutex::new(journal),
            turn: tokio::sync::Mutex::default(),
            _lock: lock,
        })
    }

    /// Where it lies.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// How lasting what is written has to be.
    pub(crate) fn durability(&self) -> Durability {
        self.durability
    }

    /// Looks at it.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Journal) -> T) -> T {
        look(&self.journal.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes it: what the change answers is given out once it is written, and nothing is changed when it cannot be.
    pub(crate) async fn change<T>(
        &self,
        change: impl FnOnce(&mut Journal) -> T,
    ) -> Result<T, AgentError> {
        let _turn = self.turn.lock().await;
        let before = self.read(Journal::clone);
        let mut after = before.clone();
        let answer = change(&mut after);
        if after == before {
            return Ok(answer);
        }
        match self.durability {
            Durability::Written => self.write(&after)?,
            Durability::Synced => {
                let (path, bytes) = (self.dir.join(JOURNAL), encode(&after));
                let written = tokio::task::spawn_blocking(move || {
                    private::write(&path, &bytes, Durability::Synced)
                });
                let written = written.await.unwrap_or_else(|end| Err(end.into()));
                written.map_err(|error| self.unwritten(error))?;
            }
        }
        *self.journal.lock().unwrap_or_else(PoisonError::into_inner) = after;
        Ok(answer)
    }

    fn write(&self, journal: &Journal) -> Result<(), AgentError> {
        private::write(&self.dir.join(JOURNAL), &encode(journal), self.durability)
            .map_err(|error| self.unwritten(error))
    }

    fn unwritten(&self, error: std::io::Error) -> AgentError {
        AgentError::file("cannot write the journal", &self.dir.join(JOURNAL), error)
    }
}

/// Where the school's own authority is kept.
pub(crate) fn authority(dir: &Path) -> PathBuf {
    dir.join(AUTHORITY)
}

/// Holds a directory for this process alone, until it ends; makes it when it is missing.
///
/// # Errors
/// Another process has it, or it cannot be made; one that others may read.
pub(crate) fn lock(dir: &Path) -> Result<File, AgentError> {
    private::create_dir(dir)
        .map_err(|error| AgentError::file("cannot make the directory", dir, error))?;
    private::closed_to_others("the directory of the device's state", dir)?;
    let path = dir.join(LOCK);
    let fail = |error| AgentError::file("cannot lock the device's state", &path, error);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(fail)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(AgentError::InUse { file: path }),
        Err(TryLockError::Error(error)) => Err(fail(error)),
    }
}

/// The journal as it lies there; nothing when there is none.
pub(crate) fn read(dir: &Path) -> Result<Option<Journal>, AgentError> {
    let path = dir.join(JOURNAL);
    let Some(bytes) = private::read(WHAT, &path)? else {
        return Ok(None);
    };
    let damaged = |why: String| AgentError::Damaged {
        what: WHAT,
        path: path.clone(),
        why,
    };
    let journal: Journal =
        serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    match journal.format {
        journal::FORMAT => Ok(Some(journal)),
        other => Err(damaged(format!(
            "it has format {other}; this agent reads {}",
            journal::FORMAT
        ))),
    }
}

fn encode(journal: &Journal) -> Vec<u8> {
    serde_json::to_vec(journal).expect("texts, numbers and lists of them are JSON")
}

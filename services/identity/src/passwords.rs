//! Argon2id in a bounded pool: so many at once, so many waiting, the rest told to come back.
//!
//! A password hash is made to be expensive: at OWASP's floor one costs 19 MiB and tens of
//! milliseconds of a core. Unbounded, a surge of sign-ins would take the memory and every
//! thread of the process with it, and the sessions already open would suffer for those not
//! yet open. Bounded, the surge waits in a short line and whoever does not fit is told when
//! to try again. The memory is made once for each worker and kept.

mod memory;
mod phc;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use rand::RngCore;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::password::Password;

use self::memory::{Memory, Workplace};

/// Cost of a hash, and how many may be computed and awaited at once.
#[derive(Clone, Debug)]
pub struct PasswordConfig {
    /// Memory of one hash in KiB. At least 19 456 (19 MiB).
    pub memory_kib: u32,
    /// Passes over that memory. At least 2.
    pub iterations: u32,
    /// Lanes. At least 1; more only help when a hash may use several cores.
    pub lanes: u32,
    /// Hashes computed at once: bounds cores, and memory at `workers * memory_kib`, which stays
    /// taken once used. Only hashes stored at a higher cost than today's need more, while verified.
    pub workers: usize,
    /// Calls that may wait for a worker; the next one is refused.
    pub queue: usize,
}

impl Default for PasswordConfig {
    /// OWASP's Password Storage Cheat Sheet, Argon2id: m=19456 KiB, t=2, p=1. Half the cores,
    /// so that those who are signed in already keep the other half.
    fn default() -> PasswordConfig {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        PasswordConfig {
            memory_kib: FLOOR.memory_kib,
            iterations: FLOOR.iterations,
            lanes: FLOOR.lanes,
            workers: (cores / 2).max(1),
            queue: 256,
        }
    }
}

/// Why a password configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum PasswordConfigError {
    /// The operator's: a cost below the documented floor.
    #[error("passwords: {key} is {value}, the least allowed is {floor}: raise it")]
    BelowFloor {
        /// The configuration key.
        key: &'static str,
        /// What was configured.
        value: u64,
        /// What is required.
        floor: u64,
    },
    /// The operator's: Argon2 cannot run with these values.
    #[error(
        "passwords: these parameters do not fit together ({reason}): memory_kib must be at least 8 times lanes"
    )]
    Invalid {
        /// What Argon2 objects to.
        reason: String,
    },
}

/// Hashes and verifies passwords; counts what it did.
pub struct Passwords {
    argon: Argon2<'static>,
    permits: Arc<Semaphore>,
    memory: Arc<Memory>,
    workers: usize,
    waiting: AtomicUsize,
    queue: usize,
    // A hash of a password nobody has: verified where there is no account, so that an unknown
    // login costs what a known one costs.
    nobody: Arc<str>,
    verified: AtomicU64,
    hashed: AtomicU64,
}

/// The answer to a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the password. `outdated`: the stored hash is cheaper than today's parameters.
    Match { outdated: bool },
    /// It is not.
    Mismatch,
}

/// Why a hash was not computed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    /// Too many callers wait already.
    #[error("too many sign-ins at once: try again in {} s", retry_after.as_secs())]
    Overloaded { retry_after: Duration },
    /// The stored hash is not a PHC string of Argon2: the row was damaged or written by hand.
    #[error("the stored password hash cannot be read: reset this account's password")]
    Corrupt,
    /// The worker died or Argon2 refused: a defect or no memory.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

struct Floor {
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
}

const FLOOR: Floor = Floor {
    memory_kib: 19_456,
    iterations: 2,
    lanes: 1,
};

// One full queue drains in a few seconds; a whole second keeps refused clients from knocking in a loop.
const RETRY_AFTER: Duration = Duration::from_secs(2);

impl Passwords {
    /// Checks the configuration against the floor and prepares the pool. Costs one hash.
    pub fn new(config: &PasswordConfig) -> Result<Passwords, PasswordConfigError> {
        check_floor(config)?;
        let params = Params::new(config.memory_kib, config.iterations, config.lanes, None)
            .map_err(|error| PasswordConfigError::Invalid {
                reason: error.to_string(),
            })?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let permits = Arc::new(Semaphore::new(config.workers));
        let memory = Arc::new(Memory::new(argon.params().block_count()));
        let nobody =
            nobodys(&argon, &permits, &memory).map_err(|error| PasswordConfigError::Invalid {
                reason: error.to_string(),
            })?;
        Ok(Passwords {
            argon,
            permits,
            memory,
            workers: config.workers,
            waiting: AtomicUsize::new(0),
            queue: config.queue,
            nobody: nobody.into(),
            verified: AtomicU64::new(0),
            hashed: AtomicU64::new(0),
        })
    }

    /// How many verifications ran, whatever their answer: one per sign-in that was not refused for load.
    pub fn verifications(&self) -> u64 {
        self.verified.load(Ordering::Relaxed)
    }

    /// How many hashes were computed for storing.
    pub fn hashes(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// How many hashes' worth of memory was ever made: never more than there are workers.
    pub fn buffers(&self) -> usize {
        self.memory.made()
    }

    /// A PHC string with a new salt. Waits for a worker.
    pub(crate) async fn hash(&self, password: &Password) -> Result<String, PasswordError> {
        let permit = self.permit().await?;
        let (argon, password) = (self.argon.clone(), password.clone());
        self.hashed.fetch_add(1, Ordering::Relaxed);
        self.on_worker(permit, move |place| {
            phc::make(&argon, password.as_bytes(), place)
        })
        .await
    }

    /// Compares with a stored PHC string; with `None`, with nobody's, at the same cost.
    pub(crate) async fn verify(
        &self,
        password: &Password,
        stored: Option<&str>,
    ) -> Result<Verdict, PasswordError> {
        let permit = self.permit().await?;
        let against: Arc<str> = stored.map_or_else(|| Arc::clone(&self.nobody), Arc::from);
        let (today, password) = (self.argon.params().clone(), password.clone());
        self.verified.fetch_add(1, Ordering::Relaxed);
        let verdict = self
            .on_worker(permit, move |place| {
                phc::compare(&today, password.as_bytes(), &against, place)
            })
            .await?;
        Ok(if stored.is_some() {
            verdict
        } else {
            Verdict::Mismatch
        })
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, PasswordError> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let _place = self.take_place()?;
        Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Failed("the pool is closed".to_owned()))
    }

    fn take_place(&self) -> Result<Place<'_>, PasswordError> {
        let ahead = self.waiting.fetch_add(1, Ordering::AcqRel);
        // Made before the check, so that a refused caller leaves the line again too.
        let place = Place(&self.waiting);
        if ahead >= self.queue {
            return Err(PasswordError::Overloaded {
                retry_after: RETRY_AFTER,
            });
        }
        Ok(place)
    }

    // The permit travels with the job: a caller that goes away does not free a core, or memory,
    // that is still busy.
    async fn on_worker<T: Send + 'static>(
        &self,
        permit: OwnedSemaphorePermit,
        job: impl FnOnce(&mut Workplace) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let memory = Arc::clone(&self.memory);
        tokio::task::spawn_blocking(move || job(&mut memory.lend(permit)))
            .await
            .map_err(|error| PasswordError::Failed(error.to_string()))?
    }
}

#[cfg(test)]
impl Passwords {
    /// Takes a worker and keeps it busy for as long as the answer lives.
    pub(crate) fn occupy_for_test(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.permits)
            .try_acquire_owned()
            .expect("a free worker")
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("workers", &self.workers)
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}

// A place in the line, given back on drop: also when the caller goes away while waiting.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn nobodys(
    argon: &Argon2<'_>,
    permits: &Arc<Semaphore>,
    memory: &Arc<Memory>,
) -> Result<String, PasswordError> {
    let permit = Arc::clone(permits)
        .try_acquire_owned()
        .map_err(|error| PasswordError::Failed(error.to_string()))?;
    let mut unguessable = [0u8; 32];
    rand::rng().fill_bytes(&mut unguessable);
    phc::make(argon, &unguessable, &mut memory.lend(permit))
}

fn check_floor(config: &PasswordConfig) -> Result<(), PasswordConfigError> {
    let checks: [(&'static str, u64, u64); 4] = [
        (
            "memory_kib",
            config.memory_kib.into(),
            FLOOR.memory_kib.into(),
        ),
        (
            "iterations",
            config.iterations.into(),
            FLOOR.iterations.into(),
        ),
        ("lanes", config.lanes.into(), FLOOR.lanes.into()),
        ("workers", config.workers as u64, 1),
    ];
    for (key, value, floor) in checks {
        if value < floor {
            return Err(PasswordConfigError::BelowFloor { key, value, floor });
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;

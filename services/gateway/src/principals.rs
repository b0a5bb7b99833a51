//! Credentials in, principal tokens out: minted by `identity` or `devices`, remembered for a while.

mod minter;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use preau_mesh::{Deadline, Inherited, Mesh, WallClock};
use tokio::time::Instant;
use tonic::{Code, Status};

use self::minter::{Minter, Minters};
use crate::config::Config;
use crate::credential::{Credential, Key};
use crate::refusal::Refusal;

/// A token is replaced this long before it expires: longer than any clock skew that verifiers
/// forgive, plus a call's way to the last service that reads it.
const MARGIN: Duration = Duration::from_secs(10);

/// A call that is allowed longer than this may well take longer than a token has left …
const LONG: Duration = Duration::from_secs(60);
/// … so it gets one that is good for this long, besides the margin. A token lives 60 s at most.
const FRESH: Duration = Duration::from_secs(40);

/// The principals of the credentials seen lately.
pub(crate) struct Principals {
    minters: Minters,
    mesh: Mesh,
    clock: WallClock,
    capacity: usize,
    slots: Mutex<HashMap<Key, Arc<Slot>>>,
}

/// One credential's place. Whoever holds the lock mints; the others wait for the outcome.
#[derive(Default)]
struct Slot {
    outcome: tokio::sync::Mutex<Outcome>,
}

#[derive(Default)]
enum Outcome {
    #[default]
    None,
    Minted(Minted),
    /// Shared with those who were waiting when it came, and with nobody later.
    Failed {
        status: Status,
        at: Instant,
    },
}

/// A principal token and how long it is good here.
#[derive(Clone)]
struct Minted {
    token: HeaderValue,
    until: Instant,
    /// Whose; unknown before this process can tell who calls.
    person: Option<Arc<str>>,
}

/// Which sessions end with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The caller's present one.
    One,
    /// All of the caller's.
    All,
}

impl Principals {
    pub(crate) fn new(mesh: &Mesh, config: &Config) -> Self {
        Self {
            minters: Minters::new(mesh),
            mesh: mesh.clone(),
            clock: Arc::clone(&config.clock),
            capacity: config.max_sessions.max(16),
            slots: Mutex::default(),
        }
    }

    /// The credential's principal token, good for a few seconds at least. Waiting for it, a mint
    /// included, is part of the call: of its trace, and of its time.
    ///
    /// # Errors
    /// What is said of the credential, that nobody can be asked, or that the time is over.
    pub(crate) async fn principal(
        &self,
        credential: &Credential,
        inherited: Inherited,
    ) -> Result<HeaderValue, Status> {
        self.principal_for(credential, inherited, Duration::ZERO)
            .await
    }

    /// The same for a call within `allowed`: where that is long, the token is no older than some seconds, so that the
    /// calls which the service makes on the caller's behalf find it valid.
    pub(crate) async fn principal_for(
        &self,
        credential: &Credential,
        inherited: Inherited,
        allowed: Duration,
    ) -> Result<HeaderValue, Status> {
        let least = if allowed > LONG {
            FRESH
        } else {
            Duration::ZERO
        };
        let asked = self.ask(credential, inherited.clone(), least);
        match inherited.deadline {
            Some(Deadline(at)) => tokio::time::timeout_at(at, asked)
                .await
                .unwrap_or_else(|_| {
                    Err(Refusal::TooLate.into_status(Minter::of(credential).path()))
                }),
            None => asked.await,
        }
    }

    async fn ask(
        &self,
        credential: &Credential,
        inherited: Inherited,
        least: Duration,
    ) -> Result<HeaderValue, Status> {
        let came = Instant::now();
        let key = credential.key();
        let slot = self.slot(key);
        let mut outcome = slot.outcome.lock().await;
        match &*outcome {
            Outcome::Minted(minted) if Instant::now() + least < minted.until => {
                return Ok(minted.token.clone());
            }
            Outcome::Failed { status, at } if came <= *at => return Err(status.clone()),
            _ => {}
        }
        match self.mint(credential, inherited).await {
            Ok(minted) => {
                let token = minted.token.clone();
                *outcome = Outcome::Minted(minted);
                Ok(token)
            }
            // This call's time, not that of those who wait.
            Err(status) if status.code() == Code::DeadlineExceeded => Err(status),
            Err(status) => {
                *outcome = Outcome::Failed {
                    status: status.clone(),
                    at: Instant::now(),
                };
                // Refused credentials take no place, or invented ones would push out real ones.
                self.remove(key, &slot);
                Err(status)
            }
        }
    }

    /// Forgets what the call ends when the guard goes. A mint under way keeps its slot to itself, out of the map.
    pub(crate) fn forget_afterwards(
        &self,
        credential: &Credential,
        ending: Ending,
    ) -> Forgetting<'_> {
        let key = credential.key();
        let person = match ending {
            Ending::One => None,
            Ending::All => self.person_of(&key),
        };
        Forgetting {
            principals: self,
            key,
            person,
        }
    }

    /// Whose session it is, as far as is remembered.
    fn person_of(&self, key: &Key) -> Option<Arc<str>> {
        let slot = self.lock().get(key).map(Arc::clone)?;
        match slot.outcome.try_lock().as_deref() {
            Ok(Outcome::Minted(minted)) => minted.person.clone(),
            _ => None,
        }
    }

    async fn mint(&self, credential: &Credential, inherited: Inherited) -> Result<Minted, Status> {
        let minted = self.minters.mint(credential, inherited).await?;
        let claims = self.mesh.principals().verify(&minted.token);
        let person = claims.ok().map(|claims| claims.person.as_str().into());
        let mut token = HeaderValue::try_from(minted.token)
            .map_err(|_| Status::internal("a token was minted that is no header value"))?;
        token.set_sensitive(true);
        let left = minted
            .expires
            .and_then(|at| at.duration_since((self.clock)()).ok())
            .unwrap_or_default();
        Ok(Minted {
            token,
            until: Instant::now() + left.saturating_sub(MARGIN),
            person,
        })
    }

    fn slot(&self, key: Key) -> Arc<Slot> {
        let mut slots = self.lock();
        if !slots.contains_key(&key) && slots.len() >= self.capacity {
            make_room(&mut slots, self.capacity);
        }
        Arc::clone(slots.entry(key).or_default())
    }

    fn remove(&self, key: Key, slot: &Arc<Slot>) {
        let mut slots = self.lock();
        if slots.get(&key).is_some_and(|held| Arc::ptr_eq(held, slot)) {
            slots.remove(&key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Slot>>> {
        // Nothing in here panics half-way through a change, so a poisoned map is a whole map.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets one session, or all of a person's, when it goes.
pub(crate) struct Forgetting<'a> {
    principals: &'a Principals,
    key: Key,
    person: Option<Arc<str>>,
}

impl Drop for Forgetting<'_> {
    fn drop(&mut self) {
        let mut slots = self.principals.lock();
        slots.remove(&self.key);
        if let Some(person) = &self.person {
            slots.retain(|_, slot| match slot.outcome.try_lock().as_deref() {
                Ok(Outcome::Minted(minted)) => minted.person.as_ref() != Some(person),
                Ok(Outcome::None | Outcome::Failed { .. }) => true,
                // Being minted, perhaps since before the end: whoever it is for is minted for again.
                Err(_) => false,
            });
        }
    }
}

/// Drops what expired and, if that is not enough, a sixteenth of the rest, whichever: a session
/// that is still used is minted again. So the sweep happens once in many calls, not at each.
fn make_room(slots: &mut HashMap<Key, Arc<Slot>>, capacity: usize) {
    let now = Instant::now();
    slots.retain(|_, slot| match slot.outcome.try_lock().as_deref() {
        Ok(Outcome::Minted(minted)) => now < minted.until,
        Ok(Outcome::None | Outcome::Failed { .. }) => false,
        Err(_) => true,
    });
    let keep = capacity - capacity / 16;
    let surplus: Vec<Key> = slots.keys().skip(keep).copied().collect();
    for key in surplus {
        slots.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_cache_makes_room_and_keeps_most_of_what_is_valid() {
        let mut slots = HashMap::new();
        for n in 0..32u8 {
            let until = Instant::now() + Duration::from_secs(u64::from(n % 2) * 60);
            let minted = Minted {
                token: HeaderValue::from_static("token"),
                until,
                person: None,
            };
            let slot = Slot {
                outcome: tokio::sync::Mutex::new(Outcome::Minted(minted)),
            };
            slots.insert([n; 32], Arc::new(slot));
        }
        make_room(&mut slots, 32);
        assert_eq!(slots.len(), 16, "the expired half goes");
        make_room(&mut slots, 16);
        assert_eq!(slots.len(), 15, "then a sixteenth");
    }
}

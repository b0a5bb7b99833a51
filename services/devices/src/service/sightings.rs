//! Which devices this process sees: those whose Watch it serves.
//!
//! They are kept in memory. A sweep writes those down that are new, or that were written longest ago, for hundreds of
//! devices by one statement, with the lease of this process; nothing is written when a Watch opens or closes. A device
//! is online while the lease lives that it was last written with. A process that lost its lease, because it could not
//! reach the database, takes another and writes all its devices anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::ids::{DeviceId, LeaseId, SchoolId};
use tokio_util::sync::CancellationToken;

use crate::domain::Refusal;
use crate::error::Error;
use crate::store::Store;

/// How long a process vouches for its devices when it renews nothing.
const LEASE: Duration = Duration::from_secs(30);

/// With less than this left a lease is renewed: five sweeps or so before it would end.
const RENEW: Duration = Duration::from_secs(20);

/// A device that is watched is written down again after this: with the time between sweeps it was seen within a minute.
const REFRESH: Duration = Duration::from_secs(50);

/// Watches that one device may have open here: one, and those of connections that died and were not noticed yet. Each
/// holds memory for as long as it is open.
const MOST_WATCHES: u32 = 32;

pub(super) struct Sightings {
    store: Store,
    clock: Clock,
    /// Held while it is taken or renewed and what is due is written: once at a time.
    lease: tokio::sync::Mutex<Option<Held>>,
    seen: Arc<Seen>,
    stopping: CancellationToken,
}

#[derive(Clone, Copy)]
struct Held {
    id: LeaseId,
    until: Timestamp,
}

/// The devices with a Watch here, and those whose last one was closed since the sweep.
#[derive(Default)]
struct Seen {
    devices: Mutex<HashMap<DeviceId, Sighting>>,
    #[cfg(test)]
    closed: tokio::sync::Notify,
}

struct Sighting {
    school: SchoolId,
    watches: u32,
    /// When it was last written down under the present lease.
    written: Option<Timestamp>,
}

/// One open Watch; dropped with it.
pub(super) struct Watched {
    device: DeviceId,
    seen: Arc<Seen>,
}

impl Sightings {
    pub(super) fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            lease: tokio::sync::Mutex::default(),
            seen: Arc::default(),
            stopping: CancellationToken::new(),
        }
    }

    /// The device is seen until the answer is dropped.
    pub(super) fn watch(&self, device: DeviceId, school: SchoolId) -> Result<Watched, Error> {
        if self.stopping.is_cancelled() {
            return Err(Error::NotServing);
        }
        let mut devices = self.seen.lock();
        let sighting = devices.entry(device).or_insert(Sighting {
            school,
            watches: 0,
            written: None,
        });
        if sighting.watches >= MOST_WATCHES {
            return Err(Refusal::TooManyWatches.into());
        }
        sighting.watches += 1;
        drop(devices);
        Ok(Watched {
            device,
            seen: Arc::clone(&self.seen),
        })
    }

    /// Writes down what is due. Every sweep. A process that serves no Watch writes nothing.
    pub(super) async fn settle(&self) -> Result<(), Error> {
        let mut lease = self.lease.lock().await;
        let now = self.clock.now();
        let id = match self.seen.any_watched() {
            true => Some(self.hold(&mut lease, now).await?),
            false => lease.map(|held| held.id),
        };
        let (due, closed) = self.seen.due(now);
        if !due.is_empty() {
            self.store.see(&due, id, now).await?;
            self.seen.mark_written(&due, now);
        }
        if !closed.is_empty() {
            self.store.lose_sight(&closed, id, now).await?;
            self.seen.forget(&closed);
        }
        Ok(())
    }

    /// Writes down that these devices are seen, whether this process serves their Watch or not.
    pub(super) async fn record(&self, devices: &[(DeviceId, SchoolId)]) -> Result<(), Error> {
        let now = self.clock.now();
        let id = self.hold(&mut *self.lease.lock().await, now).await?;
        self.store.see(devices, Some(id), now).await
    }

    /// A lease that lasts beyond the next sweeps.
    async fn hold(&self, lease: &mut Option<Held>, now: Timestamp) -> Result<LeaseId, Error> {
        let until = now.plus(LEASE);
        if let Some(held) = lease.as_mut() {
            if held.until.since(now) >= RENEW {
                return Ok(held.id);
            }
            // One that has run out may be counted as gone already, and is taken anew.
            if held.until > now && self.store.renew_lease(held.id, until).await? {
                held.until = until;
                return Ok(held.id);
            }
            // Nobody had to be vouched for when the last one ran out: then it did so as it should.
            if self.seen.any_vouched_for() {
                tracing::warn!(lease = %held.id, "this process did not renew its lease in time: its devices counted as offline");
            }
        }
        let id = LeaseId::new();
        self.store.take_lease(id, until, now).await?;
        *lease = Some(Held { id, until });
        self.seen.write_all_anew();
        Ok(id)
    }

    /// Ends every Watch.
    pub(super) fn stop(&self) {
        self.stopping.cancel();
    }

    /// Cancelled when the process stops.
    pub(super) fn stopping(&self) -> CancellationToken {
        self.stopping.child_token()
    }

    /// Waits until no Watch of the device is open.
    #[cfg(test)]
    pub(super) async fn closed(&self, device: DeviceId) {
        loop {
            let closed = self.seen.closed.notified();
            let is_open = |sighting: &Sighting| sighting.watches > 0;
            if !self.seen.lock().get(&device).is_some_and(is_open) {
                return;
            }
            closed.await;
        }
    }
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, HashMap<DeviceId, Sighting>> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn any_watched(&self) -> bool {
        self.lock().values().any(|sighting| sighting.watches > 0)
    }

    /// Whether any was written down under the present lease and is watched still.
    fn any_vouched_for(&self) -> bool {
        let vouched_for = |one: &Sighting| one.watches > 0 && one.written.is_some();
        self.lock().values().any(vouched_for)
    }

    /// Those to be written down as seen, and those whose Watches are closed.
    #[expect(clippy::type_complexity, reason = "two lists of the same two ids")]
    fn due(&self, now: Timestamp) -> (Vec<(DeviceId, SchoolId)>, Vec<(DeviceId, SchoolId)>) {
        let (mut due, mut closed) = (Vec::new(), Vec::new());
        for (device, sighting) in self.lock().iter() {
            let row = (*device, sighting.school);
            if sighting.watches == 0 {
                closed.push(row);
            } else if sighting
                .written
                .is_none_or(|written| now.since(written) >= REFRESH)
            {
                due.push(row);
            }
        }
        (due, closed)
    }

    fn mark_written(&self, written: &[(DeviceId, SchoolId)], now: Timestamp) {
        let mut devices = self.lock();
        for (device, _) in written {
            if let Some(sighting) = devices.get_mut(device) {
                sighting.written = Some(now);
            }
        }
    }

    /// Those that came back meanwhile are to be written down as seen again.
    fn forget(&self, closed: &[(DeviceId, SchoolId)]) {
        let mut devices = self.lock();
        for (device, _) in closed {
            match devices.get_mut(device) {
                Some(sighting) if sighting.watches > 0 => sighting.written = None,
                _ => drop(devices.remove(device)),
            }
        }
    }

    fn write_all_anew(&self) {
        for sighting in self.lock().values_mut() {
            sighting.written = None;
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(sighting) = self.seen.lock().get_mut(&self.device) {
            sighting.watches = sighting.watches.saturating_sub(1);
        }
        #[cfg(test)]
        self.seen.closed.notify_waiters();
    }
}

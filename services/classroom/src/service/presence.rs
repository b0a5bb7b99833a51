//! What this process vouches for: the Watches it serves.
//!
//! A Watch is a row that names this process's lease. The row of one that was closed is settled by the next sweep, and
//! counts for [`GRACE`] more; the rows of a process that does not renew its lease count no longer at all. A process
//! that finds its lease dead, because it could not reach the database for too long, ends its Watches: their clients ask
//! again, and are here under the next lease.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use preau_kernel::access::Authorized;
use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::ids::{AttendanceId, LeaseId};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::domain::{Lesson, Member};
use crate::error::Error;
use crate::store::{Attendance, Store};

/// Who comes back within this time was never offline.
const GRACE: Duration = Duration::from_secs(5);

/// How long a process vouches for its Watches when it renews nothing.
const LEASE: Duration = Duration::from_secs(30);

/// With less than this left a lease is renewed: five sweeps or so before it would end.
const RENEW: Duration = Duration::from_secs(20);

/// With less than this left nobody new is vouched for without renewing first.
const SAFE: Duration = Duration::from_secs(10);

/// Closed Watches settled in one transaction.
const BATCH: usize = 200;

pub(super) struct Presences {
    store: Store,
    clock: Clock,
    /// Held while it is taken or renewed: once at a time.
    lease: tokio::sync::Mutex<Option<Held>>,
    closed: Arc<Closed>,
    stopping: CancellationToken,
}

/// A lease, and the end of the Watches under it.
struct Held {
    id: LeaseId,
    until: Timestamp,
    lost: CancellationToken,
}

/// The Watches of this process: how many are open, which were closed since the last sweep.
struct Closed {
    clock: Clock,
    open: watch::Sender<usize>,
    waiting: Mutex<Vec<(AttendanceId, Timestamp)>>,
}

/// Somebody's presence by one Watch; dropped with it.
pub(super) struct Attending {
    id: AttendanceId,
    closed: Arc<Closed>,
    /// When the Watch must end: the lease is lost, or the process stops.
    pub(super) ends: CancellationToken,
}

impl Presences {
    pub(super) fn new(store: Store, clock: Clock) -> Self {
        let closed = Arc::new(Closed {
            clock: clock.clone(),
            open: watch::Sender::default(),
            waiting: Mutex::default(),
        });
        Self {
            store,
            clock,
            lease: tokio::sync::Mutex::default(),
            closed,
            stopping: CancellationToken::new(),
        }
    }

    /// Somebody is here, until the answer is dropped.
    pub(super) async fn attend(
        &self,
        lesson: &Authorized<Lesson>,
        member: Member,
    ) -> Result<Attending, Error> {
        let (lease, ends) = self.vouch().await?;
        // Made before the row: whoever gives up in the middle leaves one to settle, or none.
        let attending = Attending::new(&self.closed, ends);
        let attendance = Attendance {
            id: attending.id,
            member,
            lease,
        };
        self.store
            .attend(lesson, attendance, self.clock.now())
            .await?;
        Ok(attending)
    }

    /// A lease that lasts, and what tells of its end.
    async fn vouch(&self) -> Result<(LeaseId, CancellationToken), Error> {
        if self.stopping.is_cancelled() {
            return Err(Error::NotServing);
        }
        let mut lease = self.lease.lock().await;
        self.extend(&mut lease, SAFE).await?;
        if let Some(held) = &*lease {
            return Ok((held.id, held.lost.clone()));
        }
        let held = Held {
            id: LeaseId::new(),
            until: self.clock.now().plus(LEASE),
            lost: self.stopping.child_token(),
        };
        self.store.take_lease(held.id, held.until).await?;
        let answer = (held.id, held.lost.clone());
        *lease = Some(held);
        Ok(answer)
    }

    /// Renews the lease if less than `left` is left of it; lets go of it when it is dead.
    async fn extend(&self, lease: &mut Option<Held>, left: Duration) -> Result<(), Error> {
        let now = self.clock.now();
        let Some(held) = lease.as_mut().filter(|held| held.until.since(now) < left) else {
            return Ok(());
        };
        let until = now.plus(LEASE);
        if self.store.renew_lease(held.id, until).await? {
            held.until = until;
        } else {
            tracing::warn!(lease = %held.id, "this process did not renew its lease in time: its Watches end and are asked for again");
            held.lost.cancel();
            *lease = None;
        }
        Ok(())
    }

    /// Renews the lease of a process that serves Watches, and writes down which were closed. Every sweep. A process
    /// without any writes nothing: its lease runs out, and it takes another when somebody comes.
    pub(super) async fn settle(&self) -> Result<(), Error> {
        let mut lease = self.lease.lock().await;
        if *self.closed.open.borrow() > 0 {
            self.extend(&mut lease, RENEW).await?;
        }
        drop(lease);
        loop {
            let batch = self.closed.take(BATCH);
            if batch.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.store.leave(&batch).await {
                self.closed.put_back(batch);
                return Err(error);
            }
        }
    }

    /// How many Watches are open.
    #[cfg(test)]
    pub(super) fn open(&self) -> watch::Receiver<usize> {
        self.closed.open.subscribe()
    }

    pub(super) fn stop(&self) {
        self.stopping.cancel();
    }

    /// Cancelled when the process stops.
    pub(super) fn stopping(&self) -> CancellationToken {
        self.stopping.child_token()
    }
}

impl Attending {
    fn new(closed: &Arc<Closed>, ends: CancellationToken) -> Self {
        closed.open.send_modify(|open| *open += 1);
        Self {
            id: AttendanceId::new(),
            closed: Arc::clone(closed),
            ends,
        }
    }
}

impl Closed {
    fn take(&self, most: usize) -> Vec<(AttendanceId, Timestamp)> {
        let mut waiting = self.lock();
        let count = waiting.len().min(most);
        waiting.drain(..count).collect()
    }

    fn put_back(&self, batch: Vec<(AttendanceId, Timestamp)>) {
        self.lock().extend(batch);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(AttendanceId, Timestamp)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Attending {
    fn drop(&mut self) {
        let gone_at = self.closed.clock.now().plus(GRACE);
        self.closed.lock().push((self.id, gone_at));
        self.closed
            .open
            .send_modify(|open| *open = open.saturating_sub(1));
    }
}

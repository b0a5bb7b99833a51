//! Who waits for which topic in this process, and what they share.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::log::PAGE;
use super::{Cursor, Event, Published, Topic, WatchError};
use crate::Db;

/// Events that a topic's consumers share; who is further behind reads for itself.
const TAIL: usize = 2 * PAGE as usize;

/// The consumers of one process.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    topics: Mutex<HashMap<Topic, Weak<Channel>>>,
    /// Hears of other processes; there once somebody waits and the database is PostgreSQL.
    listener: Mutex<Option<AbortHandle>>,
}

/// One topic that somebody waits for.
#[derive(Debug)]
pub(super) struct Channel {
    topic: Topic,
    hub: Weak<Hub>,
    /// Counts the wake-ups.
    wakes: watch::Sender<u64>,
    tail: tokio::sync::Mutex<Tail>,
}

/// The last events of a topic as they were after a wake-up.
#[derive(Debug)]
struct Tail {
    /// The wake-up after which the database was read; none yet.
    read_at: Option<u64>,
    /// Without a gap, up to `through`.
    events: VecDeque<Arc<Event>>,
    through: Cursor,
}

impl Hub {
    /// The topic's channel, shared with everybody here who waits for it.
    pub(super) fn channel(self: &Arc<Self>, topic: &Topic, from: Cursor) -> Arc<Channel> {
        let mut topics = lock(&self.topics);
        if let Some(channel) = topics.get(topic).and_then(Weak::upgrade) {
            return channel;
        }
        let channel = Arc::new(Channel {
            topic: topic.clone(),
            hub: Arc::downgrade(self),
            wakes: watch::Sender::new(0),
            tail: tokio::sync::Mutex::new(Tail {
                read_at: None,
                events: VecDeque::new(),
                through: from,
            }),
        });
        topics.insert(topic.clone(), Arc::downgrade(&channel));
        channel
    }

    /// A transaction that published to these topics is durable.
    pub(crate) fn wake(&self, published: &Published) {
        for topic in published.topics() {
            self.wake_topic(topic);
        }
    }

    /// Something was published to the topic.
    pub(crate) fn wake_topic(&self, topic: &Topic) {
        let channel = lock(&self.topics).get(topic).and_then(Weak::upgrade);
        if let Some(channel) = channel {
            channel.wake();
        }
    }

    /// Something may have been published to any topic.
    pub(crate) fn wake_all(&self) {
        let channels: Vec<_> = lock(&self.topics)
            .values()
            .filter_map(Weak::upgrade)
            .collect();
        for channel in channels {
            channel.wake();
        }
    }

    /// Has the listener started, unless it runs.
    pub(crate) fn listen_with(&self, start: impl FnOnce() -> Option<AbortHandle>) {
        let mut listener = lock(&self.listener);
        if listener.as_ref().is_none_or(AbortHandle::is_finished) {
            *listener = start();
        }
    }

    /// Ends the listener. Whoever waits looks once more, and learns from the database that it is closed.
    pub(crate) fn close(&self) {
        self.end_listener();
        self.wake_all();
    }

    fn end_listener(&self) {
        if let Some(listener) = lock(&self.listener).take() {
            listener.abort();
        }
    }

    #[cfg(test)]
    pub(crate) fn followed(&self) -> usize {
        lock(&self.topics).len()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.end_listener();
    }
}

impl Channel {
    pub(super) fn topic(&self) -> &Topic {
        &self.topic
    }

    pub(super) fn wakes(&self) -> watch::Receiver<u64> {
        self.wakes.subscribe()
    }

    /// What came after the cursor, as of a wake-up at or after `seen`. The first to ask reads the database, the others
    /// wait for its answer.
    pub(super) async fn after(
        &self,
        db: &Db,
        cursor: Cursor,
        seen: u64,
    ) -> Result<Vec<Arc<Event>>, WatchError> {
        let mut tail = self.tail.lock().await;
        if tail.read_at.is_none_or(|read_at| read_at < seen) {
            let now = *self.wakes.borrow();
            tail.read(db, &self.topic, now).await?;
        }
        if let Some(events) = tail.after(cursor) {
            return Ok(events);
        }
        drop(tail);
        let events = db.events_after(&self.topic, cursor).await?;
        Ok(events.into_iter().map(Arc::new).collect())
    }

    fn wake(&self) {
        self.wakes.send_modify(|wakes| *wakes += 1);
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        let Some(hub) = self.hub.upgrade() else {
            return;
        };
        let mut topics = lock(&hub.topics);
        // Unless somebody came meanwhile and made another.
        if topics
            .get(&self.topic)
            .is_some_and(|held| held.strong_count() == 0)
        {
            topics.remove(&self.topic);
        }
    }
}

impl Tail {
    /// Reads on. `now` was current before: what is published later wakes again. A page at most: when there is more, the
    /// wake-up does not count as read, and the next asks again.
    async fn read(&mut self, db: &Db, topic: &Topic, now: u64) -> Result<(), WatchError> {
        let read = db.events_after(topic, self.through).await;
        let events = match read {
            Ok(events) => events,
            // Whoever asks learns it for their own cursor; the tail begins anew.
            Err(WatchError::Trimmed { .. } | WatchError::Ahead { .. }) => {
                self.events.clear();
                self.through = db.last_cursor(topic).await?;
                self.read_at = Some(now);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let whole = events.len() < PAGE as usize;
        if let Some(last) = events.last() {
            self.through = last.cursor;
        }
        self.events.extend(events.into_iter().map(Arc::new));
        let surplus = self.events.len().saturating_sub(TAIL);
        self.events.drain(..surplus);
        if whole {
            self.read_at = Some(now);
        }
        Ok(())
    }

    /// None: the tail cannot tell.
    fn after(&self, cursor: Cursor) -> Option<Vec<Arc<Event>>> {
        if cursor == self.through {
            return self.read_at.map(|_| Vec::new());
        }
        let first = self.events.front()?.cursor;
        if cursor > self.through {
            return None;
        }
        // Within the tail, or the subtraction answers that it is not.
        let skip = (cursor.0 + 1).checked_sub(first.0)?;
        let skip = usize::try_from(skip).ok()?;
        Some(self.events.iter().skip(skip).cloned().collect())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in here panics half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

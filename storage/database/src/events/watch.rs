//! Following one topic.

use std::sync::Arc;

use tokio::sync::watch;

use super::hub::Channel;
use super::{Cursor, Event, Topic, WatchError};
use crate::{Db, DbError};

/// A topic, followed from a cursor. Dropping it stops following.
#[derive(Debug)]
pub struct Watch {
    db: Db,
    channel: Arc<Channel>,
    wakes: watch::Receiver<u64>,
    cursor: Cursor,
}

impl Db {
    /// Follows a topic from after `cursor`: what is there already comes first. Needs a runtime.
    #[must_use]
    pub fn watch(&self, topic: &Topic, cursor: Cursor) -> Watch {
        self.listen();
        let channel = self.hub().channel(topic, cursor);
        // Before the first read, so that nothing falls between the two.
        let mut wakes = channel.wakes();
        wakes.mark_changed();
        Watch {
            db: self.clone(),
            channel,
            wakes,
            cursor,
        }
    }
}

impl Watch {
    /// The next events, at least one, in order; waits for them. Dropping the future loses nothing: the same events come
    /// again. After an error the watch may be asked again or made anew from [`cursor`](Self::cursor).
    ///
    /// # Errors
    /// [`WatchError::Trimmed`], [`WatchError::Ahead`], the database's.
    pub async fn next(&mut self) -> Result<Vec<Arc<Event>>, WatchError> {
        loop {
            let seen = *self.wakes.borrow_and_update();
            let events = self.channel.after(&self.db, self.cursor, seen).await;
            let events = match events {
                Ok(events) => events,
                Err(error) => {
                    self.wakes.mark_changed();
                    return Err(error);
                }
            };
            if let Some(last) = events.last() {
                self.cursor = last.cursor;
                // There may be more than one page.
                self.wakes.mark_changed();
                return Ok(events);
            }
            if self.wakes.changed().await.is_err() {
                return Err(DbError::Closed.into());
            }
        }
    }

    /// After the last event that [`next`](Self::next) answered.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// What it follows.
    #[must_use]
    pub fn topic(&self) -> &Topic {
        self.channel.topic()
    }
}

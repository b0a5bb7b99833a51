//! The log's SQL: published in a transaction, read after a cursor, trimmed by age.

use super::{Cursor, Event, Topic, WatchError};
use crate::{Db, DbError, Scope, Tx, params};

/// The most events that one read answers.
pub(super) const PAGE: u32 = 256;

/// What a transaction published so far: whom to wake once it is durable.
#[derive(Debug, Default)]
pub(crate) struct Published(Vec<Topic>);

impl Published {
    /// Whether the topic is new here.
    fn add(&mut self, topic: &Topic) -> bool {
        let is_new = !self.0.contains(topic);
        if is_new {
            self.0.push(topic.clone());
        }
        is_new
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn topics(&self) -> &[Topic] {
        &self.0
    }
}

impl Tx {
    /// Appends an event; answers the place after it. It exists if and only if the transaction commits. The transaction's
    /// scope is the topic's tenant or the platform. Holds every other publisher of the topic up until the end of the
    /// transaction: publish last. `at` is in unix microseconds. Costs two statements, and on PostgreSQL a third for the
    /// first event of each topic.
    ///
    /// # Errors
    /// The database's.
    pub async fn publish(
        &mut self,
        topic: &Topic,
        at: i64,
        payload: &[u8],
    ) -> Result<Cursor, DbError> {
        let row = self
            .fetch_one(
                "INSERT INTO event_topics (tenant, topic, last_number) VALUES ($1, $2, 1)
                 ON CONFLICT (tenant, topic) DO UPDATE SET last_number = event_topics.last_number + 1
                 RETURNING last_number",
                params![topic.tenant(), topic.name()],
            )
            .await?;
        let number = row.int(0)?;
        self.execute(
            "INSERT INTO events (tenant, topic, number, published_at, payload) VALUES ($1, $2, $3, $4, $5)",
            params![topic.tenant(), topic.name(), number, at, payload],
        )
        .await?;
        if self.published().add(topic) {
            self.notify(topic).await?;
        }
        Ok(Cursor::from_int(number))
    }
}

impl Db {
    /// Up to 256 events after a cursor, oldest first; none when there are no more.
    ///
    /// # Errors
    /// [`WatchError::Trimmed`], [`WatchError::Ahead`], the database's.
    pub async fn events_after(
        &self,
        topic: &Topic,
        cursor: Cursor,
    ) -> Result<Vec<Event>, WatchError> {
        let rows = self
            .fetch_all(
                Scope::Tenant(topic.tenant()),
                "SELECT number, published_at, payload FROM events
                 WHERE tenant = $1 AND topic = $2 AND number > $3 ORDER BY number LIMIT $4",
                params![topic.tenant(), topic.name(), cursor.as_int(), PAGE],
            )
            .await?;
        let events = rows
            .iter()
            .map(|row| {
                Ok(Event {
                    cursor: Cursor::from_int(row.int(0)?),
                    published_at: row.int(1)?,
                    payload: row.bytes(2)?,
                })
            })
            .collect::<Result<Vec<_>, DbError>>()?;
        match events.first() {
            Some(first) if first.cursor.0 == cursor.0.saturating_add(1) => Ok(events),
            Some(first) => Err(WatchError::Trimmed {
                topic: topic.clone(),
                through: first.cursor.0 - 1,
            }),
            None => {
                self.check_cursor(topic, cursor).await?;
                Ok(events)
            }
        }
    }

    /// The place after the last event: where a consumer begins that has just read the present state. Read it *before*
    /// that state, or an event in between is missed.
    ///
    /// # Errors
    /// The database's.
    pub async fn last_cursor(&self, topic: &Topic) -> Result<Cursor, DbError> {
        Ok(self.ends(topic).await?.1)
    }

    /// Forgets events published before `before` (unix microseconds), at most `limit` of them; answers how many. Whoever
    /// still had to read them learns it by [`WatchError::Trimmed`].
    ///
    /// # Errors
    /// The database's.
    pub async fn trim_events(&self, before: i64, limit: u32) -> Result<u64, DbError> {
        let mut tx = self.begin(Scope::Platform).await?;
        let old = tx
            .fetch_all(
                "SELECT tenant, topic, MAX(number) FROM
                     (SELECT tenant, topic, number FROM events WHERE published_at < $1
                      ORDER BY published_at LIMIT $2) AS old
                 GROUP BY tenant, topic ORDER BY tenant, topic",
                params![before, limit],
            )
            .await?;
        let mut trimmed = 0;
        for row in &old {
            let place = params![row.str(0)?, row.str(1)?, row.int(2)?];
            // All up to there, whatever their dates: a topic loses its beginning, never its middle.
            trimmed += tx
                .execute(
                    "DELETE FROM events WHERE tenant = $1 AND topic = $2 AND number <= $3",
                    place,
                )
                .await?;
            tx.execute(
                "UPDATE event_topics SET trimmed_through = $3
                 WHERE tenant = $1 AND topic = $2 AND trimmed_through < $3",
                place,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(trimmed)
    }

    async fn check_cursor(&self, topic: &Topic, cursor: Cursor) -> Result<(), WatchError> {
        let (through, last) = self.ends(topic).await?;
        if cursor < through {
            return Err(WatchError::Trimmed {
                topic: topic.clone(),
                through: through.0,
            });
        }
        if cursor > last {
            return Err(WatchError::Ahead {
                topic: topic.clone(),
                last: last.0,
            });
        }
        Ok(())
    }

    /// The last number that is gone, and the last there is.
    async fn ends(&self, topic: &Topic) -> Result<(Cursor, Cursor), DbError> {
        let row = self
            .fetch_optional(
                Scope::Tenant(topic.tenant()),
                "SELECT trimmed_through, last_number FROM event_topics WHERE tenant = $1 AND topic = $2",
                params![topic.tenant(), topic.name()],
            )
            .await?;
        match row {
            Some(row) => Ok((Cursor::from_int(row.int(0)?), Cursor::from_int(row.int(1)?))),
            None => Ok((Cursor::START, Cursor::START)),
        }
    }
}

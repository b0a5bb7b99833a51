//! What time does to lessons, written down and told: whose connection is gone, focuses and lessons whose time is up.

use std::time::Duration;

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::LessonId;
use preau_storage_database::{Scope, params};

use super::change::Change;
use super::rows::{parse, part};
use super::{Store, retrying};
use crate::domain::{Happening, Member, Presence};
use crate::error::Error;

/// Lessons looked after in one go: what is left is the next one's.
const BATCH: u32 = 200;

/// How long a lesson that is over is kept, with its log.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Old lessons removed in one go.
const PURGED: u32 = 100;

/// Old events removed in one go.
const TRIMMED: u32 = 5_000;

/// What a sweep wrote down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// People who are offline now.
    pub offline: u64,
    /// Focuses whose lease had run out.
    pub focuses: u64,
    /// Lessons that had lasted for their longest.
    pub lessons: u64,
}

impl Store {
    pub(crate) async fn sweep(&self, now: Timestamp) -> Result<Swept, Error> {
        self.bury_leases(now).await?;
        let mut swept = Swept::default();
        let ids = self
            .lessons_of(
                "SELECT DISTINCT lesson_id FROM attendances WHERE gone_at <= $1 LIMIT $2",
                now,
            )
            .await?;
        for id in ids {
            swept.offline += retrying(|| self.count_out(id, now)).await?;
        }
        let ids = self
            .lessons_of(
                "SELECT DISTINCT a.lesson_id FROM leases l JOIN attendances a ON a.lease_id = l.lease_id
                 WHERE l.dead = 1 AND l.until <= $1 LIMIT $2",
                now,
            )
            .await?;
        for id in ids {
            swept.offline += retrying(|| self.count_out(id, now)).await?;
        }
        let ids = self
            .lessons_of(
                "SELECT lesson_id FROM lessons WHERE focus_until <= $1 ORDER BY focus_until LIMIT $2",
                now,
            )
            .await?;
        for id in ids {
            swept.focuses += retrying(|| self.end_focus(id, now)).await?;
        }
        let ids = self
            .lessons_of(
                "SELECT lesson_id FROM lessons WHERE ended_at IS NULL AND ends_at <= $1
                 ORDER BY ends_at LIMIT $2",
                now,
            )
            .await?;
        for id in ids {
            swept.lessons += retrying(|| self.end_overdue(id, now)).await?;
        }
        Ok(swept)
    }

    async fn lessons_of(&self, sql: &'static str, now: Timestamp) -> Result<Vec<LessonId>, Error> {
        let values = params![now.0, BATCH];
        let rows = self.db.fetch_all(Scope::Platform, sql, values).await?;
        rows.iter()
            .map(|row| parse(row.str(0)?, "a lesson"))
            .collect()
    }

    /// A lease that was not renewed in time is dead for good, whatever its process thinks; it goes when nothing refers
    /// to it. Written only when there is one: an idle platform writes nothing.
    async fn bury_leases(&self, now: Timestamp) -> Result<(), Error> {
        let expired = self
            .db
            .fetch_optional(
                Scope::Platform,
                "SELECT lease_id FROM leases WHERE until <= $1 LIMIT 1",
                params![now.0],
            )
            .await?;
        if expired.is_none() {
            return Ok(());
        }
        retrying(async || {
            let mut tx = self.db.begin(Scope::Platform).await?;
            tx.execute(
                "DELETE FROM leases WHERE until <= $1 AND NOT EXISTS
                     (SELECT 1 FROM attendances a WHERE a.lease_id = leases.lease_id)",
                params![now.0],
            )
            .await?;
            tx.execute(
                "UPDATE leases SET dead = 1 WHERE until <= $1 AND dead = 0",
                params![now.0],
            )
            .await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Whoever has no Watch left is offline. Answers how many.
    async fn count_out(&self, id: LessonId, now: Timestamp) -> Result<u64, Error> {
        let Some(mut change) = Change::begin(self, Scope::Platform, id, now).await? else {
            return Ok(0);
        };
        let lesson = id.to_string();
        change
            .execute(
                "DELETE FROM attendances WHERE lesson_id = $1
                 AND (gone_at <= $2 OR lease_id IN (SELECT lease_id FROM leases WHERE dead = 1))",
                params![&lesson, now.0],
            )
            .await?;
        let gone = change
            .fetch_all(
                "UPDATE participants SET presence = 2 WHERE lesson_id = $1 AND presence = 1
                 AND NOT EXISTS (SELECT 1 FROM attendances a
                     WHERE a.lesson_id = participants.lesson_id AND a.person_id = participants.person_id)
                 RETURNING person_id, part",
                params![&lesson],
            )
            .await?;
        let mut count = 0;
        for row in &gone {
            let member = Member {
                person: parse(row.str(0)?, "a participant")?,
                part: part(row.int(1)?)?,
            };
            if change.lesson().ended.is_none() {
                let offline = Happening::Presence(member, Presence::Offline);
                change.publish(&offline).await?;
                count += 1;
            }
        }
        change.commit().await?;
        Ok(count)
    }

    async fn end_focus(&self, id: LessonId, now: Timestamp) -> Result<u64, Error> {
        let change = Change::begin(self, Scope::Platform, id, now).await?;
        let expired = |change: &Change| {
            let focus = change.lesson().focus.as_ref();
            focus.is_some_and(|focus| !focus.is_held(now))
        };
        let Some(mut change) = change.filter(expired) else {
            return Ok(0);
        };
        change.set_focus(None).await?;
        change.commit().await?;
        Ok(1)
    }

    async fn end_overdue(&self, id: LessonId, now: Timestamp) -> Result<u64, Error> {
        let change = Change::begin(self, Scope::Platform, id, now).await?;
        let overdue =
            |change: &Change| change.lesson().ended.is_none() && change.lesson().is_over(now);
        let Some(mut change) = change.filter(overdue) else {
            return Ok(0);
        };
        change.end().await?;
        change.commit().await?;
        Ok(1)
    }

    /// Removes lessons that were over for [`KEPT`], and their logs. Answers how many lessons.
    pub(crate) async fn purge(&self, now: Timestamp) -> Result<u64, Error> {
        let before = Timestamp(now.0 - i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX));
        let rows = self
            .db
            .fetch_all(
                Scope::Platform,
                "SELECT lesson_id FROM lessons WHERE ended_at <= $1 ORDER BY ended_at LIMIT $2",
                params![before.0, PURGED],
            )
            .await?;
        for row in &rows {
            let lesson = row.text(0)?;
            retrying(|| self.remove(&lesson)).await?;
        }
        self.db.trim_events(before.0, TRIMMED).await?;
        Ok(rows.len() as u64)
    }

    async fn remove(&self, lesson: &str) -> Result<(), Error> {
        let mut tx = self.db.begin(Scope::Platform).await?;
        for sql in [
            "DELETE FROM receipts WHERE lesson_id = $1",
            "DELETE FROM pushes WHERE lesson_id = $1",
            "DELETE FROM participants WHERE lesson_id = $1",
            "DELETE FROM attendances WHERE lesson_id = $1",
            "DELETE FROM lessons WHERE lesson_id = $1",
        ] {
            tx.execute(sql, params![lesson]).await?;
        }
        Ok(tx.commit().await?)
    }
}

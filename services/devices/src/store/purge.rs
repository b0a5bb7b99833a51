//! What is kept no longer.

use std::time::Duration;

use preau_kernel::clock::Timestamp;
use preau_storage_database::{Scope, params};

use super::{Store, retrying};
use crate::domain::{TOKENS_KEPT, earlier};
use crate::error::Error;

/// How long a finished command is kept, and with it the memory of its idempotency key.
const COMMANDS_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long events are kept: Watches serve what is older from the commands themselves.
const EVENTS_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Rows of each kind removed by one transaction.
const BATCH: u32 = 2_000;

/// Transactions for each kind at most: what is left is the next purge's.
const ROUNDS: u32 = 20;

impl Store {
    /// Removes what is kept no longer, some at a time. Answers how many rows.
    pub(crate) async fn purge(&self, now: Timestamp) -> Result<u64, Error> {
        let mut purged = 0;
        for (sql, before) in [
            (FINISHED_COMMANDS, earlier(now, COMMANDS_KEPT)),
            (ENDED_TOKENS, earlier(now, TOKENS_KEPT)),
            (EXPIRED_CERTIFICATES, now),
            (EXPIRED_SESSIONS, now),
            (EXPIRED_ASSERTIONS, now),
        ] {
            for _ in 0..ROUNDS {
                let rows = self.remove(sql, before).await?;
                purged += rows;
                if rows < u64::from(BATCH) {
                    break;
                }
            }
        }
        let before = earlier(now, EVENTS_KEPT);
        for _ in 0..ROUNDS {
            let events = self.db.trim_events(before.0, BATCH).await?;
            purged += events;
            if events < u64::from(BATCH) {
                break;
            }
        }
        Ok(purged)
    }

    async fn remove(&self, sql: &'static str, before: Timestamp) -> Result<u64, Error> {
        retrying(async || {
            let mut tx = self.db.begin(Scope::Platform).await?;
            let rows = tx.execute(sql, params![before.0, BATCH]).await?;
            tx.commit().await?;
            Ok(rows)
        })
        .await
    }
}

const FINISHED_COMMANDS: &str = "DELETE FROM commands WHERE command_id IN
     (SELECT command_id FROM commands WHERE ended_at <= $1 ORDER BY ended_at LIMIT $2)";
const ENDED_TOKENS: &str = "DELETE FROM enrolment_tokens WHERE token_id IN
     (SELECT token_id FROM enrolment_tokens WHERE ended_at <= $1 ORDER BY ended_at LIMIT $2)";
const EXPIRED_CERTIFICATES: &str = "DELETE FROM certificates WHERE serial IN
     (SELECT serial FROM certificates WHERE not_after <= $1 ORDER BY not_after LIMIT $2)";
const EXPIRED_SESSIONS: &str = "DELETE FROM device_sessions WHERE token_sha256 IN
     (SELECT token_sha256 FROM device_sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
const EXPIRED_ASSERTIONS: &str = "DELETE FROM assertions WHERE (device_id, jti) IN
     (SELECT device_id, jti FROM assertions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

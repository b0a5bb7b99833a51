//! What time does to commands, written down.

use preau_kernel::clock::Timestamp;
use preau_storage_database::{Scope, params};

use super::{Store, retrying};
use crate::domain::{ACCEPTED_GRACE, earlier};
use crate::error::Error;

/// Commands ended by one statement.
const BATCH: u32 = 500;

/// Statements of one sweep at most: what is left is the next one's.
const ROUNDS: u32 = 20;

/// What a sweep wrote down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Commands whose time had passed.
    pub expired: u64,
}

impl Store {
    /// Ends commands that were not accepted in time, and accepted ones that were waited for long enough. A platform on
    /// which none is due writes nothing.
    pub(crate) async fn expire(&self, now: Timestamp) -> Result<u64, Error> {
        let mut expired = 0;
        for (look, end, before) in [
            (DUE, EXPIRE_DUE, now),
            (OVERDUE, EXPIRE_OVERDUE, earlier(now, ACCEPTED_GRACE)),
        ] {
            for _ in 0..ROUNDS {
                let values = params![before.0];
                let due = self
                    .db
                    .fetch_optional(Scope::Platform, look, values)
                    .await?;
                if due.is_none() {
                    break;
                }
                expired += retrying(async || {
                    let mut tx = self.db.begin(Scope::Platform).await?;
                    let ended = tx.execute(end, params![before.0, now.0, BATCH]).await?;
                    tx.commit().await?;
                    Ok::<_, Error>(ended)
                })
                .await?;
            }
        }
        Ok(expired)
    }
}

macro_rules! expire {
    ($due:literal) => {
        concat!(
            "UPDATE commands SET state = 6, changed_at = $2, ended_at = $2, changes = changes + 1
             WHERE ",
            $due,
            " AND command_id IN (SELECT command_id FROM commands WHERE ",
            $due,
            " ORDER BY expires_at LIMIT $3)"
        )
    };
}

// The conditions are those of the indexes `commands_due` and `commands_overdue`. Each is asked again of the row that is
// changed, which may have moved on meanwhile.
const DUE: &str =
    "SELECT command_id FROM commands WHERE state IN (1, 2, 7) AND expires_at <= $1 LIMIT 1";
const EXPIRE_DUE: &str = expire!("state IN (1, 2, 7) AND expires_at <= $1");
const OVERDUE: &str =
    "SELECT command_id FROM commands WHERE state = 3 AND expires_at <= $1 LIMIT 1";
const EXPIRE_OVERDUE: &str = expire!("state = 3 AND expires_at <= $1");

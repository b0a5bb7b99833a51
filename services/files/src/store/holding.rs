//! Who may change the shape of a space at the same time.
//!
//! Whoever adds a node holds the space together with others who add; whoever changes a tree (renames, moves, deletes,
//! restores, purges) holds it alone. So a folder that is being deleted receives nothing, and no move makes a circle.
//! Spaces are held in the order of their ids. On SQLite there is one writer, and nothing to hold.

use preau_kernel::ids::SpaceId;
use preau_storage_database::{DbError, Dialect, Tx, params};

use super::Store;
use crate::domain::{Space, Tenant};

/// How a space is held until the transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hold {
    /// Together with others who do the same.
    Together,
    Alone,
}

impl Store {
    pub(super) async fn hold(
        &self,
        tx: &mut Tx,
        space: SpaceId,
        hold: Hold,
    ) -> Result<(), DbError> {
        if self.db.dialect() == Dialect::Postgres {
            let sql = match hold {
                Hold::Together => "SELECT 1 FROM spaces WHERE space_id = $1 FOR SHARE",
                Hold::Alone => "SELECT 1 FROM spaces WHERE space_id = $1 FOR NO KEY UPDATE",
            };
            tx.fetch_optional(sql, params![space.to_string()]).await?;
        }
        Ok(())
    }

    /// Two spaces, which may be the same.
    pub(super) async fn hold_both(
        &self,
        tx: &mut Tx,
        spaces: [&Space; 2],
        hold: Hold,
    ) -> Result<(), DbError> {
        let [mut first, mut last] = spaces.map(|space| space.id);
        if first > last {
            std::mem::swap(&mut first, &mut last);
        }
        self.hold(tx, first, hold).await?;
        if first != last {
            self.hold(tx, last, hold).await?;
        }
        Ok(())
    }

    /// Until the transaction ends, nobody else gives up contents of this tenant: of two who remove the last two
    /// references to one, the later sees that it is the last.
    pub(super) async fn release_alone(&self, tx: &mut Tx, tenant: &Tenant) -> Result<(), DbError> {
        if self.db.dialect() == Dialect::Postgres {
            let sql =
                "SELECT pg_advisory_xact_lock(hashtextextended('preau.files.release.' || $1, 0))";
            tx.fetch_optional(sql, params![tenant.as_str()]).await?;
        }
        Ok(())
    }
}

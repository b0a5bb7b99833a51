//! Objects that no release refers to any more, written down in the transaction that dropped the reference.

use preau_kernel::ids::ObjectId;
use preau_storage_database::params;

use super::rows::parse;
use super::{CATALOGUE, Store, retrying};
use crate::error::Error;

impl Store {
    /// Some of the objects that `files` is to let go of.
    pub(crate) async fn discarded(&self, limit: u32) -> Result<Vec<ObjectId>, Error> {
        let rows = self
            .db
            .fetch_all(
                CATALOGUE,
                "SELECT object_id FROM discarded_objects ORDER BY object_id LIMIT $1",
                params![limit],
            )
            .await?;
        rows.iter()
            .map(|row| parse(row.str(0)?, "a discarded object"))
            .collect()
    }

    /// `files` has let go of it.
    pub(crate) async fn forget_object(&self, object: ObjectId) -> Result<(), Error> {
        retrying(|| async {
            let mut tx = self.db.begin(CATALOGUE).await?;
            tx.execute(
                "DELETE FROM discarded_objects WHERE object_id = $1",
                params![object.to_string()],
            )
            .await?;
            Ok(tx.commit().await?)
        })
        .await
    }
}

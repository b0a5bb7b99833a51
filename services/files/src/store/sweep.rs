use std::time::Duration;

use preau_kernel::clock::Timestamp;
use preau_storage_database::{Scope, params};
use preau_storage_vault::{SweepReport, VaultError};

use super::Store;

/// How long an upload is remembered after its time is up, so that who comes late hears why.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

impl Store {
    /// Forgets uploads and objects whose time is long up, empties the trash of what is old, then lets the vault remove what nothing
    /// refers to any more.
    pub(crate) async fn sweep(&self, now: Timestamp) -> Result<SweepReport, VaultError> {
        let remembered = i64::try_from(REMEMBERED.as_micros()).unwrap_or(i64::MAX);
        let mut tx = self.db.begin(Scope::Platform).await?;
        tx.execute(
            "DELETE FROM uploads WHERE expires_at < $1",
            params![now.0.saturating_sub(remembered)],
        )
        .await?;
        tx.commit().await?;
        self.forget_objects(now.0.saturating_sub(remembered))
            .await?;
        self.empty_trash(now).await?;
        self.vault.sweep().await
    }
}

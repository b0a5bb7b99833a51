//! The broom: expired uploads, orphaned objects, queued deletions. Safe to run at any time, any number of times, and to be
//! interrupted anywhere.

use std::collections::HashSet;
use std::sync::PoisonError;

use futures::stream::{self, StreamExt};
use preau_storage_database::{Scope, params};
use preau_storage_sites::Site;

use crate::config::micros;
use crate::placing::{Copy, PREFIX};
use crate::vault::Inner;
use crate::{Vault, VaultError};

/// Rows or objects handled at a time.
const PAGE: i64 = 256;
/// Objects deleted at the same time.
const DELETIONS: usize = 8;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Uploads past their time that were removed, parts and all unless committed.
    pub expired_uploads: u64,
    /// Objects deleted from sites.
    pub deleted_objects: u64,
    /// Objects that a site could not delete; the next sweep tries again.
    pub failed_deletions: u64,
    /// Objects that stayed without a placement row for the whole grace and were queued for deletion.
    pub orphans: u64,
}

impl Vault {
    /// Removes expired uploads, queues orphaned objects (every [`orphan_interval`](crate::VaultConfig::orphan_interval)) and
    /// deletes what is queued.
    ///
    /// # Errors
    /// The database's, or a site's while it is listed. A failed deletion is only reported and tried again the next time.
    pub async fn sweep(&self) -> Result<SweepReport, VaultError> {
        let mut report = SweepReport::default();
        self.inner.remove_expired(&mut report).await?;
        self.inner.find_orphans(&mut report).await?;
        self.inner.delete_doomed(&mut report).await?;
        Ok(report)
    }
}

impl Inner {
    async fn remove_expired(&self, report: &mut SweepReport) -> Result<(), VaultError> {
        loop {
            let sql = "SELECT id, tenant FROM vault_upload WHERE expires_at <= $1
                ORDER BY expires_at LIMIT $2";
            let params = params![self.now(), PAGE];
            let rows = self.db.fetch_all(Scope::Platform, sql, params).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                self.remove_upload(row.str(0)?, row.str(1)?).await?;
                report.expired_uploads += 1;
            }
        }
    }

    /// Each in its own transaction, so that a large one does not hold up the writer for the others.
    async fn remove_upload(&self, upload: &str, tenant: &str) -> Result<(), VaultError> {
        let mut tx = self.db.begin(Scope::Tenant(tenant)).await?;
        let sql = "DELETE FROM vault_upload WHERE id = $1 AND tenant = $2 RETURNING content, state";
        if let Some(row) = tx.fetch_optional(sql, params![upload, tenant]).await?
            && row.int(1)? == 0
        {
            self.unlink_parts(&mut tx, tenant, row.str(0)?).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// An object without a placement row is a crash's leftover, or is about to get its row. So it is noted when first seen and
    /// doomed only if it still has none a whole grace later: by the vault's clock alone, whatever the sites think the time is.
    async fn find_orphans(&self, report: &mut SweepReport) -> Result<(), VaultError> {
        if !self.orphan_scan_is_due() {
            return Ok(());
        }
        for site in &self.sites {
            self.note_orphans(&**site).await?;
        }
        let cut = micros(self.time() - self.config.orphan_grace);
        let mut tx = self.db.begin(Scope::Platform).await?;
        report.orphans += tx
            .execute(
                "INSERT INTO vault_doomed (site, object, tenant, queued_at)
                 SELECT o.site, o.object, '', CAST($2 AS BIGINT) FROM vault_orphan o WHERE o.first_seen <= $1
                 AND NOT EXISTS (SELECT 1 FROM vault_placement p WHERE p.site = o.site AND p.object = o.object)
                 ON CONFLICT DO NOTHING",
                params![cut, self.now()],
            )
            .await?;
        let forget = "DELETE FROM vault_orphan WHERE first_seen <= $1";
        tx.execute(forget, params![cut]).await?;
        tx.commit().await?;
        *self.lock_scan() = Some(self.time());
        Ok(())
    }

    fn orphan_scan_is_due(&self) -> bool {
        let last = *self.lock_scan();
        last.is_none_or(|last| {
            let elapsed = self.time().duration_since(last);
            elapsed.is_ok_and(|elapsed| elapsed >= self.config.orphan_interval)
        })
    }

    fn lock_scan(&self) -> std::sync::MutexGuard<'_, Option<std::time::SystemTime>> {
        self.last_orphan_scan
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn note_orphans(&self, site: &dyn Site) -> Result<(), VaultError> {
        let mut after = String::new();
        loop {
            let page = site.list(PREFIX, Some(&after), PAGE as usize).await?;
            let Some(last) = page.last().map(|entry| entry.key.clone()) else {
                return Ok(());
            };
            // Asked after the listing: an object whose row came in between is not taken for an orphan.
            let sql = "SELECT object FROM vault_placement WHERE site = $1 AND object > $2 AND object <= $3
                UNION ALL SELECT object FROM vault_doomed WHERE site = $1 AND object > $2 AND object <= $3";
            let params = params![site.name(), &after, &last];
            let rows = self.db.fetch_all(Scope::Platform, sql, params).await?;
            let known = rows
                .iter()
                .map(|row| row.str(0))
                .collect::<Result<HashSet<_>, _>>()?;
            let unknown = page
                .iter()
                .filter(|entry| !known.contains(entry.key.as_str()));
            let unknown: Vec<&str> = unknown.map(|entry| entry.key.as_str()).collect();
            if !unknown.is_empty() {
                self.note(site.name(), &unknown).await?;
            }
            after = last;
        }
    }

    async fn note(&self, site: &str, objects: &[&str]) -> Result<(), VaultError> {
        let mut tx = self.db.begin(Scope::Platform).await?;
        for object in objects {
            tx.execute(
                "INSERT INTO vault_orphan (site, object, first_seen) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                params![site, *object, self.now()],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn delete_doomed(&self, report: &mut SweepReport) -> Result<(), VaultError> {
        let (mut site, mut object) = (String::new(), String::new());
        loop {
            // A queued object that a placement names would be data: never deleted, whatever queued it (V-7).
            let sql = "SELECT d.site, d.object FROM vault_doomed d
                WHERE (d.site, d.object) > ($1, $2) AND NOT EXISTS
                    (SELECT 1 FROM vault_placement p WHERE p.site = d.site AND p.object = d.object)
                ORDER BY d.site, d.object LIMIT $3";
            let params = params![&site, &object, PAGE];
            let rows = self.db.fetch_all(Scope::Platform, sql, params).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            (site, object) = (last.text(0)?, last.text(1)?);
            let mut doomed = Vec::with_capacity(rows.len());
            for row in &rows {
                doomed.push(Copy {
                    site: row.text(0)?,
                    object: row.text(1)?,
                });
            }
            self.delete(doomed, report).await?;
        }
    }

    async fn delete(&self, doomed: Vec<Copy>, report: &mut SweepReport) -> Result<(), VaultError> {
        let results: Vec<(Copy, bool)> = stream::iter(doomed)
            .map(|copy| async move {
                let deleted = self.delete_object(&copy).await;
                (copy, deleted)
            })
            .buffer_unordered(DELETIONS)
            .collect()
            .await;
        let mut tx = self.db.begin(Scope::Platform).await?;
        for (copy, deleted) in &results {
            if *deleted {
                report.deleted_objects += 1;
                let sql = "DELETE FROM vault_doomed WHERE site = $1 AND object = $2";
                tx.execute(sql, params![&copy.site, &copy.object]).await?;
            } else {
                report.failed_deletions += 1;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    async fn delete_object(&self, copy: &Copy) -> bool {
        let Some(site) = self.site(&copy.site) else {
            tracing::warn!(
                site = copy.site,
                "objects wait for deletion on a site that is not configured"
            );
            return false;
        };
        match site.delete(&copy.object).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "an object could not be deleted; the next sweep tries again");
                false
            }
        }
    }
}

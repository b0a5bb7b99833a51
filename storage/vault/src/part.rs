//! Storing a part.

use std::sync::Arc;

use bytes::Bytes;
use preau_storage_database::{DbError, Scope, Tx, params};
use preau_storage_seal::{TenantKeys, random_bytes};

use crate::config::micros;
use crate::placing::{Copy, insert_placements};
use crate::prepare::{Arrival, Prepared};
use crate::read::StoredPart;
use crate::upload::{Status, Upload, stored};
use crate::vault::Inner;
use crate::{Vault, VaultError};

/// How often a transaction that lost a race is run again.
const ATTEMPTS: u32 = 5;

impl Vault {
    /// Stores part `index` and returns how many parts are still missing. When it returns, the part survives any crash.
    ///
    /// The same part may be sent again and parts may be sent in any order and at the same time. `sha256` is that of `data`.
    ///
    /// # Errors
    /// [`VaultError::WrongIndex`], [`VaultError::WrongLength`], [`VaultError::WrongHash`], [`VaultError::PartConflict`],
    /// [`VaultError::NoSuchUpload`], [`VaultError::UploadClosed`], [`VaultError::UploadExpired`], [`VaultError::Full`].
    pub async fn put_part(
        &self,
        tenant: &str,
        upload: &str,
        index: u32,
        sha256: &[u8],
        data: Bytes,
    ) -> Result<u32, VaultError> {
        let inner = &self.inner;
        let upload = Upload::load(&inner.db, tenant, upload).await?;
        inner.check_open(&upload)?;
        check_shape(&upload, index, data.len() as u64)?;
        let arrival = Arrival::new(&upload.plan, index, sha256, data)?;
        let put = Put {
            inner: inner.clone(),
            keys: inner.keyring.of(&inner.db, tenant).await?,
            tenant,
            upload,
            arrival,
            started: inner.time(),
        };
        match put.stored_value().await? {
            Some(stored) => put.compare(stored).await,
            None => put.store().await,
        }
    }
}

impl Inner {
    fn check_open(&self, upload: &Upload) -> Result<(), VaultError> {
        match upload.status {
            Status::Open if self.now() < upload.plan.expires_at => Ok(()),
            Status::Open => Err(VaultError::UploadExpired),
            Status::Committed | Status::Aborted => Err(VaultError::UploadClosed),
        }
    }
}

fn check_shape(upload: &Upload, index: u32, got: u64) -> Result<(), VaultError> {
    let count = upload.plan.part_count;
    if index >= count {
        return Err(VaultError::WrongIndex { index, count });
    }
    let expected = upload.part_len(index);
    if got != expected {
        return Err(VaultError::WrongLength {
            index,
            expected,
            got,
        });
    }
    Ok(())
}

/// One put under way.
struct Put<'a> {
    inner: Arc<Inner>,
    keys: Arc<TenantKeys>,
    tenant: &'a str,
    upload: Upload,
    arrival: Arrival,
    started: std::time::SystemTime,
}

/// What a part row shall refer to.
enum Chunk<'a> {
    /// One that is stored already.
    Shared(&'a str),
    /// A new one, on these sites; the chunk that lay there damaged under the same identity loses it.
    New(&'a [Copy], Option<&'a str>),
}

/// How the transaction ended.
enum Recorded {
    /// The row is written; so many parts are missing now.
    Written(u32),
    /// The index was taken. Nothing was written.
    Taken,
    /// The chunk that was to be shared is gone. Nothing was written.
    ChunkGone,
}

impl Put<'_> {
    /// The chaining value already stored under this index.
    async fn stored_value(&self) -> Result<Option<[u8; 32]>, VaultError> {
        let sql = "SELECT cv FROM vault_part WHERE content = $1 AND idx = $2 AND tenant = $3";
        let params = params![&self.upload.content, self.arrival.index, self.tenant];
        let scope = Scope::Tenant(self.tenant);
        let row = self.inner.db.fetch_optional(scope, sql, params).await?;
        Ok(row.map(|row| row.array(0)).transpose()?)
    }

    /// The index is taken: success if by the same bytes.
    async fn compare(&self, stored: [u8; 32]) -> Result<u32, VaultError> {
        let arrival = self.arrival.clone();
        let cv = self.inner.workers.run(move || arrival.verify()).await??;
        if cv != stored {
            return Err(VaultError::PartConflict {
                index: self.arrival.index,
            });
        }
        let id = &self.upload.plan.upload;
        let now = Upload::load(&self.inner.db, self.tenant, id).await?;
        Ok(now.missing())
    }

    async fn store(self) -> Result<u32, VaultError> {
        let prepared = self.prepare().await?;
        let twin = self.find_twin(&prepared).await?;
        if let Some(Twin::Sound(chunk)) = &twin {
            match self.record(&prepared, &Chunk::Shared(chunk)).await? {
                Recorded::Written(missing) => return Ok(missing),
                Recorded::Taken => return self.taken(&prepared).await,
                Recorded::ChunkGone => {}
            }
        }
        let damaged = match &twin {
            Some(Twin::Damaged(chunk)) => Some(chunk.as_str()),
            _ => None,
        };
        self.store_new(&prepared, damaged).await
    }

    async fn prepare(&self) -> Result<Prepared, VaultError> {
        let (arrival, keys) = (self.arrival.clone(), self.keys.clone());
        let tenant = self.tenant.to_owned();
        let salt = random_bytes().map_err(|source| VaultError::Key {
            tenant: tenant.clone(),
            source,
        })?;
        let buffers = self.inner.buffers.clone();
        let work = move || arrival.prepare(&keys, &tenant, &buffers, salt);
        self.inner.workers.run(work).await?
    }

    async fn store_new(
        &self,
        prepared: &Prepared,
        damaged: Option<&str>,
    ) -> Result<u32, VaultError> {
        let copies = self
            .inner
            .place(self.tenant, prepared.record.clone())
            .await?;
        // Past half of the grace the orphan scan might take the object for abandoned just when its row is written.
        let elapsed = self.inner.time().duration_since(self.started);
        let recorded = if elapsed.is_ok_and(|elapsed| elapsed > self.inner.config.orphan_grace / 2)
        {
            Err(VaultError::Interrupted)
        } else {
            self.record(prepared, &Chunk::New(&copies, damaged)).await
        };
        match recorded {
            Ok(Recorded::Written(missing)) => Ok(missing),
            Ok(Recorded::Taken | Recorded::ChunkGone) => {
                self.inner.doom(self.tenant, &copies).await;
                self.taken(prepared).await
            }
            // Whether the rows were written is unknown: dooming the object could take it from under them.
            Err(VaultError::Db(error @ DbError::Unavailable { .. })) => Err(error.into()),
            Err(error) => {
                self.inner.doom(self.tenant, &copies).await;
                Err(error)
            }
        }
    }

    /// Another put of this index was faster.
    async fn taken(&self, prepared: &Prepared) -> Result<u32, VaultError> {
        let index = self.arrival.index;
        match self.stored_value().await? {
            Some(stored) if stored == prepared.cv => {
                let id = &self.upload.plan.upload;
                let now = Upload::load(&self.inner.db, self.tenant, id).await?;
                Ok(now.missing())
            }
            Some(_) => Err(VaultError::PartConflict { index }),
            // And then the upload was aborted.
            None => Err(VaultError::UploadClosed),
        }
    }

    async fn record(&self, prepared: &Prepared, chunk: &Chunk<'_>) -> Result<Recorded, VaultError> {
        let mut attempt = 1;
        loop {
            match self.try_record(prepared, chunk).await {
                Err(error) if error.is_retryable() && attempt < ATTEMPTS => attempt += 1,
                done => return done,
            }
        }
    }

    /// Everything about the part in one transaction. Locks in the order upload, chunk, part, like everybody's.
    async fn try_record(
        &self,
        prepared: &Prepared,
        chunk: &Chunk<'_>,
    ) -> Result<Recorded, VaultError> {
        let mut tx = self.inner.db.begin(Scope::Tenant(self.tenant)).await?;
        let missing = self.count_part(&mut tx).await?;
        let chunk = match chunk {
            Chunk::Shared(chunk) => {
                if !hold_chunk(&mut tx, self.tenant, chunk).await? {
                    return Ok(Recorded::ChunkGone);
                }
                (*chunk).to_owned()
            }
            Chunk::New(copies, damaged) => {
                self.insert_chunk(&mut tx, prepared, copies, *damaged)
                    .await?
            }
        };
        let inserted = tx
            .execute(
                "INSERT INTO vault_part (content, idx, tenant, chunk, len, cv) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (content, idx) DO NOTHING",
                params![
                    &self.upload.content,
                    self.arrival.index,
                    self.tenant,
                    chunk,
                    stored(self.arrival.data.len() as u64)?,
                    prepared.cv,
                ],
            )
            .await?;
        if inserted == 0 {
            return Ok(Recorded::Taken);
        }
        tx.commit().await?;
        Ok(Recorded::Written(missing))
    }

    /// Counts the part and holds the upload open until the transaction ends; returns how many will be missing.
    async fn count_part(&self, tx: &mut Tx) -> Result<u32, VaultError> {
        let id = &self.upload.plan.upload;
        let now = micros(self.inner.time());
        let row = tx
            .fetch_optional(
                "UPDATE vault_upload SET received = received + 1
                 WHERE id = $1 AND tenant = $2 AND state = 0 AND expires_at > $3
                 RETURNING part_count - received",
                params![id, self.tenant, now],
            )
            .await?;
        match row {
            // Below zero only if this index is taken, which the part row will show.
            Some(row) => Ok(u32::try_from(row.int(0)?).unwrap_or(0)),
            None if now >= self.upload.plan.expires_at => Err(VaultError::UploadExpired),
            None => Err(VaultError::UploadClosed),
        }
    }

    /// Writes the rows of a new chunk and returns its id.
    async fn insert_chunk(
        &self,
        tx: &mut Tx,
        prepared: &Prepared,
        copies: &[Copy],
        damaged: Option<&str>,
    ) -> Result<String, VaultError> {
        if let Some(damaged) = damaged {
            let sql = "UPDATE vault_chunk SET dedup = NULL WHERE id = $1 AND tenant = $2";
            tx.execute(sql, params![damaged, self.tenant]).await?;
        }
        let id = self.inner.time_ordered_id();
        let length = stored(self.arrival.data.len() as u64)?;
        let identity = self.inner.config.dedup.then_some(prepared.id.0);
        // If a concurrent put of equal bytes took the identity, this chunk simply goes unshared.
        for dedup in [identity, None] {
            let inserted = tx
                .execute(
                    "INSERT INTO vault_chunk (id, tenant, salt, len, dedup, state) VALUES ($1, $2, $3, $4, $5, 0)
                     ON CONFLICT DO NOTHING",
                    params![&id, self.tenant, prepared.salt, length, dedup],
                )
                .await?;
            if inserted == 1 {
                insert_placements(tx, self.tenant, &id, copies, &prepared.record_hash).await?;
                return Ok(id);
            }
        }
        Err(VaultError::Inconsistent(
            "a new chunk's id is taken".to_owned(),
        ))
    }

    /// Looks for a stored chunk with the same bytes, and reads it back: only a copy seen to be sound may be shared.
    async fn find_twin(&self, prepared: &Prepared) -> Result<Option<Twin>, VaultError> {
        if !self.inner.config.dedup {
            return Ok(None);
        }
        let sql = "SELECT c.id, c.salt, l.site, l.object FROM vault_chunk c
            JOIN vault_placement l ON l.chunk = c.id
            WHERE c.tenant = $1 AND c.dedup = $2 ORDER BY l.site";
        let scope = Scope::Tenant(self.tenant);
        let params = params![self.tenant, prepared.id.0];
        let rows = self.inner.db.fetch_all(scope, sql, params).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let mut copies = Vec::with_capacity(rows.len());
        for row in &rows {
            copies.push(Copy {
                site: row.text(2)?,
                object: row.text(3)?,
            });
        }
        let stored = StoredPart {
            content: self.upload.content.clone(),
            index: self.arrival.index,
            length: self.arrival.data.len() as u64,
            salt: first.array(1)?,
            copies,
        };
        let whole = 0..stored.length;
        let read = self
            .inner
            .fetch(&self.keys, self.tenant, &stored, whole)
            .await;
        let chunk = first.text(0)?;
        Ok(Some(match read {
            Ok(bytes) if bytes == self.arrival.data => Twin::Sound(chunk),
            _ => Twin::Damaged(chunk),
        }))
    }
}

/// A stored chunk of the same identity.
enum Twin {
    Sound(String),
    /// Not readable now, for whatever reason: new bytes must not depend on it.
    Damaged(String),
}

/// Keeps a chunk from being released until the transaction ends; false if it is gone.
async fn hold_chunk(tx: &mut Tx, tenant: &str, chunk: &str) -> Result<bool, DbError> {
    let sql = "UPDATE vault_chunk SET state = 0 WHERE id = $1 AND tenant = $2 AND state = 0";
    Ok(tx.execute(sql, params![chunk, tenant]).await? == 1)
}

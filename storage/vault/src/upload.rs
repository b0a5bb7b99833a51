//! An upload from its plan to its commit or abort.

use preau_storage_database::{Db, DbError, Row, Scope, Tx, params};
use uuid::{NoContext, Timestamp, Uuid};

use crate::config::micros;
use crate::error::MAX_RANGES;
use crate::tree::Joiner;
use crate::vault::Inner;
use crate::{Ranges, Vault, VaultError};

/// An upload's id: a UUID in its usual text.
pub type UploadId = String;

/// What a client must send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadPlan {
    /// The upload's id.
    pub upload: UploadId,
    /// Bytes of the whole file.
    pub size: u64,
    /// Bytes of each part but the last.
    pub part_size: u32,
    /// Number of parts; none for an empty file.
    pub part_count: u32,
    /// When it must be committed, in unix microseconds.
    pub expires_at: i64,
}

/// How far an upload has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadState {
    /// What was to be sent.
    pub plan: UploadPlan,
    /// What has not been stored yet; complete if empty.
    pub missing: Ranges,
}

/// A committed file's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The content's id: a UUID in its usual text.
    pub id: String,
    /// Bytes of the whole file.
    pub size: u64,
    /// Plain BLAKE3 of the whole file, as `b3sum` prints it.
    pub blake3: [u8; 32],
}

const SELECT: &str = "SELECT id, content, size, part_size, part_count, received, state, expires_at
    FROM vault_upload WHERE id = $1 AND tenant = $2";
/// How many part rows commit holds in memory at a time.
const PAGE: u32 = 4096;

impl Vault {
    /// Begins an upload of `size` bytes.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`].
    pub async fn create(
        &self,
        tx: &mut Tx,
        tenant: &str,
        size: u64,
    ) -> Result<UploadPlan, VaultError> {
        let inner = &*self.inner;
        if size > inner.config.max_size {
            return Err(VaultError::TooLarge);
        }
        let now = inner.now();
        inner.keyring.ensure(tx, tenant, now).await?;
        let plan = UploadPlan {
            upload: inner.time_ordered_id(),
            size,
            part_size: inner.config.part_size,
            part_count: parts_of(size, inner.config.part_size),
            expires_at: micros(inner.time() + inner.config.upload_lifetime),
        };
        tx.execute(
            "INSERT INTO vault_upload (id, tenant, content, size, part_size, part_count, received, state, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $8)",
            params![
                &plan.upload,
                tenant,
                inner.time_ordered_id(),
                stored(size)?,
                plan.part_size,
                plan.part_count,
                now,
                plan.expires_at,
            ],
        )
        .await?;
        Ok(plan)
    }

    /// What was planned and what is still missing. A committed upload misses nothing.
    ///
    /// # Errors
    /// [`VaultError::NoSuchUpload`], [`VaultError::UploadClosed`] (aborted), [`VaultError::UploadExpired`].
    pub async fn state(&self, tenant: &str, upload: &str) -> Result<UploadState, VaultError> {
        let db = &self.inner.db;
        let upload = Upload::load(db, tenant, upload).await?;
        let missing = match upload.status {
            Status::Aborted => return Err(VaultError::UploadClosed),
            Status::Committed => Vec::new(),
            Status::Open if self.inner.now() >= upload.plan.expires_at => {
                return Err(VaultError::UploadExpired);
            }
            Status::Open if upload.is_complete() => Vec::new(),
            Status::Open => {
                let params = params![&upload.content, tenant, upload.plan.part_count];
                ranges(&db.fetch_all(Scope::Tenant(tenant), GAPS, params).await?)?
            }
        };
        Ok(UploadState {
            plan: upload.plan,
            missing,
        })
    }

    /// Makes the upload's parts a content. Committing again gives the same content.
    ///
    /// # Errors
    /// [`VaultError::PartsMissing`]; [`VaultError::FileHashMismatch`] if the whole is not what was expected;
    /// [`VaultError::NoSuchUpload`], [`VaultError::UploadClosed`], [`VaultError::UploadExpired`].
    pub async fn commit(
        &self,
        tx: &mut Tx,
        tenant: &str,
        upload: &str,
        expected: Option<[u8; 32]>,
    ) -> Result<Content, VaultError> {
        let found = Upload::hold(tx, tenant, upload).await?;
        if found.status == Status::Open {
            let root = self.check_whole(tx, tenant, &found).await?;
            if expected.is_some_and(|expected| expected != root) {
                return Err(VaultError::FileHashMismatch);
            }
            found.close(tx, tenant, Status::Committed).await?;
            return insert_content(tx, tenant, &found, root, self.inner.now()).await;
        }
        let content = committed_content(tx, tenant, &found).await?;
        if expected.is_some_and(|expected| expected != content.blake3) {
            return Err(VaultError::FileHashMismatch);
        }
        Ok(content)
    }

    /// Gives up an upload: its parts are released at once, their objects queued for deletion. Aborting again does nothing.
    ///
    /// # Errors
    /// [`VaultError::NoSuchUpload`]; [`VaultError::UploadClosed`] if it was committed.
    pub async fn abort(&self, tx: &mut Tx, tenant: &str, upload: &str) -> Result<(), VaultError> {
        let found = Upload::hold(tx, tenant, upload).await?;
        match found.status {
            Status::Open => {
                found.close(tx, tenant, Status::Aborted).await?;
                self.inner.unlink_parts(tx, tenant, &found.content).await
            }
            Status::Aborted => Ok(()),
            Status::Committed => Err(VaultError::UploadClosed),
        }
    }

    /// The hash of an upload that has every part.
    async fn check_whole(
        &self,
        tx: &mut Tx,
        tenant: &str,
        upload: &Upload,
    ) -> Result<[u8; 32], VaultError> {
        if self.inner.now() >= upload.plan.expires_at {
            return Err(VaultError::UploadExpired);
        }
        if !upload.is_complete() {
            let params = params![&upload.content, tenant, upload.plan.part_count];
            let missing = ranges(&tx.fetch_all(GAPS, params).await?)?;
            return Err(VaultError::PartsMissing { missing });
        }
        let mut joiner = Joiner::default();
        let mut next = 0;
        while next < upload.plan.part_count {
            let sql = "SELECT idx, len, cv FROM vault_part
                WHERE content = $1 AND tenant = $2 AND idx >= $3 ORDER BY idx LIMIT $4";
            let rows = tx
                .fetch_all(sql, params![&upload.content, tenant, next, PAGE])
                .await?;
            for row in &rows {
                if row.int(0)? != i64::from(next) || row.int(1)? != stored(upload.part_len(next))? {
                    return Err(broken("a complete upload's parts do not follow each other"));
                }
                joiner.push(row.array(2)?);
                next += 1;
            }
            if rows.is_empty() {
                return Err(broken("an upload counts more parts than it has"));
            }
        }
        Ok(joiner.finish())
    }
}

/// The gaps between the present indices and, as a sentinel, the number of parts. Its work follows the present rows and its
/// answer is bounded, however large the file.
const GAPS: &str = "SELECT prev + 1, idx - prev - 1 FROM (
        SELECT idx, LAG(idx, 1, CAST(-1 AS BIGINT)) OVER (ORDER BY idx) AS prev FROM (
            SELECT idx FROM vault_part WHERE content = $1 AND tenant = $2
            UNION ALL SELECT CAST($3 AS BIGINT)
        ) AS present
    ) AS gaps WHERE idx - prev > 1 ORDER BY idx LIMIT 4096";
const _: () = assert!(MAX_RANGES == 4096, "the limit of GAPS");

fn ranges(rows: &[Row]) -> Result<Ranges, VaultError> {
    let index = |value: i64| u32::try_from(value).map_err(|_| broken("a part's index"));
    rows.iter()
        .map(|row| Ok((index(row.int(0)?)?, index(row.int(1)?)?)))
        .collect()
}

/// An upload's row.
pub(crate) struct Upload {
    pub(crate) plan: UploadPlan,
    pub(crate) content: String,
    pub(crate) status: Status,
    received: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Open = 0,
    Committed = 1,
    Aborted = 2,
}

impl Upload {
    pub(crate) async fn load(db: &Db, tenant: &str, upload: &str) -> Result<Upload, VaultError> {
        let row = db
            .fetch_optional(Scope::Tenant(tenant), SELECT, params![upload, tenant])
            .await?;
        Upload::read(&row.ok_or(VaultError::NoSuchUpload)?)
    }

    /// Loads the row; if the upload is open, nobody else can store a part of it or close it until the transaction ends.
    async fn hold(tx: &mut Tx, tenant: &str, upload: &str) -> Result<Upload, VaultError> {
        let lock = "UPDATE vault_upload SET state = 0 WHERE id = $1 AND tenant = $2 AND state = 0";
        tx.execute(lock, params![upload, tenant]).await?;
        let row = tx.fetch_optional(SELECT, params![upload, tenant]).await?;
        Upload::read(&row.ok_or(VaultError::NoSuchUpload)?)
    }

    fn read(row: &Row) -> Result<Upload, VaultError> {
        let small = |index| {
            u32::try_from(row.int(index)?).map_err(|_| broken("a number of an upload's row"))
        };
        let status = match row.int(6)? {
            0 => Status::Open,
            1 => Status::Committed,
            2 => Status::Aborted,
            _ => return Err(broken("an upload's state")),
        };
        let upload = Upload {
            plan: UploadPlan {
                upload: row.text(0)?,
                size: u64::try_from(row.int(2)?).map_err(|_| broken("an upload's size"))?,
                part_size: small(3)?,
                part_count: small(4)?,
                expires_at: row.int(7)?,
            },
            content: row.text(1)?,
            received: small(5)?,
            status,
        };
        let UploadPlan {
            size,
            part_size,
            part_count,
            ..
        } = upload.plan;
        if part_size == 0 || parts_of(size, part_size) != part_count {
            return Err(broken("an upload's plan"));
        }
        Ok(upload)
    }

    /// The length of part `index`, which is one of the plan's.
    pub(crate) fn part_len(&self, index: u32) -> u64 {
        part_len(self.plan.size, self.plan.part_size, index)
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.received == self.plan.part_count
    }

    /// How many parts have not been stored.
    pub(crate) fn missing(&self) -> u32 {
        self.plan.part_count.saturating_sub(self.received)
    }

    /// Leaves the open state for good.
    async fn close(&self, tx: &mut Tx, tenant: &str, to: Status) -> Result<(), DbError> {
        let sql = "UPDATE vault_upload SET state = $3 WHERE id = $1 AND tenant = $2 AND state = 0";
        let params = params![&self.plan.upload, tenant, to as i64];
        tx.execute(sql, params).await?;
        Ok(())
    }
}

async fn insert_content(
    tx: &mut Tx,
    tenant: &str,
    upload: &Upload,
    blake3: [u8; 32],
    now: i64,
) -> Result<Content, VaultError> {
    let UploadPlan {
        size,
        part_size,
        part_count,
        ..
    } = upload.plan;
    tx.execute(
        "INSERT INTO vault_content (id, tenant, size, part_size, part_count, blake3, committed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            &upload.content,
            tenant,
            stored(size)?,
            part_size,
            part_count,
            blake3,
            now
        ],
    )
    .await?;
    Ok(Content {
        id: upload.content.clone(),
        size,
        blake3,
    })
}

/// The content of an upload that is committed; closed if it was aborted, or committed and released since.
async fn committed_content(
    tx: &mut Tx,
    tenant: &str,
    upload: &Upload,
) -> Result<Content, VaultError> {
    let sql = "SELECT blake3 FROM vault_content WHERE id = $1 AND tenant = $2";
    let row = tx
        .fetch_optional(sql, params![&upload.content, tenant])
        .await?
        .filter(|_| upload.status == Status::Committed)
        .ok_or(VaultError::UploadClosed)?;
    Ok(Content {
        id: upload.content.clone(),
        size: upload.plan.size,
        blake3: row.array(0)?,
    })
}

impl Inner {
    /// A UUIDv7 by the vault's clock.
    pub(crate) fn time_ordered_id(&self) -> String {
        let micros = self.now().unsigned_abs();
        let nanos = (micros % 1_000_000) as u32 * 1000;
        Uuid::new_v7(Timestamp::from_unix(NoContext, micros / 1_000_000, nanos)).to_string()
    }
}

pub(crate) fn part_len(size: u64, part_size: u32, index: u32) -> u64 {
    let start = u64::from(index) * u64::from(part_size);
    size.saturating_sub(start).min(u64::from(part_size))
}

/// Saturating, so that a damaged row is seen to be one.
fn parts_of(size: u64, part_size: u32) -> u32 {
    u32::try_from(size.div_ceil(u64::from(part_size))).unwrap_or(u32::MAX)
}

/// A size as the database keeps it.
pub(crate) fn stored(size: u64) -> Result<i64, VaultError> {
    i64::try_from(size).map_err(|_| VaultError::TooLarge)
}

pub(crate) fn broken(what: &str) -> VaultError {
    VaultError::Inconsistent(what.to_owned())
}

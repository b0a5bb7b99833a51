//! Which parts a range needs, and their rows, a page at a time.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use futures::stream::{self, Stream};
use preau_storage_database::{Row, Scope, params};

use super::StoredPart;
use crate::VaultError;
use crate::placing::Copy;
use crate::upload::{broken, part_len};
use crate::vault::Inner;

/// Parts whose rows are read at once: 128 MiB of content.
const PAGE: u32 = 64;

/// The parts that hold a range of a content.
pub(super) struct Parts {
    content: String,
    size: u64,
    part_size: u32,
    /// The range of the content that is wanted.
    wanted: Range<u64>,
    /// The next part to load rows of, and the one to stop before.
    next: u32,
    end: u32,
    loaded: VecDeque<StoredPart>,
}

impl Parts {
    pub(super) async fn locate(
        inner: &Inner,
        tenant: &str,
        content: String,
        offset: u64,
        length: Option<u64>,
    ) -> Result<Parts, VaultError> {
        let sql = "SELECT size, part_size FROM vault_content WHERE id = $1 AND tenant = $2";
        let row = inner
            .db
            .fetch_optional(Scope::Tenant(tenant), sql, params![&content, tenant])
            .await?
            .ok_or(VaultError::NoSuchContent)?;
        let size = u64::try_from(row.int(0)?).map_err(|_| broken("a content's size"))?;
        let part_size = u32::try_from(row.int(1)?)
            .ok()
            .filter(|part_size| *part_size > 0)
            .ok_or_else(|| broken("a content's part size"))?;
        if offset > size {
            return Err(VaultError::OutOfRange);
        }
        let end = length.map_or(size, |length| offset.saturating_add(length).min(size));
        let index = |part: u64| u32::try_from(part).map_err(|_| broken("a content's size"));
        Ok(Parts {
            content,
            size,
            part_size,
            next: index(offset / u64::from(part_size))?,
            end: if end > offset {
                index(end.div_ceil(u64::from(part_size)))?
            } else {
                0
            },
            wanted: offset..end,
            loaded: VecDeque::new(),
        })
    }

    /// Each part with the range of it that is wanted.
    pub(super) fn stream(
        self,
        inner: Arc<Inner>,
        tenant: Arc<str>,
    ) -> impl Stream<Item = Result<(StoredPart, Range<u64>), VaultError>> + Send + 'static {
        stream::try_unfold(
            (self, inner, tenant),
            |(mut parts, inner, tenant)| async move {
                if parts.loaded.is_empty() && parts.next < parts.end {
                    parts.load(&inner, &tenant).await?;
                }
                let part = parts.loaded.pop_front();
                Ok(part.map(|part| {
                    let range = parts.range_of(&part);
                    ((part, range), (parts, inner, tenant))
                }))
            },
        )
    }

    fn range_of(&self, part: &StoredPart) -> Range<u64> {
        let start = u64::from(part.index) * u64::from(self.part_size);
        let from = self.wanted.start.saturating_sub(start);
        let to = (self.wanted.end - start).min(part.length);
        from..to
    }

    async fn load(&mut self, inner: &Inner, tenant: &str) -> Result<(), VaultError> {
        let until = self.end.min(self.next.saturating_add(PAGE));
        let sql = "SELECT p.idx, p.len, c.salt, l.site, l.object FROM vault_part p
            JOIN vault_chunk c ON c.id = p.chunk
            JOIN vault_placement l ON l.chunk = c.id
            WHERE p.content = $1 AND p.tenant = $2 AND p.idx >= $3 AND p.idx < $4
            ORDER BY p.idx, l.site";
        let params = params![&self.content, tenant, self.next, until];
        let rows = inner
            .db
            .fetch_all(Scope::Tenant(tenant), sql, params)
            .await?;
        for row in &rows {
            self.take(row)?;
        }
        if self.next < until {
            // Rows are missing: either all are, because the content was released meanwhile, or somebody changed them.
            return Err(if inner.has_content(tenant, &self.content).await? {
                broken("a content's parts do not follow each other")
            } else {
                VaultError::NoSuchContent
            });
        }
        Ok(())
    }

    /// Takes a row: a new part, or another copy of the last one.
    fn take(&mut self, row: &Row) -> Result<(), VaultError> {
        let copy = Copy {
            site: row.text(3)?,
            object: row.text(4)?,
        };
        let index = row.int(0)?;
        if let Some(last) = self.loaded.back_mut()
            && i64::from(last.index) == index
        {
            last.copies.push(copy);
            return Ok(());
        }
        let length = part_len(self.size, self.part_size, self.next);
        if index != i64::from(self.next) || u64::try_from(row.int(1)?) != Ok(length) {
            return Err(broken("a content's parts do not follow each other"));
        }
        self.loaded.push_back(StoredPart {
            content: self.content.clone(),
            index: self.next,
            length,
            salt: row.array(2)?,
            copies: vec![copy],
        });
        self.next += 1;
        Ok(())
    }
}

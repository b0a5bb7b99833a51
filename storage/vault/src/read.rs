//! Reading: any range of a content as a stream of verified frames.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, try_join};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use futures::{FutureExt, TryFutureExt};
use preau_storage_database::{Scope, params};
use preau_storage_seal::{HEADER_LEN, Layout, OpenError, Opener, Span, TenantKeys};
use preau_storage_sites::{Site, SiteError};
use tokio::task::JoinHandle;

use crate::placing::Copy;
use crate::upload::broken;
use crate::vault::Inner;
use crate::{Vault, VaultError};

mod parts;

use self::parts::Parts;

/// Largest frame of a read.
pub const MAX_FRAME: usize = 256 << 10;
/// One part is being given out while the next is fetched.
const PARTS_UNDER_WAY: usize = 2;
/// Spans up to this size are opened where they arrive: handing them to a worker would cost more.
const OPEN_IN_PLACE: usize = 128 << 10;

/// The frames of a read.
pub type ContentStream = BoxStream<'static, Result<Bytes, VaultError>>;

impl Vault {
    /// Streams a content from `offset`, `length` bytes or, if fewer follow or no length is given, to its end. Frames have at
    /// most [`MAX_FRAME`] bytes. Every byte given out has been verified; a stream that ends without an error was complete.
    /// Only the needed segments are fetched, the next part while one is being given out.
    ///
    /// Errors come as the last item: [`VaultError::NoSuchContent`], [`VaultError::OutOfRange`] (the offset is past the end),
    /// [`VaultError::Corrupt`] (no site has a sound copy), and the sites' and database's.
    pub fn read(
        &self,
        tenant: &str,
        content: &str,
        offset: u64,
        length: Option<u64>,
    ) -> ContentStream {
        let inner = self.inner.clone();
        let (tenant, content) = (tenant.to_owned(), content.to_owned());
        async move { Reading::begin(inner, tenant, content, offset, length).await }
            .map_ok(Reading::frames)
            .try_flatten_stream()
            .boxed()
    }
}

/// A read under way.
struct Reading {
    inner: Arc<Inner>,
    keys: Arc<TenantKeys>,
    tenant: Arc<str>,
    parts: Parts,
}

/// A part as its rows describe it.
#[derive(Clone, Debug)]
pub(crate) struct StoredPart {
    pub(crate) content: String,
    pub(crate) index: u32,
    pub(crate) length: u64,
    pub(crate) salt: [u8; 32],
    pub(crate) copies: Vec<Copy>,
}

impl Reading {
    async fn begin(
        inner: Arc<Inner>,
        tenant: String,
        content: String,
        offset: u64,
        length: Option<u64>,
    ) -> Result<Reading, VaultError> {
        let parts = Parts::locate(&inner, &tenant, content, offset, length).await?;
        let keys = inner.keyring.of(&inner.db, &tenant).await?;
        Ok(Reading {
            inner,
            keys,
            tenant: tenant.into(),
            parts,
        })
    }

    fn frames(self) -> ContentStream {
        let Reading {
            inner,
            keys,
            tenant,
            parts,
        } = self;
        let (reader, owner) = (inner.clone(), tenant.clone());
        parts
            .stream(inner, tenant)
            .map_ok(move |(part, range)| {
                let (inner, keys, tenant) = (reader.clone(), keys.clone(), owner.clone());
                // A task of its own, so that it makes progress while the consumer is busy with the part before.
                Task::spawn(async move { inner.fetch(&keys, &tenant, &part, range).await })
            })
            .try_buffered(PARTS_UNDER_WAY)
            .map_ok(|bytes| stream::iter(split(bytes)).map(Ok))
            .try_flatten()
            .boxed()
    }
}

/// Cuts a part into frames without copying.
fn split(mut bytes: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        (!bytes.is_empty()).then(|| bytes.split_to(bytes.len().min(MAX_FRAME)))
    })
}

/// A spawned fetch that ends with the stream that wanted it.
struct Task(JoinHandle<Result<Bytes, VaultError>>);

impl Task {
    fn spawn(
        work: impl Future<Output = Result<Bytes, VaultError>> + Send + 'static,
    ) -> BoxFuture<'static, Result<Bytes, VaultError>> {
        let mut task = Task(tokio::spawn(work));
        async move { (&mut task.0).await.unwrap_or(Err(VaultError::Interrupted)) }.boxed()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Inner {
    /// Reads a range of a part from the first site that has a sound copy.
    pub(crate) async fn fetch(
        &self,
        keys: &Arc<TenantKeys>,
        tenant: &str,
        part: &StoredPart,
        range: Range<u64>,
    ) -> Result<Bytes, VaultError> {
        let span = Layout::of(part.length)
            .and_then(|layout| layout.span(range))
            .ok_or_else(|| broken("a part's length"))?;
        let mut worst = None;
        for copy in self.by_preference(&part.copies) {
            match self.fetch_copy(keys, tenant, part, copy, &span).await {
                Ok(bytes) => return Ok(bytes),
                Err(error) => {
                    tracing::error!(%error, object = copy.object, "a copy could not be read");
                    if worst.is_none() || matches!(error, VaultError::Corrupt { .. }) {
                        worst = Some(error);
                    }
                }
            }
        }
        Err(worst.unwrap_or_else(|| broken("a part has no placement")))
    }

    /// The copies in the order of the configured sites.
    fn by_preference<'a>(&self, copies: &'a [Copy]) -> Vec<&'a Copy> {
        let rank = |copy: &&Copy| {
            let known = self.sites.iter().position(|site| site.name() == copy.site);
            known.unwrap_or(usize::MAX)
        };
        let mut copies: Vec<&Copy> = copies.iter().collect();
        copies.sort_by_key(rank);
        copies
    }

    async fn fetch_copy(
        &self,
        keys: &Arc<TenantKeys>,
        tenant: &str,
        part: &StoredPart,
        copy: &Copy,
        span: &Span,
    ) -> Result<Bytes, VaultError> {
        let corrupt = |reason: String| VaultError::Corrupt {
            content: part.content.clone(),
            part: part.index,
            site: copy.site.clone(),
            reason,
        };
        let site = self
            .site(&copy.site)
            .ok_or_else(|| VaultError::UnknownSite {
                content: part.content.clone(),
                part: part.index,
                site: copy.site.clone(),
            })?;
        let (head, body) = match fetch_bytes(&**site, &copy.object, span).await {
            Ok(bytes) => bytes,
            Err(error @ (SiteError::NotFound { .. } | SiteError::TooShort { .. })) => {
                return Err(corrupt(error.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        let open = {
            let (keys, tenant, span) = (keys.clone(), tenant.to_owned(), span.clone());
            let (salt, length) = (part.salt, part.length);
            let in_place = body.len() <= OPEN_IN_PLACE;
            let work = move || -> Result<Vec<u8>, OpenError> {
                Opener::new(&keys, &tenant, &salt, length, &head)?.open(&span, &body)
            };
            if in_place {
                work()
            } else {
                self.workers.run(work).await?
            }
        };
        match open {
            Ok(plaintext) => Ok(Bytes::from(plaintext)),
            Err(error) => Err(corrupt(error.to_string())),
        }
    }

    /// Whether a content is still there.
    async fn has_content(&self, tenant: &str, content: &str) -> Result<bool, VaultError> {
        let sql = "SELECT 1 FROM vault_content WHERE id = $1 AND tenant = $2";
        let scope = Scope::Tenant(tenant);
        let row = self
            .db
            .fetch_optional(scope, sql, params![content, tenant])
            .await?;
        Ok(row.is_some())
    }
}

/// The record's header, without which no segment is trusted, and the span's segments: one request if they adjoin.
async fn fetch_bytes(
    site: &dyn Site,
    object: &str,
    span: &Span,
) -> Result<(Bytes, Bytes), SiteError> {
    let header = HEADER_LEN as u64;
    if span.record.start == header {
        let mut head = site.get_range(object, 0..span.record.end).await?;
        let body = head.split_off(HEADER_LEN.min(head.len()));
        return Ok((head, body));
    }
    try_join(
        site.get_range(object, 0..header),
        site.get_range(object, span.record.clone()),
    )
    .await
}

//! A decorator that counts what passes through it: how a test sees that a range read fetched only what it needed.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::{Entry, Residency, Site, SiteError};

/// Forwards everything and counts it.
#[derive(Debug)]
pub struct CountingSite {
    inner: Arc<dyn Site>,
    puts: AtomicU64,
    gets: AtomicU64,
    heads: AtomicU64,
    deletes: AtomicU64,
    lists: AtomicU64,
    bytes_put: AtomicU64,
    bytes_got: AtomicU64,
}

/// What has passed so far. Calls are counted when made, bytes when moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls of `put_new`.
    pub puts: u64,
    /// Calls of `get_range`.
    pub gets: u64,
    /// Calls of `head`.
    pub heads: u64,
    /// Calls of `delete`.
    pub deletes: u64,
    /// Calls of `list`.
    pub lists: u64,
    /// Bytes of successful puts.
    pub bytes_put: u64,
    /// Bytes of successful gets.
    pub bytes_got: u64,
}

impl CountingSite {
    /// Counts what reaches `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Site>) -> CountingSite {
        CountingSite {
            inner,
            puts: AtomicU64::new(0),
            gets: AtomicU64::new(0),
            heads: AtomicU64::new(0),
            deletes: AtomicU64::new(0),
            lists: AtomicU64::new(0),
            bytes_put: AtomicU64::new(0),
            bytes_got: AtomicU64::new(0),
        }
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            puts: read(&self.puts),
            gets: read(&self.gets),
            heads: read(&self.heads),
            deletes: read(&self.deletes),
            lists: read(&self.lists),
            bytes_put: read(&self.bytes_put),
            bytes_got: read(&self.bytes_got),
        }
    }
}

fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

impl Site for CountingSite {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn residency(&self) -> &Residency {
        self.inner.residency()
    }

    fn put_new<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), SiteError>> {
        async move {
            add(&self.puts, 1);
            let length = bytes.len() as u64;
            self.inner.put_new(key, bytes).await?;
            add(&self.bytes_put, length);
            Ok(())
        }
        .boxed()
    }

    fn get_range<'a>(
        &'a self,
        key: &'a str,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, SiteError>> {
        async move {
            add(&self.gets, 1);
            let bytes = self.inner.get_range(key, range).await?;
            add(&self.bytes_got, bytes.len() as u64);
            Ok(bytes)
        }
        .boxed()
    }

    fn head<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<u64, SiteError>> {
        add(&self.heads, 1);
        self.inner.head(key)
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), SiteError>> {
        add(&self.deletes, 1);
        self.inner.delete(key)
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Entry>, SiteError>> {
        add(&self.lists, 1);
        self.inner.list(prefix, after, limit)
    }
}

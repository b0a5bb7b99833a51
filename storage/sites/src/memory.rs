//! A site that forgets everything: for tests, and for benchmarks that leave the disk out.

use std::collections::BTreeMap;
use std::ops::{Bound, Range};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::{Entry, Residency, Site, SiteError, check_key};

/// Objects in a map. With a capacity it fills up like a disk.
#[derive(Debug)]
pub struct MemorySite {
    name: String,
    residency: Residency,
    capacity: u64,
    objects: Mutex<BTreeMap<String, Bytes>>,
}

impl MemorySite {
    /// An empty site without a bound.
    #[must_use]
    pub fn new(name: &str) -> MemorySite {
        MemorySite::with_capacity(name, u64::MAX)
    }

    /// An empty site that holds at most `capacity` bytes and then is [`SiteError::Full`].
    #[must_use]
    pub fn with_capacity(name: &str, capacity: u64) -> MemorySite {
        MemorySite {
            name: name.to_owned(),
            residency: Residency::Memory,
            capacity,
            objects: Mutex::new(BTreeMap::new()),
        }
    }

    /// Number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// True if nothing is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Changes a stored object behind the site's back, as rot would: for tests. False if there is no such object.
    pub fn tamper(&self, key: &str, change: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut objects = self.lock();
        let Some(object) = objects.get_mut(key) else {
            return false;
        };
        let mut bytes = object.to_vec();
        change(&mut bytes);
        *object = Bytes::from(bytes);
        true
    }

    // A panic elsewhere cannot leave the map half-changed, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, key: &str, bytes: Bytes) -> Result<(), SiteError> {
        check_key(key)?;
        let mut objects = self.lock();
        if objects.contains_key(key) {
            return Err(SiteError::AlreadyExists {
                site: self.name.clone(),
                key: key.to_owned(),
            });
        }
        let full = self.capacity != u64::MAX && {
            let used: u64 = objects.values().map(|object| object.len() as u64).sum();
            used.saturating_add(bytes.len() as u64) > self.capacity
        };
        if full {
            return Err(SiteError::Full {
                site: self.name.clone(),
            });
        }
        objects.insert(key.to_owned(), bytes);
        Ok(())
    }

    fn get(&self, key: &str) -> Result<Bytes, SiteError> {
        check_key(key)?;
        self.lock()
            .get(key)
            .cloned()
            .ok_or_else(|| SiteError::NotFound {
                site: self.name.clone(),
                key: key.to_owned(),
            })
    }

    fn range(&self, key: &str, range: Range<u64>) -> Result<Bytes, SiteError> {
        let object = self.get(key)?;
        let length = object.len() as u64;
        if range.end > length || range.start > range.end {
            return Err(SiteError::TooShort {
                site: self.name.clone(),
                key: key.to_owned(),
                length,
                wanted: range.end,
            });
        }
        // Both ends are at most the object's length, which is a usize.
        Ok(object.slice(range.start as usize..range.end as usize))
    }

    fn entries(&self, prefix: &str, after: Option<&str>, limit: usize) -> Vec<Entry> {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        self.lock()
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .map(|(key, object)| Entry {
                key: key.clone(),
                size: object.len() as u64,
            })
            .collect()
    }
}

impl Site for MemorySite {
    fn name(&self) -> &str {
        &self.name
    }

    fn residency(&self) -> &Residency {
        &self.residency
    }

    fn put_new<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), SiteError>> {
        // Lazy like a real site's: a decorator that drops the future unpolled must find nothing done.
        async move { self.put(key, bytes) }.boxed()
    }

    fn get_range<'a>(
        &'a self,
        key: &'a str,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, SiteError>> {
        async move { self.range(key, range) }.boxed()
    }

    fn head<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<u64, SiteError>> {
        async move { Ok(self.get(key)?.len() as u64) }.boxed()
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), SiteError>> {
        async move {
            check_key(key)?;
            self.lock().remove(key);
            Ok(())
        }
        .boxed()
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Entry>, SiteError>> {
        async move { Ok(self.entries(prefix, after, limit)) }.boxed()
    }
}

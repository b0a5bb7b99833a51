//! The seam between the vault and whatever keeps its bytes.

use std::fmt::Debug;
use std::ops::Range;

use bytes::Bytes;
use futures::future::BoxFuture;

use crate::{Residency, SiteError};

/// A place that keeps immutable objects.
///
/// No method has a default body, so that a decorator which forgets to forward one does not compile.
/// Keys are what [`check_key`](crate::check_key) accepts; every method refuses others with [`SiteError::InvalidKey`].
pub trait Site: Send + Sync + Debug {
    /// The site's name, as placement rows and the operator know it.
    fn name(&self) -> &str;

    /// Where the bytes lie.
    fn residency(&self) -> &Residency;

    /// Stores a new object, whole or not at all: no reader ever sees a part of it. When this returns `Ok` the object survives
    /// the loss of the process and, for a durable site, of power.
    /// An existing name is never overwritten: [`SiteError::AlreadyExists`].
    /// After any other error the object may or may not be there (the reply can be what was lost).
    fn put_new<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), SiteError>>;

    /// Exactly the bytes of `range`. An object that ends earlier is [`SiteError::TooShort`], never a shorter answer.
    fn get_range<'a>(
        &'a self,
        key: &'a str,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, SiteError>>;

    /// The object's length in bytes.
    fn head<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<u64, SiteError>>;

    /// Deletes the object. Deleting what is not there succeeds, so that a lost reply can be retried.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), SiteError>>;

    /// At most `limit` objects whose key starts with `prefix` and is greater than `after`, ascending by the keys' bytes.
    fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Entry>, SiteError>>;
}

/// One line of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The object's name.
    pub key: String,
    /// Its length in bytes.
    pub size: u64,
}

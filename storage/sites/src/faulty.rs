//! A decorator that fails on cue: full disks, I/O errors, lost replies, rot, and calls held until a test lets them go.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::{Entry, Residency, Site, SiteError};

/// Which method a fault waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `put_new`
    Put,
    /// `get_range`
    Get,
    /// `head`
    Head,
    /// `delete`
    Delete,
    /// `list`
    List,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing: lets one call of a script pass.
    None,
    /// The disk is full (ENOSPC); nothing is done.
    Full,
    /// The storage reports an I/O error; nothing is done.
    Io,
    /// The operation is done, then its reply is lost: the caller sees an I/O error.
    LostReply,
    /// One bit of the bytes read is flipped (at this offset modulo their number). Only for `get_range`.
    Corrupt(u64),
    /// The call takes this long, then is done.
    Delay(Duration),
    /// The call waits for a permit of this semaphore, then is done: an order imposed without sleeping.
    Hold(Arc<Semaphore>),
    /// The call is done, then its reply waits for a permit of this semaphore.
    HoldReply(Arc<Semaphore>),
}

/// Forwards everything, unless the script says otherwise.
///
/// Scripted faults are used up in order, one a call; afterwards the standing fault of that operation, if any, applies.
#[derive(Debug)]
pub struct FaultySite {
    inner: Arc<dyn Site>,
    script: Mutex<Script>,
}

#[derive(Debug, Default)]
struct Script {
    next: HashMap<Operation, VecDeque<Fault>>,
    standing: HashMap<Operation, Fault>,
}

impl FaultySite {
    /// A site that so far does everything right.
    #[must_use]
    pub fn new(inner: Arc<dyn Site>) -> FaultySite {
        FaultySite {
            inner,
            script: Mutex::new(Script::default()),
        }
    }

    /// Appends faults for the coming calls of `operation`, one each.
    pub fn script(&self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        self.change(|script| script.next.entry(operation).or_default().extend(faults));
    }

    /// Applies a fault to every call of `operation` that the script does not cover; [`Fault::None`] ends that.
    pub fn always(&self, operation: Operation, fault: Fault) {
        self.change(|script| {
            script.standing.insert(operation, fault);
        });
    }

    fn change<T>(&self, f: impl FnOnce(&mut Script) -> T) -> T {
        f(&mut self.script.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn next(&self, operation: Operation) -> Fault {
        self.change(|script| {
            let scripted = script
                .next
                .get_mut(&operation)
                .and_then(VecDeque::pop_front);
            scripted
                .or_else(|| script.standing.get(&operation).cloned())
                .unwrap_or(Fault::None)
        })
    }

    fn io_error(&self, operation: &'static str, key: &str) -> SiteError {
        SiteError::Io {
            site: self.name().to_owned(),
            operation,
            key: key.to_owned(),
            source: io::Error::other("injected fault"),
        }
    }

    /// Runs `call` under the next fault.
    async fn under<T>(
        &self,
        operation: Operation,
        key: &str,
        call: BoxFuture<'_, Result<T, SiteError>>,
        corrupt: impl FnOnce(T, u64) -> T,
    ) -> Result<T, SiteError> {
        match self.next(operation) {
            Fault::None => call.await,
            Fault::Full => Err(SiteError::Full {
                site: self.name().to_owned(),
            }),
            Fault::Io => Err(self.io_error("use", key)),
            Fault::LostReply => {
                call.await?;
                Err(self.io_error("hear from", key))
            }
            Fault::Corrupt(at) => call.await.map(|answer| corrupt(answer, at)),
            Fault::Delay(time) => {
                tokio::time::sleep(time).await;
                call.await
            }
            Fault::Hold(gate) => {
                pass(&gate).await;
                call.await
            }
            Fault::HoldReply(gate) => {
                let answer = call.await;
                pass(&gate).await;
                answer
            }
        }
    }
}

/// Takes a permit for good. A closed gate is an open one.
async fn pass(gate: &Semaphore) {
    if let Ok(permit) = gate.acquire().await {
        permit.forget();
    }
}

fn flip_a_bit(bytes: Bytes, at: u64) -> Bytes {
    let mut bytes = bytes.to_vec();
    if !bytes.is_empty() {
        let index = (at % bytes.len() as u64) as usize;
        bytes[index] ^= 1;
    }
    Bytes::from(bytes)
}

fn unchanged<T>(answer: T, _at: u64) -> T {
    answer
}

impl Site for FaultySite {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn residency(&self) -> &Residency {
        self.inner.residency()
    }

    fn put_new<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), SiteError>> {
        let call = self.inner.put_new(key, bytes);
        self.under(Operation::Put, key, call, unchanged).boxed()
    }

    fn get_range<'a>(
        &'a self,
        key: &'a str,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, SiteError>> {
        let call = self.inner.get_range(key, range);
        self.under(Operation::Get, key, call, flip_a_bit).boxed()
    }

    fn head<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<u64, SiteError>> {
        let call = self.inner.head(key);
        self.under(Operation::Head, key, call, unchanged).boxed()
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), SiteError>> {
        let call = self.inner.delete(key);
        self.under(Operation::Delete, key, call, unchanged).boxed()
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Entry>, SiteError>> {
        let call = self.inner.list(prefix, after, limit);
        self.under(Operation::List, prefix, call, unchanged).boxed()
    }
}

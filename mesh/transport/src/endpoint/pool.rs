//! The connections to one peer: which to use, when to dial another, when to leave the peer alone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio::time::Instant;

use super::backoff;
use super::connection::Connection;
use super::dial::{Target, dial};
use crate::config::ConnectorConfig;
use crate::error::TransportError;

/// Open streams from which a second connection is worth its handshake.
const BUSY: usize = 4;
/// How far a pool may grow beyond its size when every connection is full. Everybody who follows a lesson, and every
/// device that waits for commands, has a stream open all the while: 51,200 with the sizes of today, more than one
/// process of the edge has files to serve them with.
const GROWTH: usize = 128;

pub(super) struct Pool {
    target: Arc<Target>,
    config: ConnectorConfig,
    live: ArcSwap<Vec<Arc<Connection>>>,
    dialling: Mutex<Dialling>,
    /// Changes after every dial, for those who wait for one.
    dialled: watch::Sender<u64>,
}

/// The connection with the fewest open streams.
enum Found {
    Free(Arc<Connection>),
    /// As full as all others, and the pool may have another.
    Full(Arc<Connection>),
}

#[derive(Default)]
struct Dialling {
    under_way: bool,
    failures: u32,
    retry_at: Option<Instant>,
    last: Option<TransportError>,
}

impl Pool {
    pub(super) fn new(target: Target, config: ConnectorConfig) -> Arc<Self> {
        Arc::new(Self {
            target: Arc::new(target),
            config,
            live: ArcSwap::default(),
            dialling: Mutex::default(),
            dialled: watch::Sender::new(0),
        })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// A connection to use now. Waits for a dial when there is none, or when all are full and there may be another: what
    /// is put on a full one waits for one of its streams to end, which a Watch does not for minutes. Fails at once while
    /// there is none and the peer is left alone after failures.
    pub(super) async fn checkout(self: &Arc<Self>) -> Result<Arc<Connection>, TransportError> {
        loop {
            if let Some(Found::Free(connection)) = self.least_loaded() {
                return Ok(connection);
            }
            let mut dialled = self.dialled.subscribe();
            // A dial that ended before this would not be noticed by waiting.
            let full = match self.least_loaded() {
                Some(Found::Free(connection)) => return Ok(connection),
                Some(Found::Full(connection)) => Some(connection),
                None => None,
            };
            if let Err(error) = self.dial_unless_backing_off() {
                return full.ok_or(error);
            }
            if dialled.changed().await.is_err() {
                continue;
            }
            if let Some(error) = self.last_failure() {
                // It may have been established and lost in between; a failed dial is told as it is.
                let (Some(Found::Free(any)) | Some(Found::Full(any))) = self.least_loaded() else {
                    return Err(error);
                };
                return Ok(any);
            }
        }
    }

    fn least_loaded(self: &Arc<Self>) -> Option<Found> {
        let live = self.live.load();
        let mut best: Option<(&Arc<Connection>, usize)> = None;
        let mut usable = 0;
        for connection in live.iter().filter(|connection| !connection.is_closed()) {
            usable += 1;
            let open = connection.open_streams();
            if best.is_none_or(|(_, least)| open < least) {
                best = Some((connection, open));
            }
        }
        let (connection, open) = best?;
        if usable >= self.wanted(open) {
            return Some(Found::Free(connection.clone()));
        }
        if open >= self.config.streams_per_connection {
            return Some(Found::Full(connection.clone()));
        }
        // In the background: this request has a connection already.
        let _ = self.dial_unless_backing_off();
        Some(Found::Free(connection.clone()))
    }

    /// How many connections there should be when the least loaded one has `open` streams.
    fn wanted(&self, open: usize) -> usize {
        let base = self.config.connections_per_endpoint;
        if open >= self.config.streams_per_connection {
            base * GROWTH
        } else if open >= BUSY {
            base
        } else {
            1
        }
    }

    /// Begins a dial unless one is under way; an error while the peer is left alone.
    fn dial_unless_backing_off(self: &Arc<Self>) -> Result<(), TransportError> {
        let mut dialling = self.dialling();
        if dialling.under_way {
            return Ok(());
        }
        let now = Instant::now();
        if let (Some(retry_at), Some(last)) = (dialling.retry_at, &dialling.last)
            && retry_at > now
        {
            return Err(TransportError::BackingOff {
                to: self.target.to.clone(),
                addr: self.target.addr.clone(),
                retry_in: retry_at - now,
                last: Arc::new(last.clone()),
            });
        }
        dialling.under_way = true;
        // Bounded by the connect time-out; a task, so that a caller who gives up does not end it for the others.
        tokio::spawn(self.clone().dial_once());
        Ok(())
    }

    async fn dial_once(self: Arc<Self>) {
        let pool = Arc::downgrade(&self);
        let outcome = dial(&self.target, &self.config, move || forget_closed(&pool)).await;
        let mut dialling = self.dialling();
        dialling.under_way = false;
        match outcome {
            Ok(connection) => {
                *dialling = Dialling::default();
                self.live.rcu(|live| {
                    let open = live.iter().filter(|connection| !connection.is_closed());
                    open.cloned()
                        .chain([connection.clone()])
                        .collect::<Vec<_>>()
                });
            }
            Err(error) => {
                dialling.failures += 1;
                let pause = backoff::pause(&self.config, dialling.failures);
                dialling.retry_at = Some(Instant::now() + pause);
                dialling.last = Some(error);
            }
        }
        drop(dialling);
        self.dialled.send_modify(|count| *count += 1);
    }

    fn last_failure(&self) -> Option<TransportError> {
        self.dialling().last.clone()
    }

    fn dialling(&self) -> MutexGuard<'_, Dialling> {
        self.dialling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection ended: it must not be kept, or its sockets and streams are kept with it.
fn forget_closed(pool: &Weak<Pool>) {
    if let Some(pool) = pool.upgrade() {
        pool.live.rcu(|live| {
            let open = live.iter().filter(|connection| !connection.is_closed());
            open.cloned().collect::<Vec<_>>()
        });
    }
}

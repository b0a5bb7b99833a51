//! When a connection is told to go away, and when it is cut.
//!
//! States: open, then leaving (GOAWAY was sent, streams finish), then cut. Age and stop lead from open to
//! leaving; a stop also shortens a leaving that age began; the end of the grace, or the deny list at any time,
//! leads to cut.

use std::sync::Arc;
use std::time::Duration;

use preau_mesh_identity::{IdentityStore, SpiffeId};
use rand::Rng as _;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Host;
use crate::config::ListenerConfig;

/// What is to be done with the connection now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Its age is over: send GOAWAY.
    Age,
    /// The listener stops: send GOAWAY.
    Drain,
    /// Close it, whatever is in flight.
    Cut,
    /// Close it: the peer is denied.
    Deny,
}

pub(super) struct Lifetime {
    identities: Arc<IdentityStore>,
    denied: watch::Receiver<u64>,
    peer: Option<SpiffeId>,
    stop: CancellationToken,
    draining: bool,
    leaving: bool,
    deadline: Instant,
    age_grace: Duration,
    drain: Duration,
}

impl Lifetime {
    pub(super) fn new(host: &Host, peer: Option<SpiffeId>) -> Self {
        let mut denied = host.identities.denied_changes();
        // The peer may have been denied between its handshake and now.
        denied.mark_changed();
        Self {
            identities: host.identities.clone(),
            denied,
            peer,
            stop: host.stop.clone(),
            draining: false,
            leaving: false,
            deadline: Instant::now() + jittered_age(&host.config),
            age_grace: host.config.age_grace,
            drain: host.config.drain,
        }
    }

    /// Waits for the next change of state and says what follows from it.
    pub(super) async fn next(mut self) -> (Command, Self) {
        loop {
            tokio::select! {
                () = self.stop.cancelled(), if !self.draining => {
                    self.draining = true;
                    self.leaving = true;
                    self.deadline = Instant::now() + self.drain;
                    return (Command::Drain, self);
                }
                () = sleep_until(self.deadline) => {
                    if self.leaving {
                        return (Command::Cut, self);
                    }
                    self.leaving = true;
                    self.deadline = Instant::now() + self.age_grace;
                    return (Command::Age, self);
                }
                Ok(()) = self.denied.changed() => {
                    if self.peer.as_ref().is_some_and(|peer| self.identities.is_denied(peer)) {
                        return (Command::Deny, self);
                    }
                }
            }
        }
    }
}

fn jittered_age(config: &ListenerConfig) -> Duration {
    /// Nothing runs longer; it keeps a deadline computable whatever the configuration says.
    const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    let jitter = config.age_jitter.clamp(0.0, 1.0);
    config
        .max_age
        .min(LONGEST)
        .mul_f64(rand::rng().random_range(1.0 - jitter..=1.0 + jitter))
}

//! How often something may go wrong before it has to wait: a bucket of failures for each key.
//!
//! Successes cost nothing, so a whole school signing in from one address at eight is not slowed down; guesses are.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;

/// What a key is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Failures in a row before waiting begins; at least 1.
    pub burst: u32,
    /// How long until one more failure is allowed.
    pub every: Duration,
}

/// Failures by key, in memory: of this process alone, and gone when it ends.
///
/// A bucket is one time, the one at which it will be empty again (the generic cell rate algorithm), so a key costs its
/// own size and eight bytes. Keys whose bucket is empty are dropped when room is needed; among the others, whichever.
#[derive(Debug)]
pub struct Throttle<K> {
    allowance: Allowance,
    capacity: usize,
    empty_at: Mutex<HashMap<K, Timestamp>>,
}

impl<K: Eq + Hash + Clone> Throttle<K> {
    /// Remembers at most `capacity` keys.
    #[must_use]
    pub fn new(allowance: Allowance, capacity: usize) -> Self {
        Self {
            allowance,
            capacity: capacity.max(1),
            empty_at: Mutex::default(),
        }
    }

    /// Whether the key may try now.
    ///
    /// # Errors
    /// How long it has to wait.
    pub fn check(&self, key: &K, now: Timestamp) -> Result<(), Duration> {
        let until = self.lock().get(key).copied().unwrap_or(now);
        let wait = until.plus(self.allowance.every).since(now);
        match wait.saturating_sub(self.full()) {
            Duration::ZERO => Ok(()),
            wait => Err(wait),
        }
    }

    /// The key has failed: before the attempt is made, or attempts at the same moment pass together; see [`forgive`].
    ///
    /// [`forgive`]: Self::forgive
    pub fn failed(&self, key: &K, now: Timestamp) {
        let mut buckets = self.lock();
        if !buckets.contains_key(key) && buckets.len() >= self.capacity {
            make_room(&mut buckets, self.capacity, now);
        }
        let bucket = buckets.entry(key.clone()).or_insert(now);
        // Never past full: whoever hammers on waits no longer than whoever stops.
        let most = now.plus(self.full());
        *bucket = (*bucket).max(now).plus(self.allowance.every).min(most);
    }

    /// Takes one failure back: the attempt that was counted beforehand went well.
    pub fn forgive(&self, key: &K) {
        if let Some(bucket) = self.lock().get_mut(key) {
            let every = i64::try_from(self.allowance.every.as_micros()).unwrap_or(i64::MAX);
            bucket.0 = bucket.0.saturating_sub(every);
        }
    }

    fn full(&self) -> Duration {
        self.allowance.every * self.allowance.burst.max(1)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Timestamp>> {
        // Nothing in here panics half-way through a change.
        self.empty_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops the empty buckets and, if that is not enough, a sixteenth of the rest: so it happens once in many calls.
fn make_room<K: Eq + Hash + Clone>(
    buckets: &mut HashMap<K, Timestamp>,
    capacity: usize,
    now: Timestamp,
) {
    buckets.retain(|_, empty_at| *empty_at > now);
    let keep = (capacity - capacity / 16).min(capacity - 1);
    let surplus: Vec<K> = buckets.keys().skip(keep).cloned().collect();
    for key in surplus {
        buckets.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_700_000_000_000_000);
    const ALLOWANCE: Allowance = Allowance {
        burst: 3,
        every: Duration::from_secs(60),
    };

    fn at(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_burst_of_failures_passes_and_the_next_attempt_waits() {
        let throttle = Throttle::new(ALLOWANCE, 10);
        for _ in 0..3 {
            assert_eq!(throttle.check(&"key", START), Ok(()));
            throttle.failed(&"key", START);
        }
        assert_eq!(throttle.check(&"key", START), Err(Duration::from_secs(60)));
        assert_eq!(throttle.check(&"other", START), Ok(()));
        assert_eq!(throttle.check(&"key", at(59)), Err(Duration::from_secs(1)));
        assert_eq!(throttle.check(&"key", at(60)), Ok(()));
        throttle.failed(&"key", at(60));
        assert!(throttle.check(&"key", at(61)).is_err(), "one, not a burst");
    }

    #[test]
    fn hammering_makes_nobody_wait_longer() {
        let throttle = Throttle::new(ALLOWANCE, 10);
        for _ in 0..1000 {
            throttle.failed(&"key", START);
        }
        assert_eq!(throttle.check(&"key", at(60)), Ok(()));
    }

    #[test]
    fn what_went_well_is_not_counted() {
        let throttle = Throttle::new(ALLOWANCE, 10);
        for _ in 0..100 {
            assert_eq!(throttle.check(&"key", START), Ok(()));
            throttle.failed(&"key", START);
            throttle.forgive(&"key");
        }
    }

    #[test]
    fn memory_is_bounded_and_the_empty_go_first() {
        let throttle = Throttle::new(ALLOWANCE, 32);
        for key in 0..32 {
            throttle.failed(&key, START);
        }
        for key in 32..64 {
            throttle.failed(&key, at(3600));
        }
        assert_eq!(throttle.lock().len(), 32);
        assert!(throttle.lock().keys().all(|key| *key >= 32));
        throttle.failed(&64, at(3600));
        assert_eq!(throttle.lock().len(), 31);
    }
}

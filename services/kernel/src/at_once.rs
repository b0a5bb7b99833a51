//! How many of something whoever asks may have under way at once.
//!
//! For what costs memory while it is under way, such as a stream whose reader does not read: some megabytes wait for
//! it between here and the edge.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts by key, in memory: of this process alone. Clones share what they count.
#[derive(Clone, Debug)]
pub struct AtOnce<K> {
    most: u32,
    counts: Arc<Mutex<HashMap<K, u32>>>,
}

/// One of them under way. Dropped, it is over.
#[derive(Debug)]
pub struct UnderWay<K: Copy + Eq + Hash> {
    of: AtOnce<K>,
    key: K,
}

impl<K: Copy + Eq + Hash> AtOnce<K> {
    /// At most so many for each key.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self {
            most,
            counts: Arc::default(),
        }
    }

    /// One more of this key, unless it has as many as it may.
    #[must_use]
    pub fn begin(&self, key: K) -> Option<UnderWay<K>> {
        let mut counts = self.lock();
        let count = counts.entry(key).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(counts);
        let of = self.clone();
        Some(UnderWay { of, key })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, u32>> {
        // Nothing in here panics half-way through a change, so a poisoned map is a whole map.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> Drop for UnderWay<K> {
    fn drop(&mut self) {
        let mut counts = self.of.lock();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            // Keys come and go: only those with something under way are held.
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_forgotten_with_its_last_one_and_takes_no_others_place() {
        let counted = AtOnce::new(3);
        let mut held: Vec<UnderWay<u8>> = (0..3).map(|_| counted.begin(1).expect("room")).collect();
        assert!(counted.begin(1).is_none());
        held.push(counted.begin(2).expect("another key's"));
        held.remove(0);
        held.push(counted.begin(1).expect("one is over"));
        assert!(counted.begin(1).is_none());
        drop(held);
        assert!(counted.lock().is_empty());
    }
}

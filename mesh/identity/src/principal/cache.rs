//! Tokens that were verified, by hash. Bounded; split so that cores do not wait for one another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::SKEW;
use super::claims::Claims;

const SHARDS: usize = 16;
/// 16 × 1024 tokens, about a minute's worth of callers of one process.
pub(super) const SHARD_CAPACITY: usize = 1024;

type Hash = [u8; 32];

#[derive(Default)]
pub(super) struct Cache {
    shards: [Mutex<HashMap<Hash, Entry>>; SHARDS],
}

struct Entry {
    generation: u64,
    claims: Arc<Claims>,
}

impl Cache {
    pub(super) fn get(&self, hash: &Hash, generation: u64) -> Option<Arc<Claims>> {
        self.shard(hash)
            .get(hash)
            .filter(|entry| entry.generation == generation)
            .map(|entry| entry.claims.clone())
    }

    pub(super) fn put(&self, hash: Hash, generation: u64, claims: Arc<Claims>, now: u64) {
        let mut shard = self.shard(&hash);
        if shard.len() >= SHARD_CAPACITY {
            shard.retain(|_, entry| {
                entry.generation == generation && entry.claims.expires_at + SKEW >= now
            });
        }
        if shard.len() >= SHARD_CAPACITY {
            // Full of valid tokens: starting over costs one verification each, never memory.
            shard.clear();
        }
        shard.insert(hash, Entry { generation, claims });
    }

    fn shard(&self, hash: &Hash) -> MutexGuard<'_, HashMap<Hash, Entry>> {
        self.shards[usize::from(hash[0]) % SHARDS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len())
            .sum()
    }
}

//! How many connections each address has.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Clone, Default)]
pub(super) struct PeerCounts(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection's share; dropping it gives it back.
pub(super) struct Place {
    counts: PeerCounts,
    address: IpAddr,
}

impl PeerCounts {
    pub(super) fn enter(&self, address: IpAddr, limit: usize) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.get(&address).copied().unwrap_or(0) >= limit {
            return None;
        }
        *counts.entry(address).or_default() += 1;
        Some(Place {
            counts: self.clone(),
            address,
        })
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = counts.entry(self.address) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

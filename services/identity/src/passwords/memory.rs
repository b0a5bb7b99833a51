//! The memory hashes are computed in: one buffer per worker, made once and lent again and again.
//!
//! Left to the allocator, every blocking thread that ever hashed would keep its own 19 MiB.

use std::collections::TryReserveError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::Block;
use tokio::sync::OwnedSemaphorePermit;

/// The buffers. There are never more than permits, since only a permit borrows one.
pub(super) struct Memory {
    idle: Mutex<Vec<Vec<Block>>>,
    blocks: usize,
    made: AtomicUsize,
}

/// A permit and the buffer that goes with it; the buffer is wiped and given back on drop, before
/// the permit is.
pub(super) struct Workplace {
    buffer: Vec<Block>,
    memory: Arc<Memory>,
    // Dropped after the body of `drop`: whoever gets it next finds the buffer in its place.
    _permit: OwnedSemaphorePermit,
}

impl Memory {
    /// For hashes of `blocks` KiB.
    pub(super) fn new(blocks: usize) -> Memory {
        Memory {
            idle: Mutex::new(Vec::new()),
            blocks,
            made: AtomicUsize::new(0),
        }
    }

    /// How many buffers were ever made.
    pub(super) fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    /// Takes an idle buffer; makes one where this permit is the first of so many at once.
    pub(super) fn lend(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Workplace {
        let idle = self.idle().pop();
        let buffer = idle.unwrap_or_else(|| {
            self.made.fetch_add(1, Ordering::Relaxed);
            vec![Block::new(); self.blocks]
        });
        Workplace {
            buffer,
            memory: Arc::clone(self),
            _permit: permit,
        }
    }

    // Nothing that holds the lock can panic half-way: what is there is whole.
    fn idle(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
impl Memory {
    /// Capacities, in blocks, of the buffers that nobody has.
    pub(super) fn idle_sizes(&self) -> Vec<usize> {
        self.idle().iter().map(Vec::capacity).collect()
    }
}

impl Workplace {
    /// Exactly `count` blocks: Argon2 would fold surplus ones into the hash. More than usual, for
    /// a hash stored when hashes cost more, are had until the end of this job.
    pub(super) fn blocks(&mut self, count: usize) -> Result<&mut [Block], TryReserveError> {
        let missing = count.saturating_sub(self.buffer.len());
        if missing > 0 {
            self.buffer.try_reserve_exact(missing)?;
            self.buffer.resize(count, Block::new());
        }
        Ok(&mut self.buffer[..count])
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.fill(Block::new());
        buffer.truncate(self.memory.blocks);
        buffer.shrink_to(self.memory.blocks);
        self.memory.idle().push(buffer);
    }
}

//! Memory for records, used again and again: faulting in fresh pages for every part would cost more than sealing it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use preau_storage_seal::Layout;

/// Buffers kept for later, each as long as the longest record: 32 MiB at most.
const KEPT: usize = 16;
/// Records of shorter plaintexts get memory of their own.
const WORTHWHILE: usize = 64 << 10;
/// The longest plaintext of a part.
const LONGEST: u64 = 2 << 20;

/// The buffers that are not in use. Hold ciphertext only.
#[derive(Default)]
pub(crate) struct Buffers {
    free: Mutex<Vec<Vec<u8>>>,
}

/// A buffer that returns when dropped.
pub(crate) struct Buffer {
    memory: Vec<u8>,
    length: usize,
    home: Arc<Buffers>,
}

impl Buffers {
    /// A buffer of so many bytes, whatever they are.
    pub(crate) fn take(self: &Arc<Buffers>, length: usize) -> Buffer {
        let longest = Layout::of(LONGEST).map_or(0, |layout| layout.record_len() as usize);
        let memory = if length < WORTHWHILE || length > longest {
            vec![0; length]
        } else {
            let used = self
                .free
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            used.unwrap_or_else(|| vec![0; longest])
        };
        Buffer {
            memory,
            length,
            home: self.clone(),
        }
    }
}

impl Buffer {
    /// The bytes, without copying; the buffer returns with the last handle to them.
    pub(crate) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.memory[..self.length]
    }
}

impl AsMut<[u8]> for Buffer {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.memory[..self.length]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        let longest = Layout::of(LONGEST).map(|layout| layout.record_len());
        let mut free = self
            .home
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if Some(memory.len() as u64) == longest && free.len() < KEPT {
            free.push(memory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_returns_with_its_last_handle_and_is_used_again() {
        let buffers = Arc::new(Buffers::default());
        let bytes = buffers.take(100_000).freeze();
        let (address, copy) = (bytes.as_ptr(), bytes.clone());
        drop(bytes);
        assert_ne!(
            buffers.take(100_000).as_ref().as_ptr(),
            address,
            "still in use"
        );
        drop(copy);
        assert!((0..2).any(|_| buffers.take(2 << 20).as_ref().as_ptr() == address));
    }

    #[test]
    fn only_so_many_are_kept_and_small_ones_never() {
        let buffers = Arc::new(Buffers::default());
        drop(
            (0..2 * KEPT)
                .map(|_| buffers.take(1 << 20))
                .collect::<Vec<_>>(),
        );
        drop(buffers.take(10));
        let free = buffers.free.lock().expect("nobody panicked");
        assert_eq!(free.len(), KEPT);
    }
}

//! Joining the parts' BLAKE3 subtrees into the hash of the whole file, the one `b3sum` prints.
//!
//! A part's size is a power of two times BLAKE3's 1024-byte chunk, so every part but the last is a complete subtree of the
//! file's tree, and the tree above the parts is BLAKE3's own: each left subtree is the largest power of two that leaves
//! something on the right.

use blake3::Hasher;
use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root,
};

/// The chaining value of part `index`. A file's only part is its whole tree: then this is the file's hash itself.
pub(crate) fn subtree(index: u32, part_size: u32, part_count: u32, data: &[u8]) -> ChainingValue {
    if part_count == 1 {
        return *blake3::hash(data).as_bytes();
    }
    let mut hasher = Hasher::new();
    hasher.set_input_offset(u64::from(index) * u64::from(part_size));
    hasher.update(data).finalize_non_root()
}

/// Takes the parts' chaining values in order; remembers one per level of the tree.
#[derive(Default)]
pub(crate) struct Joiner {
    stack: Vec<ChainingValue>,
    count: u64,
}

impl Joiner {
    pub(crate) fn push(&mut self, value: ChainingValue) {
        // Complete subtrees are joined only when something follows on their right, since what joins last is the root.
        while self.stack.len() > self.count.count_ones() as usize {
            self.join_last();
        }
        self.stack.push(value);
        self.count += 1;
    }

    pub(crate) fn finish(mut self) -> [u8; 32] {
        while self.stack.len() > 2 {
            self.join_last();
        }
        match self.stack.as_slice() {
            [] => *blake3::hash(&[]).as_bytes(),
            [only] => *only,
            [left, right, ..] => *merge_subtrees_root(left, right, Mode::Hash).as_bytes(),
        }
    }

    fn join_last(&mut self) {
        if let (Some(right), Some(left)) = (self.stack.pop(), self.stack.pop()) {
            self.stack
                .push(merge_subtrees_non_root(&left, &right, Mode::Hash));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(data: &[u8], part_size: u32) -> [u8; 32] {
        let parts: Vec<&[u8]> = data.chunks(part_size as usize).collect();
        let mut joiner = Joiner::default();
        for (index, part) in parts.iter().enumerate() {
            joiner.push(subtree(index as u32, part_size, parts.len() as u32, part));
        }
        joiner.finish()
    }

    #[test]
    fn parts_join_to_the_hash_of_the_whole_at_every_size() {
        let data: Vec<u8> = (0..70_000_u32).map(|n| (n % 251) as u8).collect();
        for part_size in [1024_u32, 2048, 4096, 16_384] {
            let step = part_size as usize;
            let around = |n: usize| [n * step, n * step + 1, (n + 1) * step - 1];
            let boundaries = (0..=40).flat_map(around).filter(|size| *size <= data.len());
            for size in (0..2500).step_by(97).chain(boundaries) {
                let expected = *blake3::hash(&data[..size]).as_bytes();
                assert_eq!(
                    joined(&data[..size], part_size),
                    expected,
                    "{size} in parts of {part_size}"
                );
            }
        }
    }

    #[test]
    fn parts_of_the_real_size_join_to_the_hash_of_the_whole() {
        let data: Vec<u8> = (0..(7 << 20) + 3_u32).map(|n| (n >> 3) as u8).collect();
        for size in [
            0,
            1,
            1024,
            1025,
            (2 << 20) - 1,
            2 << 20,
            (2 << 20) + 1,
            4 << 20,
            (6 << 20) + 1024,
            data.len(),
        ] {
            let expected = *blake3::hash(&data[..size]).as_bytes();
            assert_eq!(joined(&data[..size], 2 << 20), expected, "{size}");
        }
    }
}

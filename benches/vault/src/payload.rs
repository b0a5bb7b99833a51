//! Bytes to move: unique, so that nothing is stored once that was sent twice, and hashed before the clock runs,
//! because hashing is the client's work and both sides of the comparison would pay it alike.

use bytes::Bytes;

/// Bytes of a part.
pub const PART: usize = 2 << 20;

/// One part and its SHA-256.
#[derive(Clone)]
pub struct Part {
    /// The bytes.
    pub data: Bytes,
    /// Their SHA-256.
    pub sha256: Vec<u8>,
}

/// `count` parts that differ from each other and from those of every other `seed`.
#[must_use]
pub fn parts(seed: u64, count: u32) -> Vec<Part> {
    let noise: Vec<u8> = (0..PART as u64)
        .map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8)
        .collect();
    (0..count)
        .map(|index| {
            let mut data = noise.clone();
            data[..8].copy_from_slice(&seed.to_le_bytes());
            data[8..12].copy_from_slice(&index.to_le_bytes());
            let sha256 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &data)
                .as_ref()
                .to_vec();
            Part {
                data: data.into(),
                sha256,
            }
        })
        .collect()
}

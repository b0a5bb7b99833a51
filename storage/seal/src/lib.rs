//! Sealed records: how a part of a file looks where it is stored. Keys, format, commitment; no I/O.
//!
//! Three types to know: [`Kek`] (the operator's key, which only wraps), [`TenantKeys`] (what one tenant's records are sealed
//! under) and [`Layout`] (which bytes of a record hold which bytes of plaintext). [`seal`] makes a record, [`Opener`] reads it.
//! What this crate must not know: files, databases, sites, people.
//!
//! # Keys
//! ```text
//! KEK (32 bytes, file)
//!  └─ wraps ─ tenant key (32 random bytes; only its wrapped form is stored)
//!              ├─ derive ─ chunk root
//!              │            └─ derive with the chunk's salt ─ record key ‖ commitment
//!              └─ derive ─ identity key: chunk ids, for telling equal parts of one tenant apart from others
//! ```
//! The salt (32 random bytes) lives only in the database: destroying it destroys every copy of the record, wherever it lies.
//!
//! Derivation is BLAKE3's `derive_key` mode with one context string per purpose, as BLAKE3 is in the tree anyway, the mode is
//! made for this (contexts are hard-coded and globally unique, inputs are of fixed length), and one call yields key and
//! commitment together. HKDF-SHA-256 would serve as well; the suite byte leaves room for it.
//!
//! # The record, version 1
//! Integers are big-endian. `L` is the plaintext's length; a segment holds 65,536 bytes of it, the last one what remains
//! (an empty plaintext has one empty segment).
//!
//! | offset | bytes | content |
//! |---|---|---|
//! | 0 | 4 | magic `PRSR` |
//! | 4 | 1 | version, 1 |
//! | 5 | 1 | suite, 1: AES-256-GCM under BLAKE3-derived keys |
//! | 6 | 1 | base-two logarithm of the segment size, 16 |
//! | 7 | 1 | zero |
//! | 8 | 8 | `L` |
//! | 16 | 32 | key commitment |
//! | 48 + 65,552 i | n + 16 | segment i: n bytes of ciphertext, then its tag of 16 bytes |
//!
//! * Record key ‖ commitment: the first 64 bytes of `derive_key("preau 2026-11 storage record key and commitment v1",
//!   chunk root ‖ salt)`. GCM alone commits to no key: without the commitment one record could open under two keys.
//! * Nonce of segment i: seven zero bytes ‖ i (4 bytes) ‖ 1 for the last segment, else 0 (the STREAM construction: no segment
//!   can be dropped, repeated or moved). A key seals one record only, so nonces need no randomness.
//! * Associated data of every segment: the 48 bytes of the header ‖ the tenant's name in UTF-8. The header's fixed size makes
//!   that unambiguous, and it holds `L`, so neither tenant nor length can be changed.
//! * A record's length follows from `L` alone; any other length is refused.
//!
//! # The wrapped tenant key, version 1
//!
//! | offset | bytes | content |
//! |---|---|---|
//! | 0 | 4 | magic `PRTK` |
//! | 4 | 1 | version, 1 |
//! | 5 | 1 | suite, 1 |
//! | 6 | 2 | zero |
//! | 8 | 32 | salt, random |
//! | 40 | 32 | key commitment |
//! | 72 | 48 | the tenant key's ciphertext and tag |
//!
//! Wrapping key ‖ commitment: the first 64 bytes of `derive_key("preau 2026-11 storage tenant key wrapping v1", KEK ‖ salt)`;
//! nonce zero; associated data: the first 72 bytes ‖ the tenant's name.
//!
//! Both formats are pinned by `tests/golden/`, whose files are never edited: a later version is a new reader beside this one.

mod error;
mod kek;
mod layout;
mod open;
mod record;
mod tenant;

pub use error::{KeyError, OpenError};
pub use kek::Kek;
pub use layout::{HEADER_LEN, Layout, MAX_PLAINTEXT, SEGMENT_LEN, Span, TAG_LEN};
pub use open::{Opener, open};
pub use record::{seal, seal_into};
pub use tenant::{ChunkId, TenantKeys, WRAPPED_LEN};

/// 32 random bytes from the operating system's generator: a salt, a key.
///
/// # Errors
/// [`KeyError::NoRandomness`] if the system gives none.
pub fn random_bytes() -> Result<[u8; 32], KeyError> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(bytes)
}

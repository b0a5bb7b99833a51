//! Sealing, and what sealing and opening share.

use aws_lc_rs::aead::{Aad, Nonce};

use crate::TenantKeys;
use crate::layout::{HEADER_LEN, Layout, SEGMENT_LEN, SEGMENT_LOG2, TAG_LEN};

pub(crate) const MAGIC: [u8; 4] = *b"PRSR";
pub(crate) const VERSION: u8 = 1;
pub(crate) const SUITE: u8 = 1;
pub(crate) const LENGTH_AT: usize = 8;
pub(crate) const COMMITMENT_AT: usize = 16;

/// Seals a plaintext into a record. Deterministic: `salt` is fresh [`random_bytes`](crate::random_bytes) for every record,
/// since using one again with other bytes would repeat nonces.
///
/// # Panics
/// If the plaintext is longer than [`MAX_PLAINTEXT`](crate::MAX_PLAINTEXT), 256 TiB, which no memory holds.
#[must_use]
pub fn seal(keys: &TenantKeys, tenant: &str, salt: &[u8; 32], plaintext: &[u8]) -> Vec<u8> {
    let layout = Layout::of(plaintext.len() as u64).expect("no memory holds more than the limit");
    let mut record = vec![0; layout.record_len() as usize];
    seal_into(keys, tenant, salt, plaintext, &mut record);
    record
}

/// Like [`seal`], into a buffer that the caller has, such as one used before: fresh memory costs more than encryption.
///
/// Encrypts straight from `plaintext` into the record, in one pass.
///
/// # Panics
/// If `record` is not exactly as long as [`Layout::record_len`] says.
pub fn seal_into(
    keys: &TenantKeys,
    tenant: &str,
    salt: &[u8; 32],
    plaintext: &[u8],
    record: &mut [u8],
) {
    let layout = Layout::of(plaintext.len() as u64)
        .filter(|layout| layout.record_len() == record.len() as u64)
        .expect("the buffer is as long as the record");
    let derived = keys.record(salt);
    let cipher = derived.cipher();
    let (head, mut rest) = record.split_at_mut(HEADER_LEN);
    head.copy_from_slice(&header(layout, derived.commitment()));
    let associated = associated(head, tenant);
    for segment in 0..=(layout.segments() - 1) as u32 {
        let start = segment as usize * SEGMENT_LEN;
        let body = &plaintext[start..plaintext.len().min(start + SEGMENT_LEN)];
        let (ciphertext, after) = rest.split_at_mut(body.len());
        let (tag, after) = after.split_at_mut(TAG_LEN);
        rest = after;
        let nonce = nonce(segment, layout.is_last(segment));
        let aad = Aad::from(associated.as_slice());
        cipher
            .seal_out_of_place_scatter(nonce, aad, body, ciphertext, &[], tag)
            .expect("the buffers are of the right lengths");
    }
}

pub(crate) fn header(layout: Layout, commitment: &[u8]) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    header[..4].copy_from_slice(&MAGIC);
    header[4] = VERSION;
    header[5] = SUITE;
    header[6] = SEGMENT_LOG2;
    header[LENGTH_AT..COMMITMENT_AT].copy_from_slice(&layout.plaintext_len().to_be_bytes());
    header[COMMITMENT_AT..].copy_from_slice(commitment);
    header
}

pub(crate) fn associated(header: &[u8], tenant: &str) -> Vec<u8> {
    [header, tenant.as_bytes()].concat()
}

pub(crate) fn nonce(segment: u32, last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[7..11].copy_from_slice(&segment.to_be_bytes());
    nonce[11] = u8::from(last);
    Nonce::assume_unique_for_key(nonce)
}

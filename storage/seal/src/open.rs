//! Opening: the whole record, or only the segments that a range needs.

use std::fmt;

use aws_lc_rs::aead::{Aad, LessSafeKey};

use crate::layout::{HEADER_LEN, Layout, SEGMENT_LEN, SEGMENT_LOG2, Span, TAG_LEN};
use crate::record::{COMMITMENT_AT, LENGTH_AT, MAGIC, SUITE, VERSION, associated, header, nonce};
use crate::{OpenError, TenantKeys};

/// Opens segments of one record whose header has been checked: format, length, key commitment.
pub struct Opener {
    layout: Layout,
    cipher: LessSafeKey,
    associated: Vec<u8>,
}

/// Opens a whole record of a plaintext that the caller knows to be `length` bytes long.
///
/// # Errors
/// [`OpenError`]; then no byte of the plaintext is given out.
pub fn open(
    keys: &TenantKeys,
    tenant: &str,
    salt: &[u8; 32],
    length: u64,
    record: &[u8],
) -> Result<Vec<u8>, OpenError> {
    let (head, body) = record
        .split_at_checked(HEADER_LEN)
        .ok_or(OpenError::Malformed)?;
    let opener = Opener::new(keys, tenant, salt, length, head)?;
    opener.open(&opener.layout.whole(), body)
}

impl Opener {
    /// Checks a record's first [`HEADER_LEN`] bytes against what the database knows: the plaintext's `length` and the salt.
    ///
    /// # Errors
    /// All of [`OpenError`] but [`OpenError::Forged`].
    pub fn new(
        keys: &TenantKeys,
        tenant: &str,
        salt: &[u8; 32],
        length: u64,
        head: &[u8],
    ) -> Result<Opener, OpenError> {
        check_format(head)?;
        let found = read_length(head);
        let layout =
            Layout::of(length)
                .filter(|_| found == length)
                .ok_or(OpenError::WrongLength {
                    expected: length,
                    found,
                })?;
        let derived = keys.record(salt);
        if !derived.commits_to(&head[COMMITMENT_AT..]) {
            return Err(OpenError::WrongKey);
        }
        Ok(Opener {
            layout,
            cipher: derived.cipher(),
            associated: associated(&header(layout, derived.commitment()), tenant),
        })
    }

    /// Authenticates and decrypts the segments of a span, `bytes` being exactly `span.record` of the record, and returns
    /// exactly `span.plaintext`. Decrypts straight into the result: one pass, one allocation.
    ///
    /// # Errors
    /// [`OpenError::WrongLength`] or [`OpenError::Forged`]; then no byte is given out, not even of segments before the bad one.
    pub fn open(&self, span: &Span, bytes: &[u8]) -> Result<Vec<u8>, OpenError> {
        let expected = span.record.end - span.record.start;
        let found = bytes.len() as u64;
        if expected != found {
            return Err(OpenError::WrongLength { expected, found });
        }
        let segments = bytes.len().div_ceil(SEGMENT_LEN + TAG_LEN);
        let mut plaintext = vec![0; bytes.len() - segments * TAG_LEN];
        let mut segment = span.first;
        let outputs = chunks(&mut plaintext);
        for (sealed, output) in bytes.chunks(SEGMENT_LEN + TAG_LEN).zip(outputs) {
            let (ciphertext, tag) = sealed.split_at(output.len());
            let nonce = nonce(segment, self.layout.is_last(segment));
            let aad = Aad::from(self.associated.as_slice());
            self.cipher
                .open_separate_gather(nonce, aad, ciphertext, tag, output)
                .map_err(|_| OpenError::Forged { segment })?;
            segment = segment.wrapping_add(1);
        }
        trim(&mut plaintext, span);
        Ok(plaintext)
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener")
            .field("layout", &self.layout)
            .finish_non_exhaustive()
    }
}

/// The pieces that segments decrypt into. The one segment of an empty plaintext has an empty piece, which `chunks_mut` of an
/// empty slice would not yield.
fn chunks(plaintext: &mut [u8]) -> Box<dyn Iterator<Item = &mut [u8]> + '_> {
    if plaintext.is_empty() {
        Box::new(std::iter::once(plaintext))
    } else {
        Box::new(plaintext.chunks_mut(SEGMENT_LEN))
    }
}

/// Cuts whole segments down to what was asked for.
fn trim(plaintext: &mut Vec<u8>, span: &Span) {
    let skipped = (span.plaintext.start - u64::from(span.first) * SEGMENT_LEN as u64) as usize;
    plaintext.truncate(skipped + (span.plaintext.end - span.plaintext.start) as usize);
    if skipped > 0 {
        plaintext.drain(..skipped);
    }
}

fn check_format(head: &[u8]) -> Result<(), OpenError> {
    if head.len() != HEADER_LEN || head[..4] != MAGIC {
        return Err(OpenError::Malformed);
    }
    if head[4..6] != [VERSION, SUITE] {
        let (version, suite) = (head[4], head[5]);
        return Err(OpenError::Unsupported { version, suite });
    }
    if head[6..LENGTH_AT] != [SEGMENT_LOG2, 0] {
        return Err(OpenError::Malformed);
    }
    Ok(())
}

fn read_length(head: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&head[LENGTH_AT..COMMITMENT_AT]);
    u64::from_be_bytes(bytes)
}

//! What a publisher signs and a device verifies: the same code on both sides.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};

/// What is signed begins with it, so that no signature for anything else is one for a release.
const CONTEXT: &[u8] = b"preau-release-v1\0";
/// Bytes read at once.
const BLOCK: usize = 256 * 1024;

/// The bytes that are signed for a serialised manifest.
#[must_use]
pub fn signed(manifest: &[u8]) -> Vec<u8> {
    [CONTEXT, manifest].concat()
}

/// What a manifest says of a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: [u8; 32],
    /// Plain BLAKE3.
    pub blake3: [u8; 32],
}

/// Reads a file once, whole. Blocks.
///
/// # Errors
/// A file that cannot be read.
pub fn digests(path: &Path) -> io::Result<Digests> {
    let mut file = File::open(path)?;
    let (mut sha256, mut blake3) = (Context::new(&SHA256), blake3::Hasher::new());
    let (mut block, mut size) = (vec![0; BLOCK], 0);
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            break;
        }
        sha256.update(&block[..read]);
        blake3.update(&block[..read]);
        size += read as u64;
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(sha256.finish().as_ref());
    Ok(Digests {
        size,
        sha256: digest,
        blake3: *blake3.finalize().as_bytes(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_every_tool() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("file");
        std::fs::write(&path, b"abc").expect("written");
        let found = digests(&path).expect("read");
        assert_eq!(found.size, 3);
        // FIPS 180-2, appendix B.1; the BLAKE3 of `b3sum`.
        assert_eq!(
            hex::encode(found.sha256),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hex::encode(found.blake3),
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
        );
    }
}

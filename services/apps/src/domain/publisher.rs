use std::fmt;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use preau_kernel::clock::Timestamp;

use super::Line;

/// What a publisher signs begins with this, so that a signature made for anything else is none of a release.
const DOMAIN: &[u8] = b"preau-release-v1\0";

/// Publishers at most: a signature is tried against every one.
pub(crate) const MAX_PUBLISHERS: u32 = 200;

/// Somebody whose signature on a release counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Publisher {
    pub(crate) key: PublicKey,
    pub(crate) name: Line,
    pub(crate) added_at: Timestamp,
}

/// An Ed25519 key with which nobody but its holder can sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey([u8; 32]);

/// BLAKE3 of a key, its first 16 bytes in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyId(String);

/// Why bytes are no key of a publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidKey {
    #[error("{bytes} bytes long: an Ed25519 public key has 32")]
    Length { bytes: usize },
    #[error("a point of small order: anybody can sign for it: make a key with a tool for Ed25519")]
    SmallOrder,
}

/// The encodings of the points of order 1, 2, 4 and 8, without the sign bit. Verification as of RFC 8032 accepts
/// signatures for them that anybody can make.
const SMALL_ORDER: [[u8; 32]; 7] = [
    encoded(0x00, 0x00, 0x00),
    encoded(0x01, 0x00, 0x00),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    encoded(0xec, 0xff, 0x7f),
    encoded(0xed, 0xff, 0x7f),
    encoded(0xee, 0xff, 0x7f),
];

const fn encoded(first: u8, between: u8, last: u8) -> [u8; 32] {
    let mut bytes = [between; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

impl PublicKey {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, InvalidKey> {
        let key = bytes
            .try_into()
            .map_err(|_| InvalidKey::Length { bytes: bytes.len() })?;
        let mut unsigned: [u8; 32] = key;
        unsigned[31] &= 0x7f;
        if SMALL_ORDER.contains(&unsigned) {
            return Err(InvalidKey::SmallOrder);
        }
        Ok(Self(key))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn id(&self) -> KeyId {
        let hash = blake3::hash(&self.0);
        KeyId(hex::encode(&hash.as_bytes()[..16]))
    }

    /// Whether its holder signed this manifest.
    pub(crate) fn signed(&self, manifest: &[u8], signature: &[u8; 64]) -> bool {
        let message = [DOMAIN, manifest].concat();
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        key.verify(&message, signature).is_ok()
    }
}

impl KeyId {
    /// As it was stored.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    fn pair() -> (Ed25519KeyPair, PublicKey) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed");
        let key = PublicKey::parse(pair.public_key().as_ref()).expect("a key");
        (pair, key)
    }

    #[test]
    fn only_the_holder_signs_and_only_this_manifest_for_this_purpose() {
        let (pair, key) = pair();
        let sign = |message: &[u8]| -> [u8; 64] {
            let signature = pair.sign(message);
            signature.as_ref().try_into().expect("64 bytes")
        };
        let signature = sign(b"preau-release-v1\0manifest");
        assert!(key.signed(b"manifest", &signature));
        assert!(!key.signed(b"manifesto", &signature));
        assert!(!key.signed(b"manifest", &sign(b"manifest")));
        let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).expect("a seed");
        let other = PublicKey::parse(other.public_key().as_ref()).expect("a key");
        assert!(!other.signed(b"manifest", &signature));
    }

    #[test]
    fn a_key_for_which_anybody_can_sign_is_none() {
        // The neutral element A = O: S·B = R + k·A holds for R = O and S = 0, whatever is signed.
        let neutral = PublicKey(encoded(1, 0, 0));
        let mut forged = [0; 64];
        forged[0] = 1;
        assert!(neutral.signed(b"anything", &forged));

        for mut bytes in SMALL_ORDER {
            for sign in [0, 0x80] {
                bytes[31] |= sign;
                assert_eq!(PublicKey::parse(&bytes), Err(InvalidKey::SmallOrder));
            }
        }
        let short = InvalidKey::Length { bytes: 31 };
        assert_eq!(PublicKey::parse(&[9; 31]), Err(short));
    }

    #[test]
    fn a_keys_id_is_the_beginning_of_its_hash() {
        let (_, key) = pair();
        let hash = blake3::hash(key.bytes()).to_hex();
        assert_eq!(key.id().as_str(), &hash[..32]);
    }
}

//! A tenant's keys, and the form in which they are stored.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::layout::TAG_LEN;
use crate::{Kek, KeyError};

/// Length of a wrapped tenant key.
pub const WRAPPED_LEN: usize = SEALED_AT + 32 + TAG_LEN;

const MAGIC: [u8; 4] = *b"PRTK";
const VERSION: u8 = 1;
const SUITE: u8 = 1;
const SALT_AT: usize = 8;
const COMMITMENT_AT: usize = 40;
const SEALED_AT: usize = 72;

const WRAPPING: &str = "preau 2026-11 storage tenant key wrapping v1";
const CHUNK_ROOT: &str = "preau 2026-11 storage chunk root v1";
const CHUNK_IDENTITY: &str = "preau 2026-11 storage chunk identity v1";
const RECORD: &str = "preau 2026-11 storage record key and commitment v1";

/// What one tenant's records are sealed under. Wiped from memory when dropped.
pub struct TenantKeys {
    chunk_root: Zeroizing<[u8; 32]>,
    identity: Zeroizing<[u8; 32]>,
}

/// Tells a tenant's equal chunks from its different ones. Means nothing to anybody without the tenant's key, and is never
/// shown outside the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChunkId(pub [u8; 32]);

impl TenantKeys {
    /// Makes a new tenant key and returns its wrapped form, the only one that is ever stored. `key` and `salt` are fresh
    /// [`random_bytes`](crate::random_bytes) each.
    #[must_use]
    pub fn wrap(kek: &Kek, tenant: &str, key: [u8; 32], salt: &[u8; 32]) -> [u8; WRAPPED_LEN] {
        let key = Zeroizing::new(key);
        let derived = Derived::new(WRAPPING, kek.bytes(), salt);
        let mut blob = [0; WRAPPED_LEN];
        blob[..4].copy_from_slice(&MAGIC);
        blob[4] = VERSION;
        blob[5] = SUITE;
        blob[SALT_AT..COMMITMENT_AT].copy_from_slice(salt);
        blob[COMMITMENT_AT..SEALED_AT].copy_from_slice(derived.commitment());
        let (head, sealed) = blob.split_at_mut(SEALED_AT);
        let (body, tag) = sealed.split_at_mut(32);
        derived
            .cipher()
            .seal_out_of_place_scatter(
                zero_nonce(),
                associated(head, tenant),
                &*key,
                body,
                &[],
                tag,
            )
            .expect("the buffers are of the right lengths");
        blob
    }

    /// Opens a wrapped tenant key.
    ///
    /// # Errors
    /// [`KeyError::WrongKek`] under another KEK or for another tenant, else what is wrong with the blob.
    pub fn unwrap(kek: &Kek, tenant: &str, blob: &[u8]) -> Result<TenantKeys, KeyError> {
        let blob: &[u8; WRAPPED_LEN] = blob.try_into().map_err(|_| KeyError::Malformed)?;
        if blob[..4] != MAGIC || blob[6..8] != [0, 0] {
            return Err(KeyError::Malformed);
        }
        if blob[4..6] != [VERSION, SUITE] {
            let (version, suite) = (blob[4], blob[5]);
            return Err(KeyError::Unsupported { version, suite });
        }
        let (head, sealed) = blob.split_at(SEALED_AT);
        let mut salt = [0; 32];
        salt.copy_from_slice(&head[SALT_AT..COMMITMENT_AT]);
        let derived = Derived::new(WRAPPING, kek.bytes(), &salt);
        if !derived.commits_to(&head[COMMITMENT_AT..]) {
            return Err(KeyError::WrongKek);
        }
        let (body, tag) = sealed.split_at(32);
        let mut key = Zeroizing::new([0; 32]);
        derived
            .cipher()
            .open_separate_gather(
                zero_nonce(),
                associated(head, tenant),
                body,
                tag,
                key.as_mut_slice(),
            )
            .map_err(|_| KeyError::WrongKek)?;
        Ok(TenantKeys::from_key(&key))
    }

    fn from_key(key: &[u8; 32]) -> TenantKeys {
        let derive = |context| Zeroizing::new(blake3::derive_key(context, key));
        TenantKeys {
            chunk_root: derive(CHUNK_ROOT),
            identity: derive(CHUNK_IDENTITY),
        }
    }

    /// The identity of a chunk, from the SHA-256 of its plaintext and its length.
    ///
    /// Keyed BLAKE3 of the digest rather than of the bytes: the digest is computed anyway, stands for the bytes as well, and
    /// this saves a pass over every part.
    #[must_use]
    pub fn chunk_id(&self, sha256: &[u8; 32], length: u64) -> ChunkId {
        let mut hasher = blake3::Hasher::new_keyed(&self.identity);
        hasher.update(sha256).update(&length.to_be_bytes());
        ChunkId(*hasher.finalize().as_bytes())
    }

    pub(crate) fn record(&self, salt: &[u8; 32]) -> Derived {
        Derived::new(RECORD, &self.chunk_root, salt)
    }
}

impl fmt::Debug for TenantKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TenantKeys(secret)")
    }
}

/// A key for one use, and the commitment to it.
pub(crate) struct Derived(Zeroizing<[u8; 64]>);

impl Derived {
    fn new(context: &str, secret: &[u8; 32], salt: &[u8; 32]) -> Derived {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        hasher.update(secret).update(salt);
        let mut output = Zeroizing::new([0; 64]);
        hasher.finalize_xof().fill(output.as_mut_slice());
        Derived(output)
    }

    pub(crate) fn commitment(&self) -> &[u8] {
        &self.0[32..]
    }

    /// In constant time, for the commitment is derived from the secret.
    pub(crate) fn commits_to(&self, commitment: &[u8]) -> bool {
        self.commitment().ct_eq(commitment).into()
    }

    pub(crate) fn cipher(&self) -> LessSafeKey {
        let key = UnboundKey::new(&AES_256_GCM, &self.0[..32]).expect("the key has 32 bytes");
        LessSafeKey::new(key)
    }
}

/// Right only because the key is derived from a fresh salt and used once.
fn zero_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

fn associated(head: &[u8], tenant: &str) -> Aad<Vec<u8>> {
    Aad::from([head, tenant.as_bytes()].concat())
}

//! A workload's certificate together with its private key.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::sign::CertifiedKey;
use rustls_pki_types::CertificateDer;

use crate::error::IdentityError;
use crate::id::SpiffeId;
use crate::key::WorkloadKey;
use crate::leaf::{self, Leaf, SvidError};
use crate::{pem, secret_file};

/// The file within an identity's directory; key and chain in one, so that they can never be torn apart.
const FILE: &str = "svid.pem";

/// A checked certificate chain and the key it certifies.
pub struct Svid {
    leaf: Leaf,
    key: WorkloadKey,
    certified: Arc<CertifiedKey>,
}

impl Svid {
    /// Joins a key and the chain issued for it (leaf first). Checks the workload certificate rules and that the
    /// two belong together; trust and validity are the verifier's business, with its own clock.
    pub fn new(
        key: WorkloadKey,
        chain: Vec<CertificateDer<'static>>,
    ) -> Result<Self, IdentityError> {
        let leaf = leaf::check(chain.first().ok_or(SvidError::Absent)?)?;
        let certified = CertifiedKey::new(chain, key.handshake_signer()?);
        if certified.keys_match().is_err() {
            return Err(IdentityError::KeyMismatch { id: leaf.id });
        }
        Ok(Self {
            leaf,
            key,
            certified: Arc::new(certified),
        })
    }

    /// Who this is.
    pub fn id(&self) -> &SpiffeId {
        &self.leaf.id
    }

    /// The certificates, leaf first.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.certified.cert
    }

    /// From when it is valid.
    pub fn not_before(&self) -> SystemTime {
        system_time(self.leaf.not_before)
    }

    /// Until when it is valid.
    pub fn not_after(&self) -> SystemTime {
        system_time(self.leaf.not_after)
    }

    /// The pair as rustls presents it.
    pub fn certified_key(&self) -> Arc<CertifiedKey> {
        self.certified.clone()
    }

    /// Keeps key and chain in `directory` (which must exist), readable by the owner alone; returns the file.
    pub fn save(&self, directory: &Path) -> Result<PathBuf, IdentityError> {
        let path = directory.join(FILE);
        let text = pem::encode(&self.key, self.chain());
        secret_file::write(&path, text.as_bytes())?;
        Ok(path)
    }

    /// Reads what [`save`](Self::save) kept, or `None` when nothing was. It may be expired.
    pub fn load(directory: &Path) -> Result<Option<Self>, IdentityError> {
        let path = directory.join(FILE);
        let Some(text) = secret_file::read(&path)? else {
            return Ok(None);
        };
        let (key, chain) =
            pem::decode(&text).map_err(|reason| IdentityError::Damaged { path, reason })?;
        Self::new(key, chain).map(Some)
    }
}

impl fmt::Debug for Svid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Svid")
            .field("id", &self.leaf.id)
            .field("not_after", &self.leaf.not_after)
            .finish_non_exhaustive()
    }
}

fn system_time(seconds: i64) -> SystemTime {
    u64::try_from(seconds).map_or(UNIX_EPOCH, |seconds| {
        UNIX_EPOCH + Duration::from_secs(seconds)
    })
}

//! Keys and certificates beside the journal: a key has a file of its own, named after it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use preau_kernel::clock::Timestamp;
use preau_proto::devices::v1::Certificate;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::AgentError;
use crate::keys::DeviceKey;
use crate::link::Credential;
use crate::private::{self, Durability};

const WHAT: &str = "the device's key";
const PREFIX: &str = "key-";

/// A certificate, and which key it is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredCredential {
    /// The file of the key.
    pub(crate) key: String,
    /// DER in base64, the device's own first.
    pub(crate) chain: Vec<String>,
    /// Microseconds since 1970.
    pub(crate) expires_at: i64,
    /// When to ask for another.
    pub(crate) renew_at: i64,
}

impl StoredCredential {
    /// As the server issued it for a key whose file is `key`.
    pub(crate) fn new(key: &str, issued: Certificate) -> Self {
        let micros = |at: Option<prost_types::Timestamp>| {
            at.and_then(|at| Timestamp::from_seconds_and_nanos(at.seconds, at.nanos))
                .map_or(0, |at| at.0)
        };
        Self {
            key: key.to_owned(),
            chain: issued
                .chain
                .iter()
                .map(|der| STANDARD.encode(der))
                .collect(),
            expires_at: micros(issued.expires_at),
            renew_at: micros(issued.renew_at),
        }
    }

    /// With the key out of its file.
    ///
    /// # Errors
    /// A key that is missing, open to others, or none.
    pub(crate) fn load(&self, dir: &Path, device_id: &str) -> Result<Credential, AgentError> {
        let path = dir.join(&self.key);
        let damaged = |why: &str| AgentError::Damaged {
            what: WHAT,
            path: path.clone(),
            why: why.to_owned(),
        };
        let pem = private::read(WHAT, &path)?.map(Zeroizing::new);
        let pem = pem.ok_or_else(|| damaged("it is missing"))?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(&pem).map_err(|_| damaged("no key in it"))?;
        let key = DeviceKey::from_pkcs8(der.secret_pkcs8_der())
            .map_err(|_| damaged("no key on P-256"))?;
        let chain: Result<Vec<Vec<u8>>, _> = self
            .chain
            .iter()
            .map(|text| STANDARD.decode(text))
            .collect();
        let chain = chain.map_err(|_| damaged("its certificate is none"))?;
        Ok(Credential {
            device_id: device_id.into(),
            key: Arc::new(key),
            chain: chain.into_iter().map(CertificateDer::from).collect(),
        })
    }
}

/// Writes a key into a file of its own, mode 0600; answers the file's name.
pub(crate) fn keep_key(
    dir: &Path,
    key: &DeviceKey,
    durability: Durability,
) -> Result<String, AgentError> {
    const LINE: usize = 64;
    let name = format!("{PREFIX}{}.pem", key.fingerprint());
    let encoded = Zeroizing::new(STANDARD.encode(key.pkcs8()));
    let mut pem = Zeroizing::new(String::with_capacity(encoded.len() + 80));
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    let path = dir.join(&name);
    private::write(&path, pem.as_bytes(), durability)
        .map_err(|error| AgentError::file("cannot write the device's key", &path, error))?;
    Ok(name)
}

/// Removes every key but these: of renewals that came to nothing, of certificates that were replaced.
///
/// # Errors
/// A directory that cannot be read; a file that cannot be removed.
pub(crate) fn forget_keys(dir: &Path, but: &[&str]) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && !but.contains(&name.as_ref()) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_is_its_owners_alone_and_is_not_used_when_it_is_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let key = DeviceKey::generate().expect("a key");
        let name = keep_key(dir.path(), &key, Durability::Synced).expect("kept");
        let path = dir.path().join(&name);
        let mode = || {
            std::fs::metadata(&path)
                .expect("there")
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(mode(), 0o600);
        let stored = StoredCredential::new(&name, Certificate::default());
        let loaded = stored.load(dir.path(), "the-device").expect("loaded");
        assert_eq!(loaded.key.fingerprint(), key.fingerprint());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o604)).expect("changed");
        let refused = stored
            .load(dir.path(), "the-device")
            .expect_err("open to others");
        assert!(matches!(
            refused,
            AgentError::OpenToOthers { mode: 0o604, .. }
        ));
    }

    #[test]
    fn keys_of_nothing_are_forgotten_and_others_stay() {
        let dir = tempfile::tempdir().expect("a directory");
        let keep = || {
            let key = DeviceKey::generate().expect("a key");
            keep_key(dir.path(), &key, Durability::Written).expect("kept")
        };
        let (one, two) = (keep(), keep());
        std::fs::write(dir.path().join("lock"), b"").expect("written");
        forget_keys(dir.path(), &[&two]).expect("forgotten");
        assert!(!dir.path().join(one).exists());
        assert!(dir.path().join(two).exists() && dir.path().join("lock").exists());
    }
}

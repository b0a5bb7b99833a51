//! Whose releases are installed: those who were known when the device was enrolled, and whoever was added by hand
//! since. A server that is taken over cannot add one.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use preau_proto::apps::v1::catalogue_service_client::CatalogueServiceClient;
use preau_proto::apps::v1::{ListPublishersRequest, Publisher};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
use tonic::Status;

use crate::error::AgentError;
use crate::link::Link;
use crate::private::{self, Durability};
use crate::state::{self, Pinned, Store};

const LIST: Duration = Duration::from_secs(5);
/// Publishers that were added by hand, each in a file.
const TRUSTED: &str = "publishers";
/// A SubjectPublicKeyInfo of Ed25519 is this and the 32 bytes of the key (RFC 8410).
const SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// A publisher's public key, Ed25519.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// From its 32 bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Out of a file as `preau apps keygen` and OpenSSL write it: PEM.
    ///
    /// # Errors
    /// A file that cannot be read, or holds something else.
    pub fn read(file: &Path) -> Result<Self, AgentError> {
        let wrong = |why: &str| AgentError::NotAPublisher {
            file: file.to_owned(),
            why: why.to_owned(),
        };
        let text = std::fs::read(file)
            .map_err(|error| AgentError::file("cannot read the publisher's key", file, error))?;
        let spki = SubjectPublicKeyInfoDer::from_pem_slice(&text)
            .map_err(|_| wrong("there is no PUBLIC KEY in it"))?;
        let key = spki.strip_prefix(&SPKI).and_then(|key| key.try_into().ok());
        key.map(Self)
            .ok_or_else(|| wrong("the key is not of Ed25519"))
    }

    /// As PEM.
    #[must_use]
    pub fn to_pem(self) -> String {
        let encoded = STANDARD.encode([SPKI.as_slice(), &self.0].concat());
        format!("-----BEGIN PUBLIC KEY-----\n{encoded}\n-----END PUBLIC KEY-----\n")
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether the holder of this key signed those bytes.
    pub(crate) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(signed, signature)
            .is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "publisher's key {}", key_id(self))
    }
}

/// How the platform names a publisher's key: the first 16 bytes of its BLAKE3, in hexadecimal.
#[must_use]
pub fn key_id(key: &PublicKey) -> String {
    hex::encode(&blake3::hash(&key.0).as_bytes()[..16])
}

/// Has the device of `dir` install releases of one more publisher, also while it runs. Answers the key's id.
///
/// # Errors
/// No device there; a file that holds no key of a publisher; a directory that cannot be written.
pub fn trust(dir: &Path, file: &Path) -> Result<String, AgentError> {
    state::standing(dir)?;
    let key = PublicKey::read(file)?;
    let id = key_id(&key);
    let folder = dir.join(TRUSTED);
    let path = folder.join(format!("{id}.pub"));
    private::create_dir(&folder)
        .and_then(|()| private::write(&path, key.to_pem().as_bytes(), Durability::Synced))
        .map_err(|error| AgentError::file("cannot keep the publisher's key", &path, error))?;
    Ok(id)
}

/// The keys whose releases count, by their id.
///
/// # Errors
/// A key that was added by hand and cannot be read: better none than fewer than somebody believes.
pub(crate) fn trusted(store: &Store) -> Result<HashMap<String, PublicKey>, AgentError> {
    let pinned = store.read(|journal| journal.publishers.clone());
    let mut keys = HashMap::new();
    for Pinned { public_key, .. } in pinned.unwrap_or_default() {
        let bytes = hex::decode(&public_key)
            .ok()
            .and_then(|key| key.try_into().ok());
        let key = bytes.map(PublicKey).ok_or_else(|| AgentError::Damaged {
            what: "a pinned publisher",
            path: store.dir().to_owned(),
            why: "it is no key".to_owned(),
        })?;
        keys.insert(key_id(&key), key);
    }
    let folder = store.dir().join(TRUSTED);
    let fail = |error| AgentError::file("cannot read the publishers", &folder, error);
    match std::fs::read_dir(&folder) {
        Ok(entries) => {
            for entry in entries {
                let path = entry.map_err(fail)?.path();
                if path.extension().is_some_and(|extension| extension == "pub") {
                    let key = PublicKey::read(&path)?;
                    keys.insert(key_id(&key), key);
                }
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(fail(error)),
    }
    Ok(keys)
}

/// Asks once in a device's life whom the platform knows, and believes it: where that failed at enrolment, later.
///
/// # Errors
/// Of the call; a journal that cannot be written is told as INTERNAL.
pub(crate) async fn pin(link: &Link, store: &Store) -> Result<(), Status> {
    if store.read(|journal| journal.publishers.is_some()) {
        return Ok(());
    }
    let answer = link
        .call(LIST, ListPublishersRequest {}, |wire, request| {
            Box::pin(async move {
                CatalogueServiceClient::new(wire)
                    .list_publishers(request)
                    .await
            })
        })
        .await?;
    let found: Vec<Pinned> = answer.publishers.iter().filter_map(pinned).collect();
    store
        .change(|journal| journal.publishers.get_or_insert(found).len())
        .await
        .map_err(|error| Status::internal(error.to_string()))?;
    Ok(())
}

fn pinned(publisher: &Publisher) -> Option<Pinned> {
    let bytes = publisher.public_key.as_slice().try_into().ok()?;
    let key = PublicKey(bytes);
    Some(Pinned {
        key_id: key_id(&key),
        public_key: hex::encode(key.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_from_its_file_and_nothing_else_does() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("publisher.pub");
        let key = PublicKey::new([7; 32]);
        std::fs::write(&file, key.to_pem()).expect("written");
        assert_eq!(PublicKey::read(&file).expect("read"), key);
        for wrong in [
            "",
            "ssh-ed25519 AAAA",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        ] {
            std::fs::write(&file, wrong).expect("written");
            let error = PublicKey::read(&file).expect_err(wrong);
            assert!(matches!(error, AgentError::NotAPublisher { .. }), "{error}");
        }
    }

    /// As OpenSSL 3 writes the public key of the first vector of RFC 8032.
    #[test]
    fn the_file_is_the_one_that_openssl_writes() {
        let pem = "-----BEGIN PUBLIC KEY-----\n\
                   MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
                   -----END PUBLIC KEY-----\n";
        let bytes = hex::decode("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let key = PublicKey::new(bytes.expect("hexadecimal").try_into().expect("32 bytes"));
        assert_eq!(key.to_pem(), pem);
    }
}

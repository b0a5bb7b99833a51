//! Somebody who signs releases.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use preau_proto::apps::v1::Manifest;
use prost::Message as _;

pub(super) struct Publisher(Ed25519KeyPair);

impl Publisher {
    /// The publisher of a seed, always the same.
    pub(super) fn of(seed: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    pub(super) fn public_key(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    pub(super) fn key_id(&self) -> String {
        blake3::hash(&self.public_key()).to_hex()[..32].to_owned()
    }

    /// A manifest of these bytes, and its signature.
    pub(super) fn sign(&self, app: &str, version: &str, data: &[u8]) -> (Vec<u8>, Vec<u8>) {
        self.sign_message(&manifest(app, version, data))
    }

    pub(super) fn sign_message(&self, manifest: &Manifest) -> (Vec<u8>, Vec<u8>) {
        let manifest = manifest.encode_to_vec();
        let message = [b"preau-release-v1\0", &manifest[..]].concat();
        let signature = self.0.sign(&message).as_ref().to_vec();
        (manifest, signature)
    }
}

pub(super) fn manifest(app: &str, version: &str, data: &[u8]) -> Manifest {
    Manifest {
        app: app.into(),
        name: "Géométrie".into(),
        version: version.into(),
        size: u64::try_from(data.len()).unwrap(),
        sha256: sha256(data),
        blake3: blake3::hash(data).as_bytes().to_vec(),
        file_name: "geometrie".into(),
        executable: true,
    }
}

pub(super) fn sha256(data: &[u8]) -> Vec<u8> {
    digest(&SHA256, data).as_ref().to_vec()
}

//! What a publisher signed: verified first, read afterwards, and only then believed.

use std::collections::HashMap;

use preau_kernel::ids::ReleaseId;
use preau_proto::apps::v1::{Manifest, Wanted};
use prost::Message as _;

use crate::publishers::PublicKey;
use crate::release;

const LONGEST_MANIFEST: usize = 8 * 1024;
const LARGEST: u64 = 4 << 30;
/// What file systems take.
const LONGEST_NAME: usize = 255;
/// The link to the version in use lies beside the versions.
pub(super) const CURRENT: &str = "current";

/// A release whose manifest a trusted publisher signed, and whose names are names of single files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) release_id: ReleaseId,
    pub(crate) app: String,
    pub(crate) version: String,
    pub(crate) file_name: String,
    pub(crate) size: u64,
    pub(crate) sha256: [u8; 32],
    pub(crate) blake3: [u8; 32],
    pub(crate) executable: bool,
}

/// What a manifest says that its app is, believed for one purpose: to report that it is refused.
pub(super) fn claimed_app(manifest: &[u8]) -> Option<String> {
    let manifest = Manifest::decode(manifest).ok()?;
    is_app(&manifest.app).then_some(manifest.app)
}

/// Believes a release, or says why not in words for an administrator.
pub(super) fn verified(
    wanted: &Wanted,
    keys: &HashMap<String, PublicKey>,
) -> Result<Verified, &'static str> {
    let key = keys.get(&wanted.publisher_key_id);
    let key = key.ok_or("publisher not trusted")?;
    if wanted.manifest.len() > LONGEST_MANIFEST {
        return Err("manifest too long");
    }
    if !key.verifies(&release::signed(&wanted.manifest), &wanted.signature) {
        return Err("signature wrong");
    }
    let manifest =
        Manifest::decode(wanted.manifest.as_slice()).map_err(|_| "manifest unreadable")?;
    let hash = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| "a hash is not of 32 bytes");
    if !is_app(&manifest.app) {
        return Err("the app's name is none");
    }
    if !is_version(&manifest.version) {
        return Err("the version is none");
    }
    if !is_file_name(&manifest.file_name) {
        return Err("the file's name is none");
    }
    if manifest.size == 0 || manifest.size > LARGEST {
        return Err("the size is not of a release");
    }
    Ok(Verified {
        release_id: wanted
            .release_id
            .parse()
            .map_err(|_| "the release's id is none")?,
        sha256: hash(&manifest.sha256)?,
        blake3: hash(&manifest.blake3)?,
        size: manifest.size,
        app: manifest.app,
        version: manifest.version,
        file_name: manifest.file_name,
        executable: manifest.executable,
    })
}

/// A reverse domain name; each of its parts begins and ends with a letter or a digit.
pub(super) fn is_app(name: &str) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(inner)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    (3..=100).contains(&name.len()) && name.split('.').all(part)
}

pub(super) fn is_version(version: &str) -> bool {
    let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'+');
    (1..=40).contains(&version.len())
        && version.bytes().all(fits)
        && !version.starts_with('.')
        && version != CURRENT
}

pub(super) fn is_file_name(name: &str) -> bool {
    (1..=100).contains(&name.chars().count())
        && name.len() <= LONGEST_NAME
        && name != "."
        && name != ".."
        && !name.chars().any(|c| c == '/' || c.is_control())
}

#[cfg(test)]
#[path = "manifest/tests.rs"]
mod tests;

use preau_kernel::access::Facts;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{AuthorityId, DeviceId, PersonId, ReleaseId, SchoolId};

use super::{KeyId, Release, Signed};

/// Apps that a school's devices are to have, at most.
pub(crate) const MAX_APPS: u32 = 200;

/// Fetches that a device has under way at once, at most. An agent has one; those of connections that died before may not
/// have been given up yet.
pub(crate) const MAX_FETCHES: u32 = 8;

/// A school, as the directory tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct School {
    pub(crate) id: SchoolId,
    pub(crate) authority: AuthorityId,
}

impl School {
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            school: Some(self.id),
            authority: Some(self.authority),
            ..Facts::default()
        }
    }
}

/// A calling device, and the school it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    pub(crate) school: SchoolId,
}

/// That a school's devices are to have a release, with how many of them said what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) release: Release,
    pub(crate) at: Timestamp,
    pub(crate) by: PersonId,
    pub(crate) installed: u32,
    pub(crate) failed: u32,
    pub(crate) fetching: u32,
}

/// A release that a device is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) release: ReleaseId,
    pub(crate) signed: Signed,
    pub(crate) publisher: KeyId,
}

/// The hash of what a school's devices are to have, and which change of it that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DesiredState {
    pub(crate) hash: [u8; 32],
    pub(crate) revision: u64,
}

/// The hash of a list in the order of its apps. Each piece is preceded by its length, so that no two lists are
/// serialised alike.
pub(crate) fn desired_hash(wanted: &[Wanted]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"preau-desired-state-v1\0");
    hasher.update(&length(wanted.len()));
    for Wanted {
        release, signed, ..
    } in wanted
    {
        let release = release.to_string();
        for piece in [
            release.as_bytes(),
            &signed.manifest[..],
            &signed.signature[..],
        ] {
            hasher.update(&length(piece.len())).update(piece);
        }
    }
    *hasher.finalize().as_bytes()
}

fn length(length: usize) -> [u8; 8] {
    // usize has 64 bits at most.
    (length as u64).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(manifest: &[u8]) -> Wanted {
        Wanted {
            release: ReleaseId::new(),
            signed: Signed {
                manifest: manifest.to_vec(),
                signature: [1; 64],
            },
            publisher: KeyId::stored("k".into()),
        }
    }

    #[test]
    fn the_hash_changes_with_everything_that_a_device_acts_on() {
        let (one, two) = (wanted(b"one"), wanted(b"two"));
        let whole = desired_hash(&[one.clone(), two.clone()]);
        assert_eq!(whole, desired_hash(&[one.clone(), two.clone()]));

        let mut resigned = two.clone();
        resigned.signed.signature[63] = 2;
        let again = Wanted {
            release: ReleaseId::new(),
            ..two.clone()
        };
        let others = [
            vec![],
            vec![one.clone()],
            vec![two.clone(), one.clone()],
            vec![one.clone(), resigned],
            vec![one, again],
        ];
        for other in others {
            assert_ne!(desired_hash(&other), whole, "{other:?}");
        }
    }

    #[test]
    fn the_hash_is_the_one_that_devices_were_told_before() {
        let hex = |hash: [u8; 32]| hex::encode(hash);
        let expected = blake3::hash(b"preau-desired-state-v1\0\0\0\0\0\0\0\0\0").to_hex();
        assert_eq!(hex(desired_hash(&[])), expected.as_str());
    }
}

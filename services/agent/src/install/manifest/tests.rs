use super::*;
use crate::publishers::key_id;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

fn manifest() -> Manifest {
    Manifest {
        app: "fr.example.geometrie".into(),
        name: "Géométrie".into(),
        version: "1.2.0".into(),
        size: 10,
        sha256: vec![1; 32],
        blake3: vec![2; 32],
        file_name: "geometrie.AppImage".into(),
        executable: true,
    }
}

struct Publisher {
    pair: Ed25519KeyPair,
    keys: HashMap<String, PublicKey>,
    id: String,
}

fn publisher(seed: u8) -> Publisher {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed");
    let bytes = pair.public_key().as_ref().try_into().expect("32 bytes");
    let key = PublicKey::new(bytes);
    let id = key_id(&key);
    let keys = HashMap::from([(id.clone(), key)]);
    Publisher { pair, keys, id }
}

impl Publisher {
    fn release(&self, manifest: &Manifest) -> Wanted {
        let manifest = manifest.encode_to_vec();
        let signature = self
            .pair
            .sign(&[b"preau-release-v1\0", manifest.as_slice()].concat());
        Wanted {
            release_id: ReleaseId::new().to_string(),
            signature: signature.as_ref().to_vec(),
            publisher_key_id: self.id.clone(),
            manifest,
        }
    }
}

#[test]
fn what_a_trusted_publisher_signed_is_believed() {
    let publisher = publisher(1);
    let wanted = publisher.release(&manifest());
    let release = verified(&wanted, &publisher.keys).expect("believed");
    assert_eq!(release.app, "fr.example.geometrie");
    assert_eq!(release.release_id.to_string(), wanted.release_id);
    assert!(release.executable);
}

#[test]
fn another_publisher_another_signature_another_manifest_are_not() {
    let (one, other) = (publisher(1), publisher(2));
    let refused = |wanted: &Wanted| verified(wanted, &one.keys).expect_err("refused");
    assert_eq!(
        refused(&other.release(&manifest())),
        "publisher not trusted"
    );
    // The trusted one's name under another's signature.
    let mut forged = other.release(&manifest());
    forged.publisher_key_id.clone_from(&one.id);
    assert_eq!(refused(&forged), "signature wrong");
    for at in [0, 20] {
        let mut changed = one.release(&manifest());
        changed.manifest[at] ^= 1;
        assert_eq!(refused(&changed), "signature wrong");
    }
    let mut cut = one.release(&manifest());
    cut.signature.pop();
    assert_eq!(refused(&cut), "signature wrong");
    // Signed, but not as a release.
    let bare = one.pair.sign(&manifest().encode_to_vec());
    let mut other_purpose = one.release(&manifest());
    other_purpose.signature = bare.as_ref().to_vec();
    assert_eq!(refused(&other_purpose), "signature wrong");
}

#[test]
fn a_signed_manifest_still_names_single_files() {
    let publisher = publisher(1);
    let refused = |change: &dyn Fn(&mut Manifest)| {
        let mut manifest = manifest();
        change(&mut manifest);
        verified(&publisher.release(&manifest), &publisher.keys).expect_err("refused")
    };
    for name in [
        "",
        ".",
        "..",
        "a/b",
        "/etc/passwd",
        "a\0b",
        "a\nb",
        &"é".repeat(101),
        &"語".repeat(90),
    ] {
        assert_eq!(
            refused(&|m| m.file_name = name.into()),
            "the file's name is none",
            "{name:?}"
        );
    }
    for app in [
        "",
        "a",
        "..",
        "fr..example",
        ".fr.example",
        "fr.example.",
        "fr/example",
        "Fr.Example",
        "fr.-x",
        "fr.é",
    ] {
        assert_eq!(
            refused(&|m| m.app = app.into()),
            "the app's name is none",
            "{app:?}"
        );
    }
    for version in [
        "",
        "..",
        ".hidden",
        "1/2",
        "current",
        "1 2",
        &"1".repeat(41),
    ] {
        assert_eq!(
            refused(&|m| m.version = version.into()),
            "the version is none",
            "{version:?}"
        );
    }
    for size in [0, LARGEST + 1] {
        assert_eq!(refused(&|m| m.size = size), "the size is not of a release");
    }
    assert_eq!(
        refused(&|m| m.sha256.truncate(31)),
        "a hash is not of 32 bytes"
    );
    let mut nameless = publisher.release(&manifest());
    nameless.release_id = "../../x".into();
    assert_eq!(
        verified(&nameless, &publisher.keys),
        Err("the release's id is none")
    );
}

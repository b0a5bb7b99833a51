//! Signing a release: its manifest says what the file is, the signature who says so.

use std::path::{Path, PathBuf};

use preau_agent::release;
use preau_proto::apps::v1::Manifest;
use prost::Message as _;

use super::publishers::read_key;
use crate::failure::{Exit, Failure, at_path};

const LARGEST: u64 = 4 << 30;

/// What is published.
pub(crate) struct Description<'a> {
    pub(crate) file: &'a Path,
    pub(crate) app: &'a str,
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    /// The publisher's private key.
    pub(crate) key: &'a Path,
    /// As what it is installed; otherwise as it is called here.
    pub(crate) file_name: Option<&'a str>,
    pub(crate) executable: bool,
}

/// A release that can be announced.
pub(crate) struct Signed {
    pub(super) file: PathBuf,
    pub(super) size: u64,
    pub(super) manifest: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// Reads the file once and signs what it is.
pub(crate) fn sign(description: &Description<'_>) -> Result<Signed, Failure> {
    let path = description.file;
    let pair = read_key(description.key)?;
    check_is_file(path)?;
    let found = release::digests(path);
    let found = found.map_err(|error| at_path("cannot read the file", path, &error))?;
    let size = found.size;
    if size == 0 || size > LARGEST {
        let what = format!("a release has 1 byte to 4 GiB, this file has {size} bytes");
        return Err(Failure::new(what, path.display(), "name another file").exit(Exit::Usage));
    }
    let own = path.file_name().and_then(|name| name.to_str());
    let file_name = description.file_name.or(own).ok_or_else(|| {
        let remedy = "say as what it is to be installed with --file-name";
        Failure::new("the file's name is not UTF-8", path.display(), remedy).exit(Exit::Usage)
    })?;
    let manifest = Manifest {
        app: description.app.to_owned(),
        name: description.name.to_owned(),
        version: description.version.to_owned(),
        size,
        sha256: found.sha256.to_vec(),
        blake3: found.blake3.to_vec(),
        file_name: file_name.to_owned(),
        executable: description.executable,
    }
    .encode_to_vec();
    let signature = pair.sign(&release::signed(&manifest));
    Ok(Signed {
        file: path.to_owned(),
        size,
        signature: signature.as_ref().to_vec(),
        manifest,
    })
}

/// Before it is opened: a pipe would be waited for, and what is read twice has to be the same.
fn check_is_file(path: &Path) -> Result<(), Failure> {
    let found = std::fs::metadata(path);
    let found = found.map_err(|error| at_path("cannot read the file", path, &error))?;
    if found.is_file() {
        return Ok(());
    }
    let failure = Failure::new(
        "that is no file",
        path.display(),
        "name the file to install",
    );
    Err(failure.exit(Exit::Usage))
}

#[cfg(test)]
mod tests {
    use super::super::publishers::{make_key, public_key};
    use super::*;
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    fn description<'a>(file: &'a Path, key: &'a Path) -> Description<'a> {
        Description {
            file,
            key,
            app: "fr.example.app",
            name: "App",
            version: "1",
            file_name: None,
            executable: true,
        }
    }

    #[test]
    fn the_manifest_is_of_the_file_and_the_signature_of_the_manifest() {
        let dir = tempfile::tempdir().expect("a directory");
        let (file, key) = (dir.path().join("app.bin"), dir.path().join("publisher.key"));
        make_key(&key).expect("made");
        std::fs::write(&file, b"bytes").expect("written");
        let signed = sign(&description(&file, &key)).expect("signed");
        let manifest = Manifest::decode(signed.manifest.as_slice()).expect("a manifest");
        assert_eq!((manifest.size, manifest.file_name.as_str()), (5, "app.bin"));
        assert_eq!(manifest.blake3, blake3::hash(b"bytes").as_bytes());
        let public = public_key(&read_key(&key).expect("read"));
        UnparsedPublicKey::new(&ED25519, public.as_bytes())
            .verify(
                &[b"preau-release-v1\0", signed.manifest.as_slice()].concat(),
                &signed.signature,
            )
            .expect("its own signature");
    }

    #[test]
    fn what_is_no_file_is_refused_and_not_waited_for() {
        let dir = tempfile::tempdir().expect("a directory");
        let (pipe, key) = (dir.path().join("pipe"), dir.path().join("publisher.key"));
        make_key(&key).expect("made");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo of coreutils").success());
        for path in [pipe.as_path(), dir.path()] {
            let failure = sign(&description(path, &key)).err().expect("refused");
            assert_eq!(failure.code(), Exit::Usage);
            assert!(
                failure.to_string().starts_with("that is no file: "),
                "{failure}"
            );
        }
    }

    #[test]
    fn an_empty_file_is_no_release() {
        let dir = tempfile::tempdir().expect("a directory");
        let (file, key) = (dir.path().join("app.bin"), dir.path().join("publisher.key"));
        make_key(&key).expect("made");
        std::fs::write(&file, b"").expect("written");
        let failure = sign(&description(&file, &key)).err().expect("refused");
        assert_eq!(failure.code(), Exit::Usage);
    }
}

//! Publishers and their keys.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use preau_agent::PublicKey;
use preau_proto::apps::v1::catalogue_service_client::CatalogueServiceClient;
use preau_proto::apps::v1::{AddPublisherRequest, ListPublishersRequest};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;

use crate::client::{Gateway, failure, retry};
use crate::failure::{Exit, Failure, at_path, one_line};
use crate::private;

/// Makes a publisher's key: `out` is private, `out` with `.pub` is not. Answers how the platform names it.
pub(crate) fn make_key(out: &Path) -> Result<String, Failure> {
    let public = public_path(out);
    for path in [out, &public] {
        if path.exists() {
            let remedy = "name another file with --out: a key that is lost cannot be had again";
            return Err(Failure::new(
                "there is a file already",
                path.display(),
                remedy,
            ));
        }
    }
    let broken = |_| Failure::new("no key can be made", "this machine", "try again");
    let pair = Ed25519KeyPair::generate().map_err(broken)?;
    let document = pair.to_pkcs8v1().map_err(broken)?;
    let private = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(document.as_ref())
    );
    let key = public_key(&pair);
    private::write(out, private.as_bytes())
        .map_err(|error| at_path("cannot write the publisher's key", out, &error))?;
    std::fs::write(&public, key.to_pem())
        .map_err(|error| at_path("cannot write the publisher's public key", &public, &error))?;
    Ok(preau_agent::key_id(&key))
}

/// Beside the private one: `publisher.key` and `publisher.pub`, or whatever the name with `.pub`.
fn public_path(out: &Path) -> PathBuf {
    match out.extension().is_some_and(|extension| extension == "key") {
        true => out.with_extension("pub"),
        false => {
            let mut name = out.as_os_str().to_owned();
            name.push(".pub");
            name.into()
        }
    }
}

/// The public half of a pair.
pub(super) fn public_key(pair: &Ed25519KeyPair) -> PublicKey {
    let bytes = pair.public_key().as_ref();
    PublicKey::new(bytes.try_into().expect("keys of Ed25519 have 32 bytes"))
}

/// Reads a private key that [`make_key`] or OpenSSL wrote.
pub(super) fn read_key(path: &Path) -> Result<Ed25519KeyPair, Failure> {
    let pem = std::fs::read(path)
        .map_err(|error| at_path("cannot read the publisher's key", path, &error))?;
    PrivatePkcs8KeyDer::from_pem_slice(&pem)
        .ok()
        .and_then(|der| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()).ok())
        .ok_or_else(|| {
            let remedy = "name the private key that `preau apps keygen` wrote";
            let what = "no private key of Ed25519 in it";
            Failure::new(what, path.display(), remedy).exit(Exit::Usage)
        })
}

/// Makes a publisher known; again, it is the same one.
pub(crate) async fn add(gateway: &Gateway, name: &str, key: &PublicKey) -> Result<String, Failure> {
    let request = AddPublisherRequest {
        name: name.to_owned(),
        public_key: key.as_bytes().to_vec(),
    };
    retry(|| async {
        let mut client = CatalogueServiceClient::new(gateway.channel.clone());
        client.add_publisher(gateway.request(request.clone())).await
    })
    .await
    .map(|answer| answer.into_inner().publisher.unwrap_or_default().key_id)
    .map_err(|status| failure("cannot add the publisher", name, &status))
}

/// One line a publisher: the key's id, the name.
pub(crate) async fn list(gateway: &Gateway) -> Result<String, Failure> {
    let found = retry(|| async {
        let mut client = CatalogueServiceClient::new(gateway.channel.clone());
        client
            .list_publishers(gateway.request(ListPublishersRequest {}))
            .await
    })
    .await
    .map_err(|status| failure("cannot list the publishers", &gateway.url, &status))?
    .into_inner();
    let mut text = String::new();
    for publisher in &found.publishers {
        let _ = writeln!(text, "{} {}", publisher.key_id, one_line(&publisher.name));
    }
    if found.publishers.is_empty() {
        text.push_str("no publishers\n");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_publishers_key_is_private_and_its_other_half_is_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let out = dir.path().join("publisher.key");
        let id = make_key(&out).expect("made");
        let mode = std::fs::metadata(&out).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let public = PublicKey::read(&dir.path().join("publisher.pub")).expect("read");
        assert_eq!(preau_agent::key_id(&public), id);
        assert_eq!(public_key(&read_key(&out).expect("read")), public);
        let again = make_key(&out).expect_err("not overwritten");
        assert!(
            again.to_string().contains("there is a file already"),
            "{again}"
        );
    }

    #[test]
    fn a_file_that_is_no_private_key_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("key");
        make_key(&path).expect("made");
        let public = dir.path().join("key.pub");
        let failure = read_key(&public).expect_err("the public half");
        assert_eq!(failure.code(), Exit::Usage);
    }
}

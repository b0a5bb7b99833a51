use super::*;

/// A certificate and its key, as PEM.
fn made() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    (made.cert.pem(), made.signing_key.serialize_pem())
}

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new(certificate: &str, key: &str) -> Self {
        let files = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        files.write("certificate.pem", certificate);
        files.write("key.pem", key);
        files
    }

    /// Under a new name first, as tools that renew do; so even within the clock's grain it is another file.
    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("writable");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn load(&self) -> Result<Tls, TlsError> {
        Tls::load(&self.path("certificate.pem"), &self.path("key.pem"))
    }
}

fn current(tls: &Tls) -> Vec<u8> {
    tls.pair.current.load().cert[0].to_vec()
}

#[test]
fn a_renewed_pair_is_taken_and_a_bad_one_is_not() {
    let (certificate, key) = made();
    let files = Files::new(&certificate, &key);
    let tls = files.load().expect("a good pair");
    let first = current(&tls);
    assert!(!tls.pair.refresh().expect("nothing changed"));

    // Half-way through a renewal: the new certificate with the old key. A comment changes the length for sure.
    let (renewed, renewed_key) = made();
    files.write("certificate.pem", &format!("renewed\n{renewed}"));
    let error = tls.pair.refresh().expect_err("no pair");
    assert!(matches!(error, TlsError::Pair { .. }), "{error}");
    assert_eq!(current(&tls), first);
    assert!(!tls.pair.refresh().expect("said once"));

    files.write("key.pem", &format!("renewed\n{renewed_key}"));
    assert!(tls.pair.refresh().expect("a pair again"));
    assert_ne!(current(&tls), first);

    std::fs::remove_file(files.path("key.pem")).expect("there");
    let renewed = current(&tls);
    assert!(matches!(tls.pair.refresh(), Err(TlsError::Key { .. })));
    assert_eq!(current(&tls), renewed);
}

#[test]
fn a_pair_that_cannot_be_used_is_named_with_the_remedy() {
    let (certificate, key) = made();
    let (_, other) = made();
    for (chain, secret, said) in [
        (
            certificate.as_str(),
            other.as_str(),
            "key that the certificate was issued for",
        ),
        ("", key.as_str(), "certificate.pem"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA",
            key.as_str(),
            "certificate.pem",
        ),
        (certificate.as_str(), "", "key.pem"),
        (certificate.as_str(), certificate.as_str(), "key.pem"),
    ] {
        let error = Files::new(chain, secret).load().expect_err("refused");
        let line = error.to_string();
        assert!(line.contains(said), "{line}");
        assert!(!line.contains("PRIVATE KEY-----\n"), "{line}");
    }
}

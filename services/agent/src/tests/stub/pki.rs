//! Two authorities: one for the server, one for devices.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _,
};
use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Authorities, and the file of the server's.
pub(in crate::tests) struct Pki {
    dir: tempfile::TempDir,
    devices: Issuer<'static, KeyPair>,
    devices_der: CertificateDer<'static>,
    server_chain: Vec<CertificateDer<'static>>,
    server_key: Vec<u8>,
}

fn authority() -> (Issuer<'static, KeyPair>, rcgen::Certificate) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let certificate = params.self_signed(&key).expect("signed");
    (Issuer::new(params, key), certificate)
}

impl Pki {
    pub(in crate::tests) fn new() -> Self {
        let (servers, servers_certificate) = authority();
        let (devices, devices_certificate) = authority();
        let server_key = KeyPair::generate().expect("a key");
        let server = CertificateParams::new(vec!["localhost".into(), "127.0.0.1".into()])
            .and_then(|params| params.signed_by(&server_key, &servers))
            .expect("signed");
        let dir = tempfile::tempdir().expect("a directory");
        let pki = Self {
            dir,
            devices,
            devices_der: devices_certificate.der().clone(),
            server_chain: vec![server.der().clone()],
            server_key: server_key.serialize_der(),
        };
        std::fs::write(pki.authority_file(), servers_certificate.pem()).expect("written");
        pki
    }

    /// Of the server, PEM.
    pub(in crate::tests) fn authority_file(&self) -> PathBuf {
        self.dir.path().join("authority.pem")
    }

    /// The public key of a request, and a certificate for it.
    pub(super) fn sign(&self, request: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let mut request =
            CertificateSigningRequestParams::from_der(&request.into()).expect("a request");
        request.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let signed = request.signed_by(&self.devices).expect("signed");
        (
            request.public_key.der_bytes().to_vec(),
            signed.der().to_vec(),
        )
    }

    pub(super) fn devices_authority(&self) -> Vec<u8> {
        self.devices_der.to_vec()
    }

    /// TLS as the gateway speaks it: certificates of devices are welcome, if they are looked at at all.
    pub(super) fn server(&self, sees_certificates: bool) -> ServerConfig {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("the provider has its suites");
        let builder = match sees_certificates {
            false => builder.with_no_client_auth(),
            true => {
                let mut roots = RootCertStore::empty();
                roots.add(self.devices_der.clone()).expect("an authority");
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
                    .allow_unauthenticated()
                    .build();
                builder.with_client_cert_verifier(verifier.expect("a verifier"))
            }
        };
        let key = PrivatePkcs8KeyDer::from(self.server_key.clone());
        let mut config = builder
            .with_single_cert(self.server_chain.clone(), PrivateKeyDer::Pkcs8(key))
            .expect("its own key");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }
}

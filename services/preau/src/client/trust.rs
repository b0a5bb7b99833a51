//! Whose word is taken for a gateway being the one that was asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature,
    verify_tls13_signature,
};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::failure::{Exit, Failure};

const INSTALL: &str =
    "install the package ca-certificates, or name the authority of the school with --ca";

/// Whose certificates are believed.
#[derive(Clone, Debug)]
pub(crate) enum Trust {
    /// Those of authorities: the system's, and a school's own beside them.
    Authorities {
        /// The system's bundle, PEM. It may be missing where there is a file of one's own.
        system: PathBuf,
        /// More of them, PEM.
        own: Option<PathBuf>,
    },
    /// The first certificate of this file, whatever its names and dates: a process that speaks to itself.
    Exactly(PathBuf),
    /// Nobody's: for plain HTTP on this machine.
    Nobody,
}

impl Trust {
    /// How a connection begins: TLS 1.3 or 1.2, HTTP/2. Reads the files.
    pub(super) fn config(&self) -> Result<ClientConfig, Failure> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .expect("the provider has suites for both versions");
        let mut config = match self {
            Self::Authorities { system, own } => builder
                .with_root_certificates(authorities(system, own.as_deref())?)
                .with_no_client_auth(),
            Self::Nobody => builder
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth(),
            Self::Exactly(file) => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Exactly::read(file, &provider)?))
                .with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }
}

fn authorities(system: &Path, own: Option<&Path>) -> Result<RootCertStore, Failure> {
    let mut store = RootCertStore::empty();
    match certificates(system) {
        // A bundle holds what other programs understand and we need not.
        Ok(bundle) => drop(store.add_parsable_certificates(bundle)),
        Err(pem::Error::Io(error))
            if own.is_some() && error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(unreadable(
                "the system's authorities",
                system,
                &in_pem(&error),
                INSTALL,
            ));
        }
    }
    if let Some(own) = own {
        let remedy = "write the certificate of the authority there as PEM";
        let what = "the authorities of --ca or PREAU_CA";
        let found =
            certificates(own).map_err(|error| unreadable(what, own, &in_pem(&error), remedy))?;
        for authority in found {
            store
                .add(authority)
                .map_err(|error| unreadable(what, own, &error, remedy))?;
        }
    }
    if store.is_empty() {
        let what = "no authority is known that could vouch for a server";
        return Err(Failure::new(what, system.display(), INSTALL).exit(Exit::Usage));
    }
    Ok(store)
}

/// At least one.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, pem::Error> {
    let found = CertificateDer::pem_file_iter(file)?.collect::<Result<Vec<_>, _>>()?;
    match found.is_empty() {
        true => Err(pem::Error::NoItemsFound),
        false => Ok(found),
    }
}

fn unreadable(what: &str, file: &Path, why: &dyn std::fmt::Display, remedy: &str) -> Failure {
    let what = format_args!("cannot read {what}: {why}");
    Failure::new(what, file.display(), remedy).exit(Exit::Usage)
}

/// The crate's own word for a file without certificates speaks of items.
fn in_pem(error: &pem::Error) -> String {
    match error {
        pem::Error::NoItemsFound => "no certificate in it".to_owned(),
        pem::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// One certificate is believed and no other. That the server holds its key is checked as ever.
#[derive(Debug)]
struct Exactly {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Exactly {
    fn read(file: &Path, provider: &CryptoProvider) -> Result<Self, Failure> {
        let certificate = CertificateDer::from_pem_file(file).map_err(|error| {
            let remedy = "write the chain there as PEM, the server's own certificate first";
            unreadable("the gateway's certificate", file, &in_pem(&error), remedy)
        })?;
        Ok(Self {
            certificate,
            algorithms: provider.signature_verification_algorithms,
        })
    }
}

impl ServerCertVerifier for Exactly {
    fn verify_server_cert(
        &self,
        presented: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *presented == self.certificate {
            return Ok(ServerCertVerified::assertion());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

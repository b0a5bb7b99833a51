//! Whose word is taken for a server being the one that was asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature,
    verify_tls13_signature,
};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};

use crate::error::AgentError;

const INSTALL: &str =
    "install the package ca-certificates, or name the authority of the school with --ca";
const CERTIFICATE: &str = "write the certificate of the authority there as PEM";

/// Whose certificates are believed.
#[derive(Clone, Debug)]
pub enum Trust {
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
    /// Reads the files.
    ///
    /// # Errors
    /// Files that cannot be read, or hold no certificate.
    pub fn load(&self) -> Result<Trusted, AgentError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match self {
            Self::Authorities { system, own } => {
                let roots = Arc::new(authorities(system, own.as_deref())?);
                WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
                    .build()
                    .map_err(|_| AgentError::NobodyTrusted {
                        file: system.clone(),
                        remedy: INSTALL,
                    })?
            }
            Self::Nobody => {
                return Err(AgentError::NobodyTrusted {
                    file: PathBuf::from("https://"),
                    remedy: "write http:// and 127.0.0.1, or name an authority",
                });
            }
            Self::Exactly(file) => Arc::new(Exactly::read(file, &provider)?),
        };
        Ok(Trusted { provider, verifier })
    }
}

/// What [`Trust`] names, read: cheap to clone, shared by as many devices as there are.
#[derive(Clone)]
pub struct Trusted {
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
}

/// A certificate and its key, shown to servers that ask for one.
pub(crate) type Shown = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Trusted {
    /// How a connection begins: TLS 1.3 or 1.2, one of these protocols, with this certificate if the server asks.
    pub(crate) fn config(
        &self,
        protocols: &[&[u8]],
        shown: Option<Shown>,
    ) -> Result<ClientConfig, Error> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .expect("the provider has suites for both versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&self.verifier));
        let mut config = match shown {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }
}

fn authorities(system: &Path, own: Option<&Path>) -> Result<RootCertStore, AgentError> {
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
        let what = "the authorities of --ca or PREAU_CA";
        let found = certificates(own)
            .map_err(|error| unreadable(what, own, &in_pem(&error), CERTIFICATE))?;
        for authority in found {
            store
                .add(authority)
                .map_err(|error| unreadable(what, own, &error, CERTIFICATE))?;
        }
    }
    if store.is_empty() {
        return Err(AgentError::NobodyTrusted {
            file: system.to_owned(),
            remedy: INSTALL,
        });
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

fn unreadable(
    what: &'static str,
    file: &Path,
    why: &dyn std::fmt::Display,
    remedy: &'static str,
) -> AgentError {
    AgentError::Authorities {
        what,
        why: why.to_string(),
        file: file.to_owned(),
        remedy,
    }
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
    fn read(file: &Path, provider: &CryptoProvider) -> Result<Self, AgentError> {
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

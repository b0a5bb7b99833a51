//! The mesh's one way of speaking TLS: version 1.3 only, hybrid post-quantum key exchange first, HTTP/2, no
//! resumption of any kind (an expired or denied certificate must not come back through a ticket).

use std::sync::{Arc, LazyLock};

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::{ClientConfig, ServerConfig};

use crate::clock::{ClockTimeProvider, WallClock};

pub(crate) mod credentials;
pub(crate) mod explain;
pub(crate) mod joining;
pub(crate) mod peers;

/// The protocol both sides insist on.
const ALPN: &[u8] = b"h2";

static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));

/// The process's cryptography, shared by every configuration.
pub(crate) fn provider() -> &'static Arc<CryptoProvider> {
    &PROVIDER
}

/// A server that shows `certificate` and judges clients by `verifier` (or asks for none).
pub(crate) fn server_config(
    clock: WallClock,
    verifier: Arc<dyn ClientCertVerifier>,
    certificate: Arc<dyn ResolvesServerCert>,
) -> Arc<ServerConfig> {
    let mut config =
        ServerConfig::builder_with_details(provider().clone(), Arc::new(ClockTimeProvider(clock)))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("the provider has TLS 1.3 suites")
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(certificate);
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Arc::new(config)
}

/// A client that judges the server by `verifier` and shows `certificate` when there is one.
pub(crate) fn client_config(
    clock: WallClock,
    verifier: Arc<dyn ServerCertVerifier>,
    certificate: Option<credentials::ClientCertificate>,
) -> Arc<ClientConfig> {
    let builder =
        ClientConfig::builder_with_details(provider().clone(), Arc::new(ClockTimeProvider(clock)))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("the provider has TLS 1.3 suites")
            .dangerous()
            .with_custom_certificate_verifier(verifier);
    let mut config = match certificate {
        Some(certificate) => builder.with_client_cert_resolver(Arc::new(certificate)),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    Arc::new(config)
}

/// Implements the signature half of a rustls verifier: TLS 1.3 with the provider's algorithms, never 1.2.
macro_rules! handshake_signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            _message: &[u8],
            _cert: &rustls_pki_types::CertificateDer<'_>,
            _dss: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Err(rustls::Error::General(
                "TLS 1.2 is not spoken here".to_owned(),
            ))
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &rustls_pki_types::CertificateDer<'_>,
            dss: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            let algorithms = &crate::tls::provider().signature_verification_algorithms;
            rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            crate::tls::provider()
                .signature_verification_algorithms
                .supported_schemes()
        }
    };
}
pub(crate) use handshake_signatures;

#[cfg(test)]
mod tests;

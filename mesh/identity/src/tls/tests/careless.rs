//! Peers that show whatever they are given and believe everything.

use std::sync::Arc;

use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ServerConfig};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::super::{provider, server_config};
use crate::system_clock;
use crate::testing::Presented;

/// A client that shows `presented` and believes any server.
pub(super) fn careless_client(presented: Presented) -> Arc<ClientConfig> {
    let signer = presented.key.handshake_signer().expect("loads");
    let shown = Shown(Arc::new(CertifiedKey::new(presented.chain, signer)));
    let config = ClientConfig::builder_with_provider(provider().clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Gullible))
        .with_client_cert_resolver(Arc::new(shown));
    Arc::new(config)
}

/// A server that shows `presented` and asks nobody for a certificate.
pub(super) fn careless_server(presented: Presented) -> Arc<ServerConfig> {
    let signer = presented.key.handshake_signer().expect("loads");
    let shown = Shown(Arc::new(CertifiedKey::new(presented.chain, signer)));
    let nobody = WebPkiClientVerifier::no_client_auth();
    server_config(system_clock(), nobody, Arc::new(shown))
}

/// Shows this, whoever asks.
#[derive(Debug)]
pub(super) struct Shown(pub(super) Arc<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

impl rustls::client::ResolvesClientCert for Shown {
    fn resolve(
        &self,
        _hints: &[&[u8]],
        _schemes: &[rustls::SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Believes any server.
#[derive(Debug)]
pub(super) struct Gullible;

impl ServerCertVerifier for Gullible {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    handshake_signatures!();
}

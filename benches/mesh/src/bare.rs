//! tonic as it comes, in plain text or with mutual TLS.

use std::net::SocketAddr;

use anyhow::Context;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{
    Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Server, ServerTlsConfig,
};

const NAME: &str = "bare.internal";

/// What both sides present and trust.
pub struct Tls {
    anchor: Certificate,
    server: Identity,
    client: Identity,
}

impl Tls {
    /// A throwaway CA and two ECDSA P-256 leaves.
    ///
    /// # Errors
    /// What rcgen says.
    pub fn generate() -> anyhow::Result<Self> {
        let mut ca = CertificateParams::new(Vec::new())?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_key = KeyPair::generate()?;
        let anchor = ca.self_signed(&ca_key)?;
        let issuer = Issuer::new(ca, ca_key);
        let leaf = || -> anyhow::Result<Identity> {
            let mut params = CertificateParams::new(vec![NAME.to_owned()])?;
            params.extended_key_usages = vec![
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ];
            let key = KeyPair::generate()?;
            let certificate = params.signed_by(&key, &issuer)?;
            Ok(Identity::from_pem(certificate.pem(), key.serialize_pem()))
        };
        Ok(Self {
            anchor: Certificate::from_pem(anchor.pem()),
            server: leaf()?,
            client: leaf()?,
        })
    }
}

/// Serves `routes` on a free loopback port for as long as the runtime lives, and gives a channel of one connection.
///
/// # Errors
/// A port that cannot be bound, or TLS that cannot be set up.
pub async fn serve(routes: tonic::service::Routes, tls: Option<&Tls>) -> anyhow::Result<Channel> {
    let address: SocketAddr = ([127, 0, 0, 1], 0).into();
    let incoming = TcpIncoming::bind(address)
        .map_err(|error| anyhow::anyhow!("{error}"))?
        .with_nodelay(Some(true));
    let bound = incoming.local_addr().context("the bound address")?;
    let mut server = Server::builder();
    let mut scheme = "http";
    if let Some(tls) = tls {
        scheme = "https";
        let config = ServerTlsConfig::new()
            .identity(tls.server.clone())
            .client_ca_root(tls.anchor.clone());
        server = server.tls_config(config)?;
    }
    tokio::spawn(server.add_routes(routes).serve_with_incoming(incoming));
    let mut endpoint = Endpoint::from_shared(format!("{scheme}://{bound}"))?.tcp_nodelay(true);
    if let Some(tls) = tls {
        let config = ClientTlsConfig::new()
            .domain_name(NAME)
            .ca_certificate(tls.anchor.clone())
            .identity(tls.client.clone());
        endpoint = endpoint.tls_config(config)?;
    }
    Ok(endpoint.connect().await?)
}

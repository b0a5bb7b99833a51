//! Handshakes: of browsers, which show nothing, and of devices, which show their certificate.

use std::fmt;
use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use preau_mesh::WallClock;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Tls;
use crate::credential::DeviceCertificate;

/// Accepts connections by TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1.
pub(crate) struct Acceptor {
    certificate: Arc<dyn ResolvesServerCert>,
    provider: Arc<CryptoProvider>,
    clock: WallClock,
    config: ArcSwap<ServerConfig>,
}

/// A connection after its handshake.
pub(crate) struct Secured {
    /// Boxed: a kibibyte and a half that would be moved, and kept, at every step of a connection's future.
    pub(crate) stream: Box<TlsStream<TcpStream>>,
    pub(crate) is_http2: bool,
    /// Of a device, verified.
    pub(crate) device: Option<DeviceCertificate>,
}

impl Acceptor {
    /// One that asks nobody for a certificate yet; validity of certificates is judged by `clock`.
    pub(crate) fn new(tls: &Tls, clock: WallClock) -> Self {
        let (certificate, provider) = (tls.resolver(), Arc::clone(&tls.pair.provider));
        let nobody = WebPkiClientVerifier::no_client_auth();
        let config = config(&certificate, &provider, &clock, nobody);
        Self {
            config: ArcSwap::from_pointee(config),
            certificate,
            provider,
            clock,
        }
    }

    /// From the next handshake on, clients are asked for a certificate of one of these authorities (DER). It stays
    /// optional, and because the authorities are named, a browser that has none of theirs does not ask its user. One
    /// that is shown and does not verify fails the handshake with the alert that says why. Without authorities nobody
    /// is asked.
    pub(crate) fn ask_for_devices_of(&self, authorities: &[Vec<u8>]) {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            if let Err(error) = roots.add(CertificateDer::from(authority.as_slice())) {
                tracing::error!(%error, "an authority of devices cannot be used: its devices are refused");
            }
        }
        let provider = Arc::clone(&self.provider);
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .allow_unauthenticated()
            .build()
            // Nothing but the want of authorities fails it.
            .unwrap_or_else(|_| WebPkiClientVerifier::no_client_auth());
        let config = config(&self.certificate, &self.provider, &self.clock, verifier);
        self.config.store(Arc::new(config));
    }

    /// The handshake.
    ///
    /// # Errors
    /// What went wrong on either side; the other side was told by an alert.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<Secured> {
        let stream = TlsAcceptor::from(self.config.load_full())
            .accept(stream)
            .await?;
        let (_, about) = stream.get_ref();
        let leaf = about.peer_certificates().and_then(<[_]>::first);
        Ok(Secured {
            is_http2: about.alpn_protocol() == Some(b"h2"),
            device: leaf.map(|leaf| DeviceCertificate::new(leaf)),
            stream: Box::new(stream),
        })
    }
}

/// No resumption of any kind: a resumed session brings back the certificate of its first handshake without looking at
/// it, so one that has expired, or whose authority is gone, would live on. For browsers it was worth little: they keep
/// their connections.
fn config(
    certificate: &Arc<dyn ResolvesServerCert>,
    provider: &Arc<CryptoProvider>,
    clock: &WallClock,
    verifier: Arc<dyn ClientCertVerifier>,
) -> ServerConfig {
    let (provider, clock) = (Arc::clone(provider), Arc::new(Now(Arc::clone(clock))));
    let mut config = ServerConfig::builder_with_details(provider, clock)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .expect("the provider has suites for both versions")
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::clone(certificate));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config
}

/// Our clock, for rustls.
struct Now(WallClock);

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        let since = (self.0)().duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(UnixTime::since_unix_epoch(since))
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Now")
    }
}

//! A gateway with a certificate, an authority of devices, and clients that speak TLS.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::{Buf, Bytes};
use http::{HeaderMap, Request, header};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use prost::Message;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::Status;

use super::fleet::Fleet;
use super::stand::{Answer, H2, Stand, collect, framed};
use crate::{Config, Tls};

/// Both versions that are spoken.
pub(super) const VERSIONS: [&SupportedProtocolVersion; 2] =
    [&rustls::version::TLS12, &rustls::version::TLS13];

const NAME: &str = "ent.example.fr";

/// A gateway with a certificate made for it.
pub(super) struct Secured {
    pub(super) stand: Stand,
    root: CertificateDer<'static>,
    /// By how many seconds the gateway's clock is ahead.
    ahead: Arc<AtomicU64>,
    _files: tempfile::TempDir,
}

impl Secured {
    pub(super) async fn new() -> Self {
        Self::with_fleet(Fleet::default()).await
    }

    /// One that knows this authority's devices.
    pub(super) async fn for_devices_of(authority: &DeviceAuthority) -> Self {
        let fleet = Fleet::default();
        authority.is_known_to(&fleet);
        Self::with_fleet(fleet).await
    }

    pub(super) async fn with_fleet(fleet: Fleet) -> Self {
        let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).expect("a certificate");
        let files = tempfile::tempdir().expect("a folder");
        let (certificate, key) = (files.path().join("a.pem"), files.path().join("b.pem"));
        std::fs::write(&certificate, made.cert.pem()).expect("writable");
        std::fs::write(&key, made.signing_key.serialize_pem()).expect("writable");
        let ahead = Arc::new(AtomicU64::new(0));
        let seconds = Arc::clone(&ahead);
        let config = Config {
            tls: Some(Tls::load(&certificate, &key).expect("a good pair")),
            header_timeout: Duration::from_secs(2),
            clock: Arc::new(move || {
                SystemTime::now() + Duration::from_secs(seconds.load(Ordering::SeqCst))
            }),
            ..Config::default()
        };
        Self {
            stand: Stand::with_fleet(config, Arc::new(fleet)).await,
            root: made.cert.der().clone(),
            ahead,
            _files: files,
        }
    }

    /// The gateway's clock is ahead by so much from now on.
    pub(super) fn pass(&self, time: Duration) {
        self.ahead.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    /// A client of these versions that shows this certificate if it is asked.
    pub(super) fn client(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        protocol: &[u8],
        device: Option<&Device>,
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(roots);
        let mut config = match device {
            Some(device) => builder
                .with_client_auth_cert(device.chain.clone(), device.key.clone_key())
                .expect("a pair"),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![protocol.to_vec()];
        config
    }

    pub(super) async fn connect(&self, client: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
        self.connect_again(&Arc::new(client)).await
    }

    /// With what the client remembers of earlier connections.
    pub(super) async fn connect_again(
        &self,
        client: &Arc<ClientConfig>,
    ) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.stand.address).await?;
        let name = ServerName::try_from(NAME).expect("a name");
        let connector = TlsConnector::from(Arc::clone(client));
        connector.connect(name, stream).await
    }

    /// A connection on which calls are made, of HTTP/2 natively, of HTTP/1.1 by gRPC-web.
    pub(super) async fn line(&self, protocol: &[u8], device: Option<&Device>) -> Line {
        let client = self.client(&VERSIONS, protocol, device);
        Line::over(self.connect(client).await.expect("a handshake")).await
    }
}

/// Signs certificates of devices.
pub(super) struct DeviceAuthority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// A device's certificate and key.
pub(super) struct Device {
    pub(super) chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl DeviceAuthority {
    pub(super) fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        let certificate = params
            .self_signed(&key)
            .expect("a certificate")
            .der()
            .clone();
        Self {
            issuer: Issuer::new(params, key),
            certificate,
        }
    }

    /// Its name, DER.
    pub(super) fn subject(&self) -> Vec<u8> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("an authority");
        roots.subjects()[0].as_ref().to_vec()
    }

    pub(super) fn is_known_to(&self, fleet: &Fleet) {
        let mut authorities = fleet.authorities.lock().expect("not poisoned");
        authorities.push(self.certificate.to_vec());
    }

    /// A certificate that is good for an hour from then on.
    pub(super) fn device_from(&self, begins: SystemTime) -> Device {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.not_before = begins.into();
        params.not_after = (begins + Duration::from_secs(3600)).into();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let leaf = params.signed_by(&key, &self.issuer).expect("a certificate");
        Device {
            chain: vec![leaf.der().clone(), self.certificate.clone()],
            key: PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
        }
    }

    /// One that is good now, for a little less than an hour.
    pub(super) fn device(&self) -> Device {
        self.device_from(SystemTime::now() - Duration::from_secs(60))
    }
}

/// A connection, and how calls are made on it.
pub(super) enum Line {
    Native(H2),
    Web(hyper::client::conn::http1::SendRequest<Full<Bytes>>),
}

impl Line {
    pub(super) async fn over(stream: TlsStream<TcpStream>) -> Self {
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            return Self::Native(H2::over(stream).await);
        }
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("HTTP/1.1");
        tokio::spawn(connection);
        Self::Web(sender)
    }

    pub(super) async fn call(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        message: &impl Message,
    ) -> Answer {
        match self {
            Self::Native(client) => client.call(path, headers, message).await,
            Self::Web(sender) => {
                sender.ready().await.expect("open");
                let request = web_request(path, headers, message);
                let response = collect(sender.send_request(request).await.expect("answered")).await;
                let (parts, mut body) = (response.headers().clone(), response.into_body());
                let (data, trailers) = split(&mut body);
                Answer {
                    status: Status::from_header_map(trailers.as_ref().unwrap_or(&parts)),
                    headers: parts,
                    body: data,
                }
            }
        }
    }
}

pub(super) fn web_request(
    path: &str,
    headers: &[(&str, &str)],
    message: &impl Message,
) -> Request<Full<Bytes>> {
    let mut request = Request::post(path)
        .header(header::HOST, NAME)
        .header(header::CONTENT_TYPE, "application/grpc-web+proto");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(framed(message))).expect("a request")
}

/// The data frames of a gRPC-web body, and its trailers.
fn split(body: &mut Bytes) -> (Bytes, Option<HeaderMap>) {
    let whole = body.clone();
    while body.has_remaining() {
        let before = whole.len() - body.len();
        let (flags, length) = (body.get_u8(), body.get_u32() as usize);
        let frame = body.split_to(length);
        if flags & 0x80 != 0 {
            let text = String::from_utf8(frame.to_vec()).expect("text");
            let pairs = text.lines().filter_map(|line| line.split_once(':'));
            let trailers = pairs.map(|(name, value)| {
                let name: header::HeaderName = name.parse().expect("a name");
                (name, value.trim().parse().expect("a value"))
            });
            return (whole.slice(..before), Some(trailers.collect()));
        }
    }
    (whole, None)
}

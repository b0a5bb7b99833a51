//! Many devices, each on a connection of its own with one Watch open.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::Request;
use http::header::{CONTENT_TYPE, HOST, TE};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use preau_bench_fleet::EMPTY_MESSAGE;
use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{PrivatePkcs8KeyDer, ServerName};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::servers::{Credential, Enrolled};

const WATCH: &str = "/preau.devices.v1.AgentService/Watch";
/// Connections being opened at once.
const AT_ONCE: usize = 64;
/// How often a device that was turned away comes back before the run is given up.
const TRIES: usize = 5;

#[derive(Clone, Copy)]
pub(crate) enum Protocol {
    /// gRPC.
    Http2,
    /// gRPC-web.
    Http1,
}

/// Everybody who is watching; they leave when it goes.
pub(crate) struct Crowd {
    /// From the first dial to the last first answer.
    pub(crate) took: Duration,
    gone: Arc<AtomicUsize>,
    _watching: JoinSet<()>,
}

impl Crowd {
    /// Everybody is in, and has had an answer, when this returns.
    pub(crate) async fn gather(
        credentials: &[Credential],
        enrolled: &Enrolled,
        address: SocketAddr,
        protocol: Protocol,
    ) -> anyhow::Result<Self> {
        let roots = Arc::new(enrolled.roots()?);
        let began = Instant::now();
        let bodies: Vec<Incoming> = stream::iter(credentials)
            .map(|credential| arrive(credential, &roots, address, protocol))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let took = began.elapsed();
        let gone = Arc::new(AtomicUsize::new(0));
        let mut watching = JoinSet::new();
        for mut body in bodies {
            let gone = Arc::clone(&gone);
            watching.spawn(async move {
                while let Some(Ok(_)) = body.frame().await {}
                gone.fetch_add(1, Ordering::Relaxed);
            });
        }
        Ok(Self {
            took,
            gone,
            _watching: watching,
        })
    }

    pub(crate) fn all_are_there(&self) -> bool {
        self.gone.load(Ordering::Relaxed) == 0
    }
}

async fn arrive(
    credential: &Credential,
    roots: &Arc<RootCertStore>,
    address: SocketAddr,
    protocol: Protocol,
) -> anyhow::Result<Incoming> {
    let mut tries = 1;
    loop {
        match watch(credential, roots, address, protocol).await {
            Err(_) if tries < TRIES => tries += 1,
            outcome => return outcome.with_context(|| format!("turned away {tries} times")),
        }
    }
}

/// Opens the Watch and reads its first message.
async fn watch(
    credential: &Credential,
    roots: &Arc<RootCertStore>,
    address: SocketAddr,
    protocol: Protocol,
) -> anyhow::Result<Incoming> {
    let (alpn, kind): (&[u8], _) = match protocol {
        Protocol::Http2 => (b"h2", "application/grpc"),
        Protocol::Http1 => (b"http/1.1", "application/grpc-web+proto"),
    };
    let io = TokioIo::new(dial(credential, roots, address, alpn).await?);
    let request = Request::post(match protocol {
        Protocol::Http2 => format!("https://{address}{WATCH}"),
        Protocol::Http1 => WATCH.to_owned(),
    });
    let request = request.header(CONTENT_TYPE, kind);
    let body = Full::new(Bytes::from_static(&EMPTY_MESSAGE));
    let response = match protocol {
        Protocol::Http2 => {
            let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
            tokio::spawn(connection);
            sender
                .send_request(request.header(TE, "trailers").body(body)?)
                .await?
        }
        Protocol::Http1 => {
            let (mut sender, connection) = http1::handshake(io).await?;
            tokio::spawn(connection);
            sender
                .send_request(request.header(HOST, address.to_string()).body(body)?)
                .await?
        }
    };
    let status = response.headers().get("grpc-status").cloned();
    anyhow::ensure!(status.is_none(), "the Watch was refused: {status:?}");
    let mut body = response.into_body();
    let first = body.frame().await.context("the Watch ended at once")??;
    anyhow::ensure!(first.is_data(), "the Watch ended at once");
    Ok(body)
}

async fn dial(
    credential: &Credential,
    roots: &Arc<RootCertStore>,
    address: SocketAddr,
    alpn: &[u8],
) -> anyhow::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivatePkcs8KeyDer::from(credential.key.clone());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(Arc::clone(roots))
        .with_client_auth_cert(credential.chain.clone(), key.into())?;
    config.alpn_protocols = vec![alpn.to_vec()];
    config.resumption = Resumption::disabled();
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::from(address.ip());
    Ok(TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?)
}

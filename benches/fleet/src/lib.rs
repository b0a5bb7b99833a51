//! What a device's open Watch costs when nothing but hyper and rustls serves it: the thing to compare with.
//!
//! Two things to know: [`serve`], which answers any call with one empty message and then keeps the stream open; and
//! [`server_config`], TLS 1.3 that asks for a client's certificate and verifies it, as the gateway's does.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// An empty message in gRPC's framing, which gRPC-web shares.
pub const EMPTY_MESSAGE: [u8; 5] = [0; 5];

/// TLS with this certificate and key (PEM), for clients with a certificate of the authority in `clients` (DER).
///
/// # Errors
/// A file that cannot be read, or that holds something else.
pub fn server_config(
    certificate: &Path,
    key: &Path,
    clients: &Path,
) -> anyhow::Result<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(std::fs::read(clients)?))?;
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier.build()?)
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Serves until the process ends; `on_address` is told where.
///
/// # Errors
/// When no port is free.
pub async fn serve(
    config: ServerConfig,
    on_address: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    on_address(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // A client that goes away is none of the measured ones.
            let _ = connection(stream, acceptor).await;
        });
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let stream = acceptor.accept(stream).await?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let io = TokioIo::new(stream);
    let service = service_fn(answer);
    if is_http2 {
        http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .serve_connection(io, service)
            .await?;
    } else {
        http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(io, service)
            .await?;
    }
    Ok(())
}

async fn answer(request: Request<Incoming>) -> Result<Response<Once>, Infallible> {
    let mut response = Response::new(Once { is_sent: false });
    if let Some(kind) = request.headers().get(CONTENT_TYPE) {
        response.headers_mut().insert(CONTENT_TYPE, kind.clone());
    }
    Ok(response)
}

/// One empty message, then nothing, for ever.
struct Once {
    is_sent: bool,
}

impl Body for Once {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.is_sent {
            return Poll::Pending;
        }
        self.is_sent = true;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&EMPTY_MESSAGE)))))
    }
}

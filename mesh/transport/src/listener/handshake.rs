//! From an accepted socket to a verified peer: server name, TLS, HTTP/2 preface.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use preau_mesh_identity::{IdentityStore, JOIN, SpiffeId, SvidError, explain_tls_io};
use rustls::server::Acceptor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::Host;
use crate::events::ConnectionInfo;
use crate::wire::PREFACE;

/// A fatal `unrecognized_name` alert (RFC 8446, section 6.2) in a plaintext record.
const UNRECOGNISED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// Why a handshake failed; shown to the operator.
#[derive(Debug, thiserror::Error)]
pub(super) enum HandshakeError {
    #[error("no TLS greeting: {}", explain_tls_io(.0))]
    Hello(io::Error),
    #[error("the client named no server (TLS SNI)")]
    NoServerName,
    #[error("the client asked for server name {0:?}, which no role of this process answers to")]
    UnknownServerName(String),
    #[error("{}", explain_tls_io(.0))]
    Tls(io::Error),
    #[error("the client did not agree on HTTP/2 (ALPN h2)")]
    NotHttp2,
    #[error("the client did not begin HTTP/2: {0}")]
    Preface(io::Error),
    #[error("the client's certificate cannot be read: {0}")]
    Peer(#[from] SvidError),
}

pub(super) async fn run(
    host: &Host,
    tcp: TcpStream,
    remote: SocketAddr,
) -> Result<(TlsStream<TcpStream>, Arc<ConnectionInfo>), HandshakeError> {
    tcp.set_nodelay(true).map_err(HandshakeError::Hello)?;
    // A client that stays silent waits here and takes no place among the handshakes.
    let start = LazyConfigAcceptor::new(Acceptor::default(), tcp)
        .await
        .map_err(HandshakeError::Hello)?;
    let name = start.client_hello().server_name().map(str::to_owned);
    let chosen = name.as_deref().and_then(|name| {
        let role = host.identities.role_of(name)?;
        Some((role, host.identities.server_config(name)?))
    });
    let Some((role, config)) = chosen else {
        let mut tcp = start.io;
        let _ = tcp.write_all(&UNRECOGNISED_NAME).await;
        return Err(name.map_or(
            HandshakeError::NoServerName,
            HandshakeError::UnknownServerName,
        ));
    };
    let permit = host.handshakes.acquire().await;
    let mut tls = start
        .into_stream(config)
        .await
        .map_err(HandshakeError::Tls)?;
    drop(permit);
    let peer = verified_peer(&tls, &role)?;
    read_preface(&mut tls).await?;
    Ok((tls, Arc::new(ConnectionInfo { role, peer, remote })))
}

fn verified_peer(
    tls: &TlsStream<TcpStream>,
    role: &str,
) -> Result<Option<SpiffeId>, HandshakeError> {
    let session = tls.get_ref().1;
    if session.alpn_protocol() != Some(b"h2") {
        return Err(HandshakeError::NotHttp2);
    }
    if role == JOIN {
        return Ok(None);
    }
    let chain = session.peer_certificates().unwrap_or_default();
    Ok(Some(IdentityStore::peer_id(chain)?))
}

/// hyper waits for the preface without a limit of its own, so it is read here, within the handshake's.
async fn read_preface(tls: &mut TlsStream<TcpStream>) -> Result<(), HandshakeError> {
    let mut seen = [0; PREFACE.len()];
    tls.read_exact(&mut seen)
        .await
        .map_err(HandshakeError::Preface)?;
    if seen == PREFACE {
        Ok(())
    } else {
        Err(HandshakeError::NotHttp2)
    }
}

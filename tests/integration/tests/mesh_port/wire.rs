//! One HTTP/2 request written by hand: libraries refuse to send most of what an
//! attacker would (a `:path` without a slash, for one).

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What an attempt came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A message came back.
    Answered,
    /// The request was refused, by a status without a message or by a reset.
    Refused(String),
    /// There was no connection to ask on.
    NoConnection(String),
}

/// Frame types and flags (RFC 9113, section 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Sends one empty gRPC message to `path` on a new connection.
pub(super) async fn attempt(
    address: &str,
    config: Arc<ClientConfig>,
    sni: &str,
    path: &str,
) -> Outcome {
    let limit = Duration::from_secs(20);
    match tokio::time::timeout(limit, exchange(address, config, sni, path)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Outcome::NoConnection(format!("{error:#}")),
        Err(_) => panic!("neither an answer nor an end within {limit:?} ({sni}{path})"),
    }
}

async fn exchange(
    address: &str,
    config: Arc<ClientConfig>,
    sni: &str,
    path: &str,
) -> anyhow::Result<Outcome> {
    let stream = TcpStream::connect(address).await.context("connecting")?;
    let name = ServerName::try_from(sni.to_owned())?;
    let tls = TlsConnector::from(config).connect(name, stream).await;
    let mut tls = tls.context("TLS handshake")?;
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    bytes.extend(frame(HEADERS, END_HEADERS, 1, &header_block(sni, path)));
    bytes.extend(frame(DATA, END_STREAM, 1, &[0; 5]));
    tls.write_all(&bytes).await.context("writing")?;
    tls.flush().await.context("writing")?;
    loop {
        // In TLS 1.3 a refused client certificate shows at the first read.
        let (kind, flags, stream, payload) = read_frame(&mut tls).await.context("reading")?;
        match (kind, stream) {
            (DATA, 1) if !payload.is_empty() => return Ok(Outcome::Answered),
            (DATA | HEADERS, 1) if flags & END_STREAM != 0 => {
                return Ok(Outcome::Refused("a status and no message".into()));
            }
            (RST_STREAM, 1) => return Ok(Outcome::Refused(format!("reset {payload:?}"))),
            (GOAWAY, _) => return Ok(Outcome::Refused(format!("goaway {payload:?}"))),
            _ => {}
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Literal fields without indexing or Huffman coding (RFC 7541, section 6.2.2).
fn header_block(authority: &str, path: &str) -> Vec<u8> {
    let fields = [
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", authority),
        (":path", path),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            // A length below 127 is one byte; the high bit would say Huffman.
            assert!(text.len() < 127);
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.as_bytes());
        }
    }
    block
}

async fn read_frame(
    stream: &mut (impl AsyncRead + Unpin),
) -> anyhow::Result<(u8, u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await?;
    let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
    if length > 1 << 20 {
        bail!("a frame of {length} bytes");
    }
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await?;
    let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
    Ok((head[3], head[4], id, payload))
}

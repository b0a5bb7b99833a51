//! Opening one connection to a server.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::client::Resumption;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tonic::Status;

use super::address::{Address, is_this_machine};
use super::trust::{Shown, Trusted};
use super::{refusal, tls};
use crate::error::AgentError;

/// How long a connection may take to be made, TLS included.
const CONNECT: Duration = Duration::from_secs(5);
const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// Where to dial, and how. Cheap to clone.
#[derive(Clone)]
pub struct Dialer {
    address: Address,
    /// Nothing for plain HTTP.
    tls: Option<Arc<ClientConfig>>,
}

impl Dialer {
    /// For HTTP/2, and without a certificate of one's own: what the command line speaks. Nothing is dialled yet.
    ///
    /// # Errors
    /// Files of `trust` that cannot be read; they are read for TLS only.
    pub fn http2(address: Address, trust: &super::Trust) -> Result<Self, AgentError> {
        let tls = match address.is_secure() {
            true => Some(Arc::new(configured(&trust.load()?, &[HTTP2], None)?)),
            false => None,
        };
        Ok(Self { address, tls })
    }

    /// For a device: HTTP/2, HTTP/1.1, or whichever the server agrees to.
    pub(crate) fn of_device(
        address: Address,
        trusted: Option<&Trusted>,
        transport: super::Transport,
        shown: Option<Shown>,
    ) -> Result<Self, AgentError> {
        use super::Transport as T;
        let protocols: &[&[u8]] = match transport {
            T::Auto => &[HTTP2, HTTP1],
            T::Grpc => &[HTTP2],
            T::GrpcWeb => &[HTTP1],
        };
        let tls = match trusted.filter(|_| address.is_secure()) {
            Some(trusted) => {
                let mut config = configured(trusted, protocols, shown)?;
                // A device holds one connection for long: tickets would be memory for nothing, and with a
                // certificate of its own a connection is never resumed.
                config.resumption = Resumption::disabled();
                Some(Arc::new(config))
            }
            None => None,
        };
        Ok(Self { address, tls })
    }

    /// Where it leads.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// A connection on which HTTP/2 was agreed, or is taken for granted where there is no TLS.
    ///
    /// # Errors
    /// UNAVAILABLE where another try may help; FAILED_PRECONDITION where it does not: a certificate that is not
    /// believed, another protocol, a name without TLS that leads to another machine.
    pub async fn dial_http2(&self) -> Result<Stream, Status> {
        let stream = self.dial().await?;
        match stream.speaks_http1() {
            Some(true) => Err(tls::no_http2()),
            _ => Ok(stream),
        }
    }

    /// The same with whatever protocol was agreed.
    pub(crate) async fn dial(&self) -> Result<Stream, Status> {
        let dialled = tokio::time::timeout(CONNECT, self.connect()).await;
        dialled.unwrap_or_else(|_| Err(Status::unavailable("no connection within 5 s")))
    }

    async fn connect(&self) -> Result<Stream, Status> {
        let host = self.address.host();
        let stream = TcpStream::connect((host, self.address.port()))
            .await
            .map_err(|error| Status::unavailable(format!("cannot connect ({error})")))?;
        // Without it small calls are only slower.
        let _ = stream.set_nodelay(true);
        match &self.tls {
            Some(config) => {
                let stream = tls::handshake(stream, host, config).await?;
                Ok(Stream(Kind::Tls(Box::new(stream))))
            }
            None if is_here(&stream) => Ok(Stream(Kind::Plain(stream))),
            None => Err(refusal(
                "NOT_THIS_MACHINE",
                format!("{host} is not this machine, and the address is one without TLS"),
                "write https://, or 127.0.0.1 instead of the name",
            )),
        }
    }
}

fn configured(
    trusted: &Trusted,
    protocols: &[&[u8]],
    shown: Option<Shown>,
) -> Result<ClientConfig, AgentError> {
    let config = trusted.config(protocols, shown);
    config.map_err(|_| AgentError::Key {
        doing: "begin a connection",
    })
}

/// A name that sounds like this machine may have been given to another.
fn is_here(stream: &TcpStream) -> bool {
    stream
        .peer_addr()
        .is_ok_and(|peer| is_this_machine(peer.ip()))
}

/// An open connection.
pub struct Stream(Kind);

enum Kind {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Whether HTTP/1.1 was agreed on; nothing was, where there is no TLS.
    pub(crate) fn speaks_http1(&self) -> Option<bool> {
        match &self.0 {
            Kind::Plain(_) => None,
            // A server that agrees on nothing speaks the oldest.
            Kind::Tls(stream) => Some(stream.get_ref().1.alpn_protocol() != Some(HTTP2)),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Kind::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Kind::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Kind::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Kind::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Kind::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Kind::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Kind::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Kind::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}

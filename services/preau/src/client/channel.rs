//! One HTTP/2 connection to a gateway, dialled when needed and again when it is gone.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tonic::Status;
use tonic::body::Body;

use super::address::{Address, is_this_machine};
use super::status::refusal;
use super::tls;
use super::trust::Trust;
use crate::failure::Failure;

const CONNECT: Duration = Duration::from_secs(5);

/// Cheap to clone; every clone shares the connection.
#[derive(Clone)]
pub(crate) struct Channel {
    server: Arc<Server>,
    connection: Arc<Mutex<Option<SendRequest<Body>>>>,
}

/// Where to dial, and how.
struct Server {
    address: Address,
    /// Nothing for plain HTTP.
    tls: Option<Arc<ClientConfig>>,
}

impl Channel {
    /// For `https://host:port`, or `http://host:port` on this machine; nothing is dialled yet.
    pub(crate) fn new(url: &str, trust: &Trust) -> Result<Self, Failure> {
        let address = Address::parse(url)?;
        let tls = match address.is_secure() {
            true => Some(Arc::new(trust.config()?)),
            false => None,
        };
        Ok(Self {
            server: Arc::new(Server { address, tls }),
            connection: Arc::default(),
        })
    }

    async fn connection(&self) -> Result<SendRequest<Body>, Status> {
        // Held while dialling: whoever comes meanwhile wants the same connection.
        let mut held = self.connection.lock().await;
        if let Some(open) = held.as_ref().filter(|open| !open.is_closed()) {
            return Ok(open.clone());
        }
        let dialled = tokio::time::timeout(CONNECT, self.server.dial()).await;
        let open =
            dialled.unwrap_or_else(|_| Err(Status::unavailable("no connection within 5 s")))?;
        *held = Some(open.clone());
        Ok(open)
    }
}

impl Server {
    async fn dial(&self) -> Result<SendRequest<Body>, Status> {
        let host = self.address.host();
        let stream = TcpStream::connect((host, self.address.port()))
            .await
            .map_err(|error| Status::unavailable(format!("cannot connect ({error})")))?;
        let _ = stream.set_nodelay(true);
        match &self.tls {
            Some(config) => speak(tls::handshake(stream, host, config).await?).await,
            None if is_here(&stream) => speak(stream).await,
            None => Err(refusal(
                "NOT_THIS_MACHINE",
                format!("{host} is not this machine, and the address is one without TLS"),
                "write https://, or 127.0.0.1 instead of the name",
            )),
        }
    }
}

/// A name that sounds like this machine may have been given to another.
fn is_here(stream: &TcpStream) -> bool {
    stream
        .peer_addr()
        .is_ok_and(|peer| is_this_machine(peer.ip()))
}

async fn speak<S>(stream: S) -> Result<SendRequest<Body>, Status>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(2 * 1024 * 1024)
        .initial_connection_window_size(8 * 1024 * 1024)
        .keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(20))
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Status::unavailable(format!("cannot speak HTTP/2 ({error})")))?;
    // Ends with the last clone of the sender.
    tokio::spawn(connection);
    Ok(sender)
}

impl tower::Service<Request<Body>> for Channel {
    type Response = Response<Incoming>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Incoming>, Status>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let channel = self.clone();
        async move {
            let path = request.uri().path_and_query().cloned();
            *request.uri_mut() = Uri::builder()
                .scheme(channel.server.address.scheme.clone())
                .authority(channel.server.address.authority.clone())
                .path_and_query(path.ok_or_else(|| Status::internal("a call without a path"))?)
                .build()
                .map_err(|error| Status::internal(error.to_string()))?;
            let mut connection = channel.connection().await?;
            connection
                .send_request(request)
                .await
                .map_err(|error| Status::unavailable(format!("the connection broke ({error})")))
        }
        .boxed()
    }
}

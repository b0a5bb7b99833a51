//! One HTTP/2 connection to a gateway, dialled when needed and again when it is gone.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tonic::Status;
use tonic::body::Body;

use crate::failure::{Exit, Failure};

const CONNECT: Duration = Duration::from_secs(5);

/// Cheap to clone; every clone shares the connection.
#[derive(Clone)]
pub(crate) struct Channel {
    authority: Authority,
    connection: Arc<Mutex<Option<SendRequest<Body>>>>,
}

impl Channel {
    /// For `http://host:port`; nothing is dialled yet.
    pub(crate) fn new(url: &str) -> Result<Self, Failure> {
        let wrong = |what: &str| {
            Failure::new(what, url, "write an address such as http://127.0.0.1:8080")
                .exit(Exit::Usage)
        };
        let uri: Uri = url.parse().map_err(|_| wrong("no such address"))?;
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => {}
            Some(scheme) if *scheme == Scheme::HTTPS => {
                return Err(wrong(
                    "this command speaks plain HTTP only, on the gateway's own machine",
                ));
            }
            _ => return Err(wrong("the address does not begin with http://")),
        }
        if uri.path() != "/" || uri.query().is_some() {
            return Err(wrong("an address of a gateway has no path"));
        }
        let authority = uri
            .into_parts()
            .authority
            .ok_or_else(|| wrong("no host in the address"))?;
        Ok(Self {
            authority,
            connection: Arc::default(),
        })
    }

    async fn connection(&self) -> Result<SendRequest<Body>, Status> {
        // Held while dialling: whoever comes meanwhile wants the same connection.
        let mut held = self.connection.lock().await;
        if let Some(open) = held.as_ref().filter(|open| !open.is_closed()) {
            return Ok(open.clone());
        }
        let dialled = tokio::time::timeout(CONNECT, dial(&self.authority)).await;
        let open =
            dialled.unwrap_or_else(|_| Err(Status::unavailable("no connection within 5 s")))?;
        *held = Some(open.clone());
        Ok(open)
    }
}

async fn dial(authority: &Authority) -> Result<SendRequest<Body>, Status> {
    let address = (
        authority.host().trim_matches(['[', ']']),
        authority.port_u16().unwrap_or(80),
    );
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| Status::unavailable(format!("cannot connect ({error})")))?;
    let _ = stream.set_nodelay(true);
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
                .scheme(Scheme::HTTP)
                .authority(channel.authority.clone())
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

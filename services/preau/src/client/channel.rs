//! One HTTP/2 connection to a gateway, dialled when needed and again when it is gone.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use preau_agent::link::{Address, Dialer, Stream, Trust};
use tokio::sync::Mutex;
use tonic::Status;
use tonic::body::Body;

use crate::failure::Failure;

/// Cheap to clone; every clone shares the connection.
#[derive(Clone)]
pub(crate) struct Channel {
    dialer: Arc<Dialer>,
    connection: Arc<Mutex<Option<SendRequest<Body>>>>,
}

impl Channel {
    /// For `https://host:port`, or `http://host:port` on this machine; nothing is dialled yet.
    pub(crate) fn new(url: &str, trust: &Trust) -> Result<Self, Failure> {
        let dialer = Dialer::http2(Address::parse(url)?, trust)?;
        Ok(Self {
            dialer: Arc::new(dialer),
            connection: Arc::default(),
        })
    }

    async fn connection(&self) -> Result<SendRequest<Body>, Status> {
        // Held while dialling: whoever comes meanwhile wants the same connection.
        let mut held = self.connection.lock().await;
        if let Some(open) = held.as_ref().filter(|open| !open.is_closed()) {
            return Ok(open.clone());
        }
        let open = speak(self.dialer.dial_http2().await?).await?;
        *held = Some(open.clone());
        Ok(open)
    }
}

async fn speak(stream: Stream) -> Result<SendRequest<Body>, Status> {
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
            let address = channel.dialer.address();
            *request.uri_mut() = Uri::builder()
                .scheme(address.scheme().clone())
                .authority(address.authority().clone())
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

//! One established connection and the streams on it.

use std::error::Error as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;

use super::dial::Target;
use super::outgoing::{Dispatched, Outgoing, Return};
use crate::error::TransportError;
use crate::wire::Life;

/// A connection the peer has answered on.
///
/// Only the pool keeps it. A request holds no sender while it waits: one that slips into the queue of a connection
/// at the moment it ends is returned when the last sender is dropped, so a sender in its hands would make it wait
/// for itself.
pub(super) struct Connection {
    sender: SendRequest<Dispatched>,
    streams: Arc<Streams>,
}

/// What outlives the connection for those who still wait or read.
struct Streams {
    open: AtomicUsize,
    life: Arc<Life>,
    target: Arc<Target>,
}

/// A request that got no answer, and its body when the peer certainly did not process it.
pub(super) struct Failure {
    pub(super) error: TransportError,
    pub(super) again: Option<Outgoing>,
}

impl Connection {
    pub(super) fn new(
        sender: SendRequest<Dispatched>,
        life: Arc<Life>,
        target: Arc<Target>,
    ) -> Self {
        let open = AtomicUsize::new(0);
        let streams = Arc::new(Streams { open, life, target });
        Self { sender, streams }
    }

    /// Streams that have not seen the end of their answer.
    pub(super) fn open_streams(&self) -> usize {
        self.streams.open.load(Ordering::Relaxed)
    }

    /// Whether it takes no more requests. A GOAWAY is noticed with the next request at the latest.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Puts a request on the connection; what is returned waits for the head of its answer without holding on to
    /// the connection.
    pub(super) fn send(
        &self,
        head: &Parts,
        outgoing: Outgoing,
    ) -> impl Future<Output = Result<Response<ResponseBody>, Failure>> + Send + use<> {
        let stream = OpenStream::begin(self.streams.clone());
        let (body, back) = outgoing.dispatch();
        let answer = self.sender.clone().try_send_request(request(head, body));
        async move {
            match answer.await {
                Ok(response) => Ok(response.map(|body| ResponseBody {
                    body,
                    _stream: stream,
                })),
                Err(mut failure) => {
                    // When hyper has the request still, dropping it sends the body home untouched.
                    let unsent = failure.take_message().is_some();
                    Err(stream.0.fail(failure.into_error(), unsent, back).await)
                }
            }
        }
    }
}

impl Streams {
    async fn fail(&self, error: hyper::Error, unsent: bool, back: Return) -> Failure {
        let refused = refused_by_peer(&error);
        let returned = back.wait().await;
        let again = returned
            .filter(|returned| unsent || refused || returned.untouched)
            .map(|returned| returned.outgoing);
        Failure {
            error: self.closed(&error, !(unsent || refused || again.is_some())),
            again,
        }
    }

    fn closed(&self, error: &hyper::Error, sent: bool) -> TransportError {
        let mut reason = error.to_string();
        if let Some(cause) = error.source() {
            reason = format!("{reason}: {cause}");
        }
        if let Some(fault) = self.life.fault() {
            reason = format!("{reason} ({fault})");
        }
        TransportError::Closed {
            to: self.target.to.clone(),
            addr: self.target.addr.clone(),
            reason: reason.into(),
            sent,
        }
    }
}

fn request(head: &Parts, body: Dispatched) -> Request<Dispatched> {
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.uri.clone();
    *request.version_mut() = http::Version::HTTP_2;
    *request.headers_mut() = head.headers.clone();
    request
}

/// The peer said so: the stream lies beyond the last one its GOAWAY promises to process, or was refused.
fn refused_by_peer(error: &hyper::Error) -> bool {
    let Some(cause) = error
        .source()
        .and_then(|cause| cause.downcast_ref::<h2::Error>())
    else {
        return false;
    };
    cause.is_remote() && (cause.is_go_away() || cause.reason() == Some(h2::Reason::REFUSED_STREAM))
}

/// Counts a stream for as long as it lives.
struct OpenStream(Arc<Streams>);

impl OpenStream {
    fn begin(streams: Arc<Streams>) -> Self {
        streams.open.fetch_add(1, Ordering::Relaxed);
        Self(streams)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer; its stream counts as open until it is dropped.
pub struct ResponseBody {
    body: Incoming,
    _stream: OpenStream,
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl std::fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResponseBody")
    }
}

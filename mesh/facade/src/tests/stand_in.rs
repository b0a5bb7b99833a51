//! A service of the contract that answers every method by one closure.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

use crate::Call;

type Answer = BoxFuture<'static, Result<Body, Status>>;

/// Named like the generated server `N`, of which it needs no handler.
pub(super) struct StandIn<N> {
    answer: Arc<dyn Fn(Call) -> Answer + Send + Sync>,
    name: PhantomData<fn() -> N>,
}

impl<N> StandIn<N> {
    pub(super) fn new<F>(answer: impl Fn(Call) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Body, Status>> + Send + 'static,
    {
        Self {
            answer: Arc::new(move |call| Box::pin(answer(call))),
            name: PhantomData,
        }
    }
}

impl<N> Clone for StandIn<N> {
    fn clone(&self) -> Self {
        Self {
            answer: self.answer.clone(),
            name: PhantomData,
        }
    }
}

impl<N: NamedService> NamedService for StandIn<N> {
    const NAME: &'static str = N::NAME;
}

impl<N> Service<Request<Body>> for StandIn<N> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let request = tonic::Request::from_http(request);
        assert!(
            !request.metadata().contains_key("x-preau-principal"),
            "the token reached the handler"
        );
        let answer = self.answer.clone();
        Box::pin(async move {
            let result = match Call::of(&request) {
                Ok(call) => answer(call).await,
                Err(status) => Err(status),
            };
            Ok(match result {
                Ok(body) => {
                    let mut response = Response::new(body);
                    response
                        .headers_mut()
                        .insert("content-type", HeaderValue::from_static("application/grpc"));
                    response
                }
                Err(status) => status.into_http(),
            })
        })
    }
}

/// One message with nothing in it, which is a message of any type, and OK.
pub(super) fn empty_message() -> Body {
    let trailers = HeaderMap::from_iter([(Status::GRPC_STATUS, HeaderValue::from_static("0"))]);
    body(stream::iter([
        Frame::data(EMPTY),
        Frame::trailers(trailers),
    ]))
}

/// A message, and then nothing for ever.
pub(super) fn endless() -> Body {
    body(stream::iter([Frame::data(EMPTY)]).chain(stream::pending()))
}

/// Not compressed, no bytes.
const EMPTY: Bytes = Bytes::from_static(&[0, 0, 0, 0, 0]);

fn body(frames: impl stream::Stream<Item = Frame<Bytes>> + Send + 'static) -> Body {
    Body::new(StreamBody::new(frames.map(Ok::<_, Infallible>)))
}

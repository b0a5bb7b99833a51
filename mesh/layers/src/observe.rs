//! Watching a response to its end: one future and one body, used by the trace and the metrics layers of both sides.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tonic::{Code, Status};
use tracing::Span;

/// What a layer wants to know about a response.
pub trait Observer {
    /// The span to be in while the response is made.
    fn span(&self) -> Option<&Span> {
        None
    }

    /// The first bytes of the response body passed.
    fn first_data(&mut self) {}

    /// The response is over. Called exactly once.
    fn ended(&mut self, outcome: Outcome);
}

/// How a response ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The gRPC status; `Cancelled` if whoever waited went away.
    pub code: Code,
    /// The HTTP status.
    pub http: u16,
}

/// An error of a service that has a gRPC code.
pub(crate) trait Coded {
    fn code(&self) -> Code;
}

impl Coded for Infallible {
    fn code(&self) -> Code {
        match *self {}
    }
}

impl Coded for Status {
    fn code(&self) -> Code {
        Self::code(self)
    }
}

/// An observer that is told of the end even if the response is dropped before it.
#[derive(Debug)]
struct Watch<O: Observer> {
    observer: Option<O>,
    http: u16,
    seen_data: bool,
}

impl<O: Observer> Watch<O> {
    fn span(&self) -> Option<&Span> {
        self.observer.as_ref().and_then(Observer::span)
    }

    fn first_data(&mut self) {
        if !std::mem::replace(&mut self.seen_data, true)
            && let Some(observer) = &mut self.observer
        {
            observer.first_data();
        }
    }

    fn end(&mut self, code: Code) {
        if let Some(mut observer) = self.observer.take() {
            observer.ended(Outcome {
                code,
                http: self.http,
            });
        }
    }
}

impl<O: Observer> Drop for Watch<O> {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

pin_project! {
    /// Watches a service's future, then hands the watch to the response body.
    #[derive(Debug)]
    pub struct ObservedFuture<F, O>
    where
        O: Observer,
    {
        #[pin]
        inner: F,
        watch: Option<Watch<O>>,
    }
}

impl<F, O: Observer> ObservedFuture<F, O> {
    pub(crate) fn new(inner: F, observer: O) -> Self {
        let watch = Watch {
            observer: Some(observer),
            http: 200,
            seen_data: false,
        };
        Self {
            inner,
            watch: Some(watch),
        }
    }
}

impl<F, O, B, E> Future for ObservedFuture<F, O>
where
    F: Future<Output = Result<Response<B>, E>>,
    O: Observer,
    B: Body,
    E: Coded,
{
    type Output = Result<Response<ObservedBody<B, O>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = {
            let _entered = this.watch.as_ref().and_then(Watch::span).map(Span::enter);
            ready!(this.inner.poll(cx))
        };
        let mut watch = this
            .watch
            .take()
            .expect("a future is not polled after it was ready");
        match result {
            Ok(response) => {
                watch.http = response.status().as_u16();
                if let Some(code) = grpc_status(response.headers()) {
                    watch.end(code);
                } else if response.body().is_end_stream() {
                    // Neither headers nor trailers carry a status: by the protocol, UNKNOWN.
                    watch.end(Code::Unknown);
                }
                Poll::Ready(Ok(response.map(|inner| ObservedBody { inner, watch })))
            }
            Err(error) => {
                watch.end(error.code());
                Poll::Ready(Err(error))
            }
        }
    }
}

pin_project! {
    /// Watches a response body to its trailers.
    #[derive(Debug)]
    pub struct ObservedBody<B, O>
    where
        O: Observer,
    {
        #[pin]
        inner: B,
        watch: Watch<O>,
    }
}

impl<B, O> Body for ObservedBody<B, O>
where
    B: Body<Data = Bytes, Error = Status>,
    O: Observer,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.project();
        let frame = {
            let _entered = this.watch.span().map(Span::enter);
            ready!(this.inner.poll_frame(cx))
        };
        match &frame {
            Some(Ok(frame)) => match frame.trailers_ref() {
                Some(trailers) => this
                    .watch
                    .end(grpc_status(trailers).unwrap_or(Code::Unknown)),
                None => this.watch.first_data(),
            },
            Some(Err(status)) => this.watch.end(status.code()),
            None => this.watch.end(Code::Unknown),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The `grpc-status` of headers or trailers.
pub(crate) fn grpc_status(headers: &HeaderMap) -> Option<Code> {
    let value = headers.get(Status::GRPC_STATUS)?;
    Some(Code::from_bytes(value.as_bytes()))
}

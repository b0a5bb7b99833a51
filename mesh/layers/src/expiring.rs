//! A deadline kept until the trailers: one future and one body, used by the deadline layer and the client's budget.
//!
//! The timer is made only when there is something to wait for, so a call that never waits costs no timer.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::{Code, Status};

use crate::catalogue::Entry;
use crate::fault::Fault;
use crate::origin::Origin;
use crate::timeout;

/// When a call must be over, trailers included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(pub Instant);

impl Deadline {
    /// From now: the sooner of what the caller's `grpc-timeout` asks and what `policy` allows. A malformed one asks
    /// nothing here; whoever carries the call on refuses it.
    #[must_use]
    pub fn asked(headers: &HeaderMap, policy: Duration) -> Self {
        let asked = timeout::read(headers).ok().flatten();
        Self(Instant::now() + asked.map_or(policy, |asked| asked.min(policy)))
    }

    /// What is left; zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// How a service's errors say that a deadline passed: a server answers, a client fails.
pub(crate) trait Expire: Sized {
    /// Whether a body already begun ends with trailers (what a server sends) or with an error (what a client reads:
    /// the peer's frames may have been cut inside a message, where trailers would not be believed).
    const IN_TRAILERS: bool;

    fn expire<B>(status: Status) -> Result<Response<ExpiringBody<B>>, Self>;
}

impl Expire for Infallible {
    const IN_TRAILERS: bool = true;

    fn expire<B>(status: Status) -> Result<Response<ExpiringBody<B>>, Self> {
        Ok(status.into_http())
    }
}

impl Expire for Status {
    const IN_TRAILERS: bool = false;

    fn expire<B>(status: Status) -> Result<Response<ExpiringBody<B>>, Self> {
        Err(status)
    }
}

/// What to wait for and what to say when it comes.
#[derive(Debug)]
pub(crate) struct Timer {
    at: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
    origin: Origin,
    entry: Option<Arc<Entry>>,
    /// Whether there may be frames without end: a single answer is over when it never waits.
    may_outlast: bool,
}

impl Timer {
    pub(crate) fn new(deadline: Deadline, origin: Origin, entry: Option<Arc<Entry>>) -> Self {
        Self {
            at: deadline.0,
            sleep: None,
            origin,
            may_outlast: entry
                .as_ref()
                .is_none_or(|entry| entry.method.server_streaming),
            entry,
        }
    }

    fn has_passed(&self) -> bool {
        Instant::now() >= self.at
    }

    fn poll_passed(&mut self, cx: &mut Context<'_>) -> bool {
        let at = self.at;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        sleep.as_mut().poll(cx).is_ready()
    }

    pub(crate) fn status(&self) -> Status {
        let rpc = self
            .entry
            .as_ref()
            .map_or("an unknown method", |entry| &entry.rpc);
        let (service, endpoint) = (self.origin.service(), self.origin.endpoint());
        let message = format!("{rpc} at {service} ({endpoint}) did not finish within its deadline");
        Fault::new(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", message)
            .with("method", rpc)
            .from(&self.origin)
    }
}

pin_project! {
    /// A service's future under a deadline; hands the timer to the response body.
    #[derive(Debug)]
    pub struct ExpiringFuture<F> {
        #[pin]
        inner: Option<F>,
        timer: Option<Timer>,
        refused: Option<Status>,
    }
}

impl<F> ExpiringFuture<F> {
    pub(crate) fn running(inner: F, timer: Timer) -> Self {
        Self {
            inner: Some(inner),
            timer: Some(timer),
            refused: None,
        }
    }

    /// Answers at once.
    pub(crate) fn refused(status: Status) -> Self {
        Self {
            inner: None,
            timer: None,
            refused: Some(status),
        }
    }
}

impl<F, B, E> Future for ExpiringFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Expire,
{
    type Output = Result<Response<ExpiringBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(status) = this.refused.take() {
            return Poll::Ready(E::expire(status));
        }
        let timer = this
            .timer
            .as_mut()
            .expect("a future is not polled after it was ready");
        let inner = this
            .inner
            .as_mut()
            .as_pin_mut()
            .expect("a running call has its future");
        if let Poll::Ready(result) = inner.poll(cx) {
            let (timer, in_trailers) = (this.timer.take(), E::IN_TRAILERS);
            let body = |inner| ExpiringBody {
                inner: Some(inner),
                timer,
                in_trailers,
            };
            return Poll::Ready(result.map(|response| response.map(body)));
        }
        if !timer.poll_passed(cx) {
            return Poll::Pending;
        }
        let status = timer.status();
        // The handler, or the exchange with the peer, ends here and not when the answer has been sent.
        this.inner.set(None);
        *this.timer = None;
        Poll::Ready(E::expire(status))
    }
}

pin_project! {
    /// A response body under a deadline.
    #[derive(Debug)]
    pub struct ExpiringBody<B> {
        #[pin]
        inner: Option<B>,
        timer: Option<Timer>,
        in_trailers: bool,
    }
}

/// An empty body, for a response that is a status only.
impl<B> Default for ExpiringBody<B> {
    fn default() -> Self {
        Self {
            inner: None,
            timer: None,
            in_trailers: true,
        }
    }
}

impl<B> Body for ExpiringBody<B>
where
    B: Body<Data = Bytes, Error = Status>,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let Some(timer) = this.timer.as_mut() else {
            return inner.poll_frame(cx);
        };
        // Checked before every frame of a stream, because one that is always ready never waits for the timer.
        if !(timer.may_outlast && timer.has_passed()) {
            if let Poll::Ready(frame) = inner.poll_frame(cx) {
                return Poll::Ready(frame);
            }
            if !timer.poll_passed(cx) {
                return Poll::Pending;
            }
        }
        let status = timer.status();
        this.inner.set(None);
        *this.timer = None;
        Poll::Ready(Some(if *this.in_trailers {
            Ok(Frame::trailers(trailers(&status)))
        } else {
            Err(status)
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        // The inner body's promise may be cut short.
        if self.inner.is_none() {
            SizeHint::with_exact(0)
        } else {
            SizeHint::default()
        }
    }
}

fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    if status.add_header(&mut trailers).is_err() {
        trailers.insert(Status::GRPC_STATUS, (Code::DeadlineExceeded as u16).into());
    }
    trailers
}

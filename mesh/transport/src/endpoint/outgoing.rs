//! A request body that comes back when it was not needed.
//!
//! A connection that is going away may take a request along without sending it, and hyper then keeps neither its
//! head nor its body. So the body reports home when it is dropped: untouched, or with the one small message it
//! had already given away, from which it can be sent once more.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::error::BoxError;

/// Largest message kept for a second attempt; larger ones are sent once.
const KEEP: usize = 64 * 1024;
/// hyper drops the body right after it reports the failure; this only bounds a surprise.
const RETURN_WITHIN: Duration = Duration::from_millis(100);

type AnyBody = UnsyncBoxBody<Bytes, BoxError>;

/// A body not handed over yet: what is still to come, after the message given away before, if any.
pub(super) struct Outgoing {
    rest: AnyBody,
    first: Option<Bytes>,
}

impl Outgoing {
    pub(super) fn new(body: AnyBody) -> Self {
        Self {
            rest: body,
            first: None,
        }
    }

    /// The body to hand over, and where it reports to.
    pub(super) fn dispatch(self) -> (Dispatched, Return) {
        let (home, back) = oneshot::channel();
        let body = Dispatched {
            empty: self.first.is_none() && self.rest.is_end_stream(),
            rest: Some(self.rest),
            pending: self.first,
            given: Given::Nothing,
            home: Some(home),
        };
        (body, Return(back))
    }
}

/// What a dispatched body has given away.
enum Given {
    Nothing,
    /// One message, still here.
    Kept(Bytes),
    /// More than is kept.
    Lost,
}

/// A body in the hands of a connection.
pub(super) struct Dispatched {
    rest: Option<AnyBody>,
    pending: Option<Bytes>,
    given: Given,
    empty: bool,
    home: Option<oneshot::Sender<Returned>>,
}

/// A body that came back.
pub(super) struct Returned {
    /// Ready to be dispatched again.
    pub(super) outgoing: Outgoing,
    /// Nothing of it was taken although there was something to take: the request cannot have been processed.
    pub(super) untouched: bool,
}

/// Where a body reports to.
pub(super) struct Return(oneshot::Receiver<Returned>);

impl Return {
    /// The body, if it came back whole.
    pub(super) async fn wait(self) -> Option<Returned> {
        timeout(RETURN_WITHIN, self.0).await.ok()?.ok()
    }
}

impl Dispatched {
    fn give(&mut self, data: &Bytes) {
        self.given = match self.given {
            Given::Nothing if data.len() <= KEEP => Given::Kept(data.clone()),
            _ => Given::Lost,
        };
    }
}

impl Body for Dispatched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(data) = self.pending.take() {
            self.give(&data);
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        let Some(rest) = self.rest.as_mut() else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(rest).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => match frame.data_ref() {
                Some(data) => self.give(data),
                None => self.given = Given::Lost,
            },
            Some(Err(_)) => self.given = Given::Lost,
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.pending.is_none() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.pending, &self.rest) {
            (None, Some(rest)) => rest.size_hint(),
            _ => SizeHint::default(),
        }
    }
}

impl Drop for Dispatched {
    fn drop(&mut self) {
        let (Some(home), Some(rest)) = (self.home.take(), self.rest.take()) else {
            return;
        };
        let (first, untouched) = match std::mem::replace(&mut self.given, Given::Lost) {
            Given::Nothing => (self.pending.take(), !self.empty),
            Given::Kept(data) => (Some(data), false),
            Given::Lost => return,
        };
        let outgoing = Outgoing { rest, first };
        // Nobody waits for it after an answer; then it ends here.
        let _ = home.send(Returned {
            outgoing,
            untouched,
        });
    }
}

#[cfg(test)]
mod tests;

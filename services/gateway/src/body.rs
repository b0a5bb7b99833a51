//! A request body that may not grow past the limit.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use tonic::Status;

/// Counts what passes and fails past the limit, leaving word of it for whoever answers.
pub(crate) struct Limited {
    inner: tonic::body::Body,
    left: u64,
    exceeded: Arc<AtomicBool>,
    broken: Arc<AtomicBool>,
}

/// Tells whether the body broke its limit, or broke off.
#[derive(Clone)]
pub(crate) struct Exceeded {
    exceeded: Arc<AtomicBool>,
    broken: Arc<AtomicBool>,
}

impl Exceeded {
    pub(crate) fn get(&self) -> bool {
        self.exceeded.load(Ordering::Acquire)
    }

    /// Whether what arrived was no body: the caller's fault, not the mesh's that could not carry it.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }
}

impl Limited {
    pub(crate) fn new(inner: tonic::body::Body, limit: u64) -> (Self, Exceeded) {
        let exceeded = Arc::new(AtomicBool::new(inner.size_hint().lower() > limit));
        let broken = Arc::default();
        let body = Self {
            inner,
            left: limit,
            exceeded: Arc::clone(&exceeded),
            broken: Arc::clone(&broken),
        };
        (body, Exceeded { exceeded, broken })
    }
}

impl Body for Limited {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if let Some(Err(_)) = &frame {
            self.broken.store(true, Ordering::Release);
        }
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            let length = data.remaining() as u64;
            if length > self.left {
                self.exceeded.store(true, Ordering::Release);
                return Poll::Ready(Some(Err(Status::resource_exhausted(
                    "request body too large",
                ))));
            }
            self.left -= length;
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

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt, Full};

    fn body(length: usize) -> tonic::body::Body {
        tonic::body::Body::new(Full::new(Bytes::from(vec![7; length])))
    }

    #[tokio::test]
    async fn a_body_of_exactly_the_limit_passes() {
        let (limited, exceeded) = Limited::new(body(10), 10);
        assert_eq!(
            limited.collect().await.expect("passes").to_bytes().len(),
            10
        );
        assert!(!exceeded.get());
    }

    #[tokio::test]
    async fn one_byte_more_fails_and_says_so() {
        let (limited, exceeded) = Limited::new(body(11), 10);
        assert!(limited.collect().await.is_err());
        assert!(exceeded.get());
    }

    #[test]
    fn a_declared_length_past_the_limit_is_known_before_a_byte_is_read() {
        let (_limited, exceeded) = Limited::new(body(11), 10);
        assert!(exceeded.get());
    }
}

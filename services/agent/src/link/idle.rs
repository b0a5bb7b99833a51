//! HTTP/1.1 connections between calls: each carries one call at a time, and the last one idle is kept for a moment.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use tokio::runtime::Handle;
use tonic::body::Body;

/// Calls come in bursts; a device that only watches holds one connection.
const KEPT: Duration = Duration::from_secs(5);
const SETTLING: Duration = Duration::from_millis(100);

/// The one that is idle, with a number to know it by.
#[derive(Clone, Default)]
pub(super) struct Idle(Arc<Mutex<(u64, Option<SendRequest<Body>>)>>);

impl Idle {
    /// One that can carry a call at once.
    pub(super) async fn take(&self) -> Option<SendRequest<Body>> {
        let mut sender = self.slot().1.take()?;
        // What the last answer ended with may still be on its way through our own buffers.
        let ready = tokio::time::timeout(SETTLING, sender.ready()).await;
        matches!(ready, Ok(Ok(()))).then_some(sender)
    }

    fn keep(&self, sender: SendRequest<Body>) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if sender.is_closed() {
            return;
        }
        let number = {
            let mut slot = self.slot();
            slot.0 += 1;
            slot.1 = Some(sender);
            slot.0
        };
        let idle = self.clone();
        runtime.spawn(async move {
            tokio::time::sleep(KEPT).await;
            let mut slot = idle.slot();
            if slot.0 == number {
                slot.1 = None;
            }
        });
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, (u64, Option<SendRequest<Body>>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pin_project_lite::pin_project! {
    /// An answer's body. Its connection is idle after it: or closed, where the body was not read to its end.
    pub(super) struct Leased {
        #[pin]
        body: Incoming,
        lease: Option<(SendRequest<Body>, Idle)>,
    }

    impl PinnedDrop for Leased {
        fn drop(this: Pin<&mut Self>) {
            // Here, since whoever reads gRPC-web stops at the trailers, which come before the end.
            if let Some((sender, idle)) = this.project().lease.take() {
                idle.keep(sender);
            }
        }
    }
}

impl Leased {
    pub(super) fn new(body: Incoming, sender: SendRequest<Body>, idle: Idle) -> Self {
        Self {
            body,
            lease: Some((sender, idle)),
        }
    }
}

impl http_body::Body for Leased {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.project().body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

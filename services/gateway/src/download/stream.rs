//! The bytes of a download on their way: a frame at a time, as fast as the browser reads, exactly as many as announced.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http_body::{Body, Frame, SizeHint};
use preau_proto::files::v1::OpenResponse;
use preau_proto::files::v1::open_response::Part;
use tonic::Status;

/// A body of a length known beforehand. If its bytes do not come, or not all, it fails, and hyper cuts the connection
/// (or resets the stream): a browser then knows that the file is not whole and asks for the rest.
///
/// It holds one frame: the last, until `files` has said that all went well.
pub(super) struct FileBody<S> {
    parts: S,
    left: u64,
    last: Option<Bytes>,
}

impl<S> FileBody<S> {
    /// Of exactly `length` bytes.
    pub(super) fn new(parts: S, length: u64) -> Self {
        Self {
            parts,
            left: length,
            last: None,
        }
    }
}

impl<S> FileBody<S>
where
    S: Stream<Item = Result<OpenResponse, Status>> + Unpin,
{
    /// The next bytes, the last of them only once the stream has ended well.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Status>>> {
        loop {
            let part = match ready!(self.parts.poll_next_unpin(cx)) {
                Some(Ok(part)) => part.part,
                Some(Err(status)) => return Poll::Ready(Some(Err(status))),
                None if self.left > 0 => {
                    let text = format!("{} bytes of a download are missing", self.left);
                    return Poll::Ready(Some(Err(Status::data_loss(text))));
                }
                None => return Poll::Ready(self.last.take().map(Ok)),
            };
            let Some(Part::Data(data)) = part else {
                let text = "a download has something else in the middle than bytes";
                return Poll::Ready(Some(Err(Status::internal(text))));
            };
            let length = data.len() as u64;
            if length > self.left {
                let text = "a download has more bytes than it was said to have";
                return Poll::Ready(Some(Err(Status::internal(text))));
            }
            if length == 0 {
                continue;
            }
            self.left -= length;
            if self.left > 0 {
                return Poll::Ready(Some(Ok(data)));
            }
            self.last = Some(data);
        }
    }
}

impl<S> Body for FileBody<S>
where
    S: Stream<Item = Result<OpenResponse, Status>> + Unpin,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let next = ready!(self.poll_bytes(cx));
        if let Some(Err(status)) = &next {
            tracing::warn!(code = ?status.code(), left = self.left, "a download broke off");
        }
        Poll::Ready(next.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.last.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.last.as_ref().map_or(0, |last| last.len() as u64);
        SizeHint::with_exact(self.left + held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use http_body_util::BodyExt;

    fn data(text: &'static str) -> Result<OpenResponse, Status> {
        let part = Some(Part::Data(Bytes::from_static(text.as_bytes())));
        Ok(OpenResponse { part })
    }

    async fn frames(
        parts: Vec<Result<OpenResponse, Status>>,
        length: u64,
    ) -> Vec<Result<Bytes, tonic::Code>> {
        let mut body = FileBody::new(stream::iter(parts), length);
        let mut frames = Vec::new();
        while let Some(frame) = body.frame().await {
            let failed = frame.is_err();
            frames.push(match frame {
                Ok(frame) => Ok(frame.into_data().expect("data")),
                Err(status) => Err(status.code()),
            });
            if failed {
                break;
            }
        }
        frames
    }

    #[tokio::test]
    async fn exactly_the_announced_bytes_are_a_success() {
        let all = frames(vec![data("one"), data(""), data("two")], 6).await;
        assert_eq!(all, [Ok("one".into()), Ok("two".into())]);
        assert_eq!(frames(vec![], 0).await, []);
    }

    #[tokio::test]
    async fn fewer_more_or_a_failure_after_the_last_byte_are_none() {
        let short = frames(vec![data("one")], 6).await;
        assert_eq!(short, [Ok("one".into()), Err(tonic::Code::DataLoss)]);
        let long = frames(vec![data("one"), data("more")], 6).await;
        assert_eq!(long, [Ok("one".into()), Err(tonic::Code::Internal)]);
        let late = frames(vec![data("one"), Err(Status::aborted("late"))], 3).await;
        assert_eq!(late, [Err(tonic::Code::Aborted)]);
        let other = frames(vec![Ok(OpenResponse { part: None })], 3).await;
        assert_eq!(other, [Err(tonic::Code::Internal)]);
    }
}

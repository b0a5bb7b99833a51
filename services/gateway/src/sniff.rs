//! Which protocol a connection speaks, told from its first bytes.
//!
//! hyper-util's automatic builder waits for those bytes without a time-out, so a client that says
//! nothing would hold its place for ever. Here the caller puts the wait under one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// What every HTTP/2 client with prior knowledge says first (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The protocol a client opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP/1.1, or something that is nothing: hyper answers 400.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
}

/// Reads until the protocol is certain; what was read is given back to the reader that follows.
pub(crate) async fn sniff<S>(mut stream: S) -> io::Result<(Protocol, Replayed<S>)>
where
    S: AsyncRead + Unpin,
{
    let mut read = BytesMut::with_capacity(256);
    let protocol = loop {
        let seen = read.len().min(PREFACE.len());
        if read[..seen] != PREFACE[..seen] {
            break Protocol::Http1;
        }
        if seen == PREFACE.len() {
            break Protocol::Http2;
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    Ok((
        protocol,
        Replayed {
            head: read.freeze(),
            stream,
        },
    ))
}

/// A stream whose first bytes were already read once.
#[derive(Debug)]
pub(crate) struct Replayed<S> {
    head: Bytes,
    stream: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Replayed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.head.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let take = self.head.len().min(buf.remaining());
        buf.put_slice(&self.head[..take]);
        self.head.advance(take);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replayed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn told(parts: &[&[u8]]) -> (Protocol, Vec<u8>) {
        let (mut client, server) = tokio::io::duplex(1024);
        let parts: Vec<Vec<u8>> = parts.iter().map(|part| part.to_vec()).collect();
        let writer = tokio::spawn(async move {
            use tokio::io::AsyncWriteExt;
            for part in parts {
                client.write_all(&part).await.expect("the pipe is open");
                tokio::task::yield_now().await;
            }
        });
        let (protocol, mut replayed) = sniff(server).await.expect("enough bytes");
        let mut all = Vec::new();
        replayed.read_to_end(&mut all).await.expect("readable");
        writer.await.expect("the writer ends");
        (protocol, all)
    }

    #[tokio::test]
    async fn the_preface_in_pieces_is_http2_and_nothing_of_it_is_lost() {
        let (protocol, all) =
            told(&[&PREFACE[..3], &PREFACE[3..10], &PREFACE[10..], b"rest"]).await;
        assert_eq!(protocol, Protocol::Http2);
        assert_eq!(all, [PREFACE, b"rest"].concat());
    }

    #[tokio::test]
    async fn the_first_different_byte_decides_for_http1() {
        let (protocol, all) = told(&[b"P", b"OST / HTTP/1.1\r\n"]).await;
        assert_eq!(protocol, Protocol::Http1);
        assert_eq!(all, b"POST / HTTP/1.1\r\n");
    }

    #[tokio::test]
    async fn a_client_that_leaves_at_once_is_an_error_not_a_hang() {
        let (client, server) = tokio::io::duplex(16);
        drop(client);
        assert!(sniff(server).await.is_err());
    }
}

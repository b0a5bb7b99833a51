//! Two thin wrappers around a TLS stream: one that gives back bytes already read, one that remembers whether the
//! peer ever spoke and how the stream failed (hyper keeps that to itself).

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use preau_mesh_identity::explain_tls_io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// What every HTTP/2 client sends first.
pub(crate) const PREFACE: [u8; 24] = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream whose preface was read, and is read again by whoever takes over.
pub(crate) struct Rewound<IO> {
    inner: IO,
    left: &'static [u8],
}

impl<IO> Rewound<IO> {
    pub(crate) fn new(inner: IO) -> Self {
        Self {
            inner,
            left: &PREFACE,
        }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Rewound<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        let (now, later) = self.left.split_at(self.left.len().min(buf.remaining()));
        buf.put_slice(now);
        self.left = later;
        Poll::Ready(Ok(()))
    }
}

/// What is known of a stream from outside.
#[derive(Default)]
pub(crate) struct Life {
    /// Notified at the first byte from the peer: only then has it accepted our certificate.
    pub(crate) spoke: Notify,
    fault: OnceLock<String>,
}

impl Life {
    /// How the stream failed, when it did.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.get().map(String::as_str)
    }

    fn failed(&self, reason: impl FnOnce() -> String) {
        let _ = self.fault.get_or_init(reason);
    }
}

/// A stream that writes its [`Life`] down.
pub(crate) struct Observed<IO> {
    inner: IO,
    life: Arc<Life>,
    silent: bool,
}

impl<IO> Observed<IO> {
    pub(crate) fn new(inner: IO, life: Arc<Life>) -> Self {
        Self {
            inner,
            life,
            silent: true,
        }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Observed<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.inner).poll_read(cx, buf));
        match &result {
            Ok(()) if buf.filled().len() == before => {
                self.life.failed(|| "the peer closed it".to_owned());
            }
            Ok(()) if self.silent => {
                self.silent = false;
                self.life.spoke.notify_one();
            }
            Ok(()) => {}
            Err(error) => self.life.failed(|| explain_tls_io(error)),
        }
        Poll::Ready(result)
    }
}

macro_rules! write_through {
    ($wrapper:ident) => {
        impl<IO: AsyncWrite + Unpin> AsyncWrite for $wrapper<IO> {
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.inner).poll_write(cx, buf)
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut self.inner).poll_flush(cx)
            }

            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.inner).poll_shutdown(cx)
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[io::IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                self.inner.is_write_vectored()
            }
        }
    };
}

write_through!(Rewound);
write_through!(Observed);

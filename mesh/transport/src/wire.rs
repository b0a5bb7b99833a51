//! Two thin wrappers around a TLS stream: one that gives back bytes already read, one that remembers whether the
//! peer ever spoke and how the stream failed (hyper keeps that to itself).

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use preau_mesh_identity::explain_tls_io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{Notify, oneshot};

/// What every HTTP/2 client sends first.
pub(crate) const PREFACE: [u8; 24] = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream whose preface was read, and is read again by whoever takes over. When that one drops it, it comes back.
pub(crate) struct Rewound<IO> {
    inner: Option<IO>,
    left: &'static [u8],
    home: Option<oneshot::Sender<IO>>,
}

impl<IO> Rewound<IO> {
    /// The stream to hand over, and where it comes back to.
    pub(crate) fn lend(inner: IO) -> (Self, oneshot::Receiver<IO>) {
        let (home, back) = oneshot::channel();
        let lent = Self {
            inner: Some(inner),
            left: &PREFACE,
            home: Some(home),
        };
        (lent, back)
    }

    fn inner(&mut self) -> io::Result<Pin<&mut IO>>
    where
        IO: Unpin,
    {
        // Taken only while being dropped, so this cannot be seen; an error is cheaper to explain than a panic.
        let inner = self.inner.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Pin::new(inner))
    }
}

impl<IO> Drop for Rewound<IO> {
    fn drop(&mut self) {
        if let (Some(home), Some(inner)) = (self.home.take(), self.inner.take()) {
            // Where nobody waits for it, it is closed here.
            let _ = home.send(inner);
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
            return self.inner()?.poll_read(cx, buf);
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

impl<IO: AsyncWrite + Unpin> AsyncWrite for Rewound<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.inner()?.poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner()?.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.as_ref().is_some_and(IO::is_write_vectored)
    }
}

impl<IO: AsyncWrite + Unpin> Observed<IO> {
    fn note<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &result {
            self.life.failed(|| explain_tls_io(error));
        }
        result
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Observed<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.note(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(cx);
        self.note(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.note(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

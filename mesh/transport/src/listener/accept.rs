//! Taking connections from the system, and what to do when it has none to give.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Where connections come from; the system's listener, or a test's.
pub(super) trait Accept: Send + 'static {
    fn accept(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send;
}

impl Accept for TcpListener {
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        TcpListener::accept(self).await
    }
}

/// Out of descriptors, buffers or memory: accepting again at once would spin, because the waiting connection
/// stays in the queue and the listener stays readable.
pub(super) fn is_exhaustion(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    const ENOMEM: i32 = 12;
    const ENOBUFS: i32 = 105;
    matches!(
        error.raw_os_error(),
        Some(ENFILE | EMFILE | ENOMEM | ENOBUFS)
    )
}

/// The fault of one connection, which is gone; the next accept may succeed at once.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// The growing pause after failures to accept, which others may get descriptors back in: for whoever accepts.
#[derive(Debug, Default)]
pub struct Pause {
    length: Duration,
    until: Option<Instant>,
}

impl Pause {
    /// When to try again, if not at once.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// An accept succeeded.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// An accept failed: how long to wait before the next. Doubles from 5 to 50 ms; nothing after a failure that
    /// concerned one connection only.
    pub fn after(&mut self, error: &io::Error) -> Duration {
        if is_of_one_connection(error) {
            self.reset();
            return Duration::ZERO;
        }
        self.length = (self.length * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.until = Some(Instant::now() + self.length);
        self.length
    }
}

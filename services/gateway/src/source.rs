//! Where connections come from, and the pause when the system has none to give.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

/// The system's listener, or a test's.
pub(crate) trait Accept: Sync {
    fn accept(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send;
}

impl Accept for TcpListener {
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        TcpListener::accept(self).await
    }
}

/// Out of file descriptors or memory, the pending connection stays readable: without a pause the
/// loop would spin; with one, others may close meanwhile.
#[derive(Default)]
pub(crate) struct Pause(Duration);

impl Pause {
    /// An accept succeeded.
    pub(crate) fn reset(&mut self) {
        self.0 = Duration::ZERO;
    }

    /// How long to wait after this error: twice as long as the last time, from 50 ms to 1 s.
    /// Nothing for the fault of one connection, which is gone.
    pub(crate) fn after(&mut self, error: &io::Error) -> Option<Duration> {
        let of_one_connection = matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionRefused
                | io::ErrorKind::Interrupted
        );
        if of_one_connection {
            return None;
        }
        self.0 = (self.0 * 2).clamp(FIRST, LONGEST);
        Some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the system says when a process has no descriptor left.
    fn emfile() -> io::Error {
        io::Error::from_raw_os_error(24)
    }

    #[test]
    fn pauses_double_up_to_a_second_until_a_connection_comes() {
        let mut pause = Pause::default();
        let pauses: Vec<u128> = (0..6)
            .filter_map(|_| pause.after(&emfile()))
            .map(|pause| pause.as_millis())
            .collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1000]);
        pause.reset();
        assert_eq!(pause.after(&emfile()), Some(FIRST));
    }

    #[test]
    fn the_fault_of_one_connection_delays_nobody() {
        let mut pause = Pause::default();
        pause.after(&emfile());
        let gone = io::Error::from(io::ErrorKind::ConnectionAborted);
        assert_eq!(pause.after(&gone), None);
        assert_eq!(pause.after(&emfile()), Some(FIRST * 2));
    }
}

//! What the system is asked to do for a connection, so that a peer that is gone is noticed.
//!
//! A switched-off tablet says no goodbye. HTTP/2 notices it by its own pings; over HTTP/1.1 an answer may stream for
//! an hour, and TCP would send it again and again for a quarter of one. What is "last seen" hangs on that.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// Quiet for this long, a peer is asked whether it is there …
const QUIET: Duration = Duration::from_secs(30);
/// … this often, this far apart: gone after a minute.
const PROBES: u32 = 3;
const BETWEEN: Duration = Duration::from_secs(10);

/// How long what was sent to a device may be without acknowledgement.
#[cfg(target_os = "linux")]
const UNHEARD: Duration = Duration::from_secs(60);

/// Of every connection. A small answer must not wait for the one before it to be acknowledged.
pub(crate) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let alive = TcpKeepalive::new()
        .with_time(QUIET)
        .with_interval(BETWEEN)
        .with_retries(PROBES);
    SockRef::from(stream).set_tcp_keepalive(&alive)
}

/// Of a connection that a device opened. Probes are for idle ones; this ends one with data under way. Not for others:
/// it also ends a connection whose reader pauses, as a browser's paused download does, or a proxy's for it.
#[cfg(target_os = "linux")]
pub(crate) fn expect_to_be_heard(stream: &TcpStream) -> io::Result<()> {
    SockRef::from(stream).set_tcp_user_timeout(Some(UNHEARD))
}

/// Elsewhere the system's own time-outs have to do.
#[cfg(not(target_os = "linux"))]
pub(crate) fn expect_to_be_heard(_stream: &TcpStream) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_system_is_told_to_miss_a_peer_within_a_minute() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("free");
        let address = listener.local_addr().expect("bound");
        let (_client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, _) = accepted.expect("a connection");
        prepare(&stream).expect("an open socket");
        expect_to_be_heard(&stream).expect("an open socket");

        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().expect("readable"));
        assert!(stream.nodelay().expect("readable"));
        let quiet = socket.tcp_keepalive_time().expect("readable");
        let between = socket.tcp_keepalive_interval().expect("readable");
        let probes = socket.tcp_keepalive_retries().expect("readable");
        assert_eq!(quiet + between * probes, Duration::from_secs(60));
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().expect("readable"), Some(UNHEARD));
    }
}

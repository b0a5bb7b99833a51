use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;

use preau_mesh_identity::{TrustDomain, system_clock};
use tokio::sync::mpsc;

use super::{
    Accept, Arc, CancellationToken, Drained, Duration, Host, IdentityStore, ListenerConfig,
    PeerCounts, Semaphore, SocketAddr, TaskTracker, TcpStream, TransportEvent, TransportEvents,
    serve_from,
};

/// Fails as told, then has nothing more to give.
struct Failing(Mutex<VecDeque<i32>>);

impl Accept for Failing {
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let next = self.0.lock().expect("whole").pop_front();
        match next {
            Some(code) => Err(io::Error::from_raw_os_error(code)),
            None => std::future::pending().await,
        }
    }
}

struct Pauses(mpsc::UnboundedSender<Duration>);

impl TransportEvents for Pauses {
    fn on(&self, event: TransportEvent<'_>) {
        if let TransportEvent::Emfile { pause } = event {
            self.0.send(pause).expect("the test listens");
        }
    }
}

const EMFILE: i32 = 24;
const ENFILE: i32 = 23;
const ECONNABORTED: i32 = 103;

/// The pauses after `errors`, and the time they took by the runtime's clock.
async fn pauses_after(errors: &[i32], expected: usize) -> (Vec<u64>, Duration) {
    let (sender, mut pauses) = mpsc::unbounded_channel();
    let td = TrustDomain::parse("preau.test").expect("valid");
    let stop = CancellationToken::new();
    let host = Arc::new(Host {
        handshakes: Semaphore::new(1),
        config: ListenerConfig::default(),
        identities: IdentityStore::new(td, system_clock()),
        events: Arc::new(Pauses(sender)),
        stop: stop.clone(),
        requests: TaskTracker::new(),
    });
    let service = tower::service_fn(|_request| async {
        Ok(http::Response::new(http_body_util::Empty::new()))
    });
    let began = tokio::time::Instant::now();
    let failing = Failing(Mutex::new(errors.iter().copied().collect()));
    let serving = tokio::spawn(serve_from(failing, host, service));
    let mut seen = Vec::new();
    for _ in 0..expected {
        let pause = pauses.recv().await.expect("serves");
        seen.push(u64::try_from(pause.as_millis()).expect("short"));
    }
    let took = began.elapsed();
    stop.cancel();
    assert_eq!(serving.await.expect("ends"), Drained::default());
    (seen, took)
}

#[tokio::test(start_paused = true)]
async fn running_out_of_descriptors_pauses_longer_each_time_up_to_50_ms() {
    let (pauses, took) = pauses_after(&[EMFILE, ENFILE, EMFILE, EMFILE, EMFILE, EMFILE], 6).await;
    assert_eq!(pauses, [5, 10, 20, 40, 50, 50]);
    // The last pause had only begun when it was told.
    assert!(took >= Duration::from_millis(125), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_lost_before_its_accept_pauses_nothing() {
    let (pauses, took) = pauses_after(&[ECONNABORTED, ECONNABORTED, EMFILE], 1).await;
    assert_eq!(pauses, [5]);
    assert_eq!(took, Duration::ZERO);
}

#[test]
fn places_of_an_address_are_counted_and_given_back() {
    let counts = PeerCounts::default();
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let there = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    let first = counts.enter(here, 2).expect("free");
    let second = counts.enter(here, 2).expect("free");
    assert!(counts.enter(here, 2).is_none());
    let elsewhere = counts.enter(there, 2).expect("its own count");
    drop(first);
    let third = counts.enter(here, 2).expect("free again");
    assert!(counts.enter(here, 2).is_none());
    drop((second, third, elsewhere));
    assert!(counts.is_empty(), "addresses that left are forgotten");
}

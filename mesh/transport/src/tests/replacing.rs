//! Connections that go away under load: nobody notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use http::Response;
use preau_mesh_identity::IdentityStore;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::support::{Pupil, Running, Seen, authority, call, endpoint, start, store, svid, within};
use crate::{Endpoint, ListenerConfig};

/// Callers that call without a pause until they are told to stop; any failure is theirs to report.
struct Load {
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicU64>,
    callers: Vec<JoinHandle<()>>,
}

impl Load {
    fn start(endpoint: &Endpoint, callers: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let calls = Arc::new(AtomicU64::new(0));
        let caller = |n: usize| {
            let (endpoint, stop, calls) = (endpoint.clone(), stop.clone(), calls.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let body = format!("caller {n}");
                    let answer = call(&endpoint, "/echo", &body).await;
                    assert_eq!(answer.expect("no call may fail"), body);
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let callers = (0..callers).map(caller).collect();
        Self {
            stop,
            calls,
            callers,
        }
    }

    /// Ends the load and returns how many calls succeeded; fails the test if any did not.
    async fn finish(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for outcome in within(join_all(self.callers)).await {
            outcome.expect("no call may fail");
        }
        self.calls.load(Ordering::Relaxed)
    }
}

async fn ages(running: &mut Running, times: usize) {
    for _ in 0..times {
        running.seen(|seen| *seen == Seen::Aged).await;
    }
}

fn aging(max_age: Duration) -> ListenerConfig {
    ListenerConfig {
        max_age,
        ..ListenerConfig::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_of_one_second_age_drops_no_call() {
    let store = store(&authority(), &["files", "gateway"]);
    let mut running = start(&store, aging(Duration::from_secs(1)), Pupil::new().0).await;
    let load = Load::start(&endpoint(&store, running.addr), 16);
    ages(&mut running, 4).await;
    assert!(load.finish().await > 100);
    assert_eq!(running.finish().await.forced, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_goaways_drops_no_call() {
    let store = store(&authority(), &["files", "gateway"]);
    let mut running = start(&store, aging(Duration::from_millis(20)), Pupil::new().0).await;
    let load = Load::start(&endpoint(&store, running.addr), 32);
    ages(&mut running, 100).await;
    assert!(load.finish().await > 100);
    assert_eq!(running.finish().await.forced, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renewal_under_load_drops_no_call() {
    let authority = Arc::new(authority());
    let store = store(&authority, &["files", "gateway"]);
    let mut running = start(&store, aging(Duration::from_millis(250)), Pupil::new().0).await;
    let load = Load::start(&endpoint(&store, running.addr), 16);
    let renewing = tokio::spawn({
        let (authority, store) = (authority.clone(), store.clone());
        async move {
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_millis(100)).await;
                for role in ["files", "gateway"] {
                    store.set_svid(role, svid(&authority, role));
                }
            }
        }
    });
    within(renewing).await.expect("runs");
    // And connections are made with the last of them.
    while running.events.try_recv().is_ok() {}
    ages(&mut running, 4).await;
    assert!(load.finish().await > 200);
    assert_eq!(running.finish().await.forced, 0);
}

/// A peer written by hand: it answers the first stream as told and every further one with 200.
async fn stubborn_peer(
    store: &Arc<IdentityStore>,
    first: h2::Reason,
) -> (std::net::SocketAddr, Arc<AtomicU64>) {
    let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = tcp.local_addr().expect("bound");
    let config = store.server_config("files.preau.test").expect("held");
    let streams = Arc::new(AtomicU64::new(0));
    let seen = streams.clone();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = tcp.accept().await.expect("accepts");
            let tls = TlsAcceptor::from(config.clone())
                .accept(tcp)
                .await
                .expect("trusted");
            let seen = seen.clone();
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(tls).await.expect("HTTP/2");
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    if seen.fetch_add(1, Ordering::Relaxed) == 0 {
                        respond.send_reset(first);
                    } else {
                        drop(request);
                        let mut body = respond
                            .send_response(Response::new(()), false)
                            .expect("open");
                        body.send_data(Bytes::from_static(b"second"), true)
                            .expect("open");
                    }
                }
            });
        }
    });
    (addr, streams)
}

#[tokio::test]
async fn a_refused_stream_is_sent_again_although_its_body_was_read() {
    let store = store(&authority(), &["files", "gateway"]);
    let (addr, streams) = stubborn_peer(&store, h2::Reason::REFUSED_STREAM).await;
    let answer = call(&endpoint(&store, addr), "/echo", "hello")
        .await
        .expect("repeated");
    assert_eq!(answer, "second");
    assert_eq!(streams.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_stream_that_may_have_been_processed_is_never_sent_again() {
    let store = store(&authority(), &["files", "gateway"]);
    let (addr, streams) = stubborn_peer(&store, h2::Reason::INTERNAL_ERROR).await;
    let error = call(&endpoint(&store, addr), "/echo", "hello")
        .await
        .expect_err("not repeated");
    assert!(error.was_sent(), "{error}");
    assert_eq!(streams.load(Ordering::Relaxed), 1);
}

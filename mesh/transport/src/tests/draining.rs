//! The end of a listener.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::support::{Pupil, Seen, authority, call, endpoint, start, store, within};
use crate::{Drained, ListenerConfig, TransportError};

#[tokio::test]
async fn calls_in_flight_are_answered_during_the_drain_and_new_ones_are_not_accepted() {
    let store = store(&authority(), &["files", "gateway"]);
    let (pupil, mut arrivals) = Pupil::new();
    let may_answer = pupil.may_answer.clone();
    let running = start(&store, ListenerConfig::default(), pupil).await;
    let files = endpoint(&store, running.addr);
    let waiting = tokio::spawn({
        let files = files.clone();
        async move { call(&files, "/wait", "").await }
    });
    within(arrivals.recv()).await.expect("arrives");
    running.stop.cancel();
    // The port is closed; nothing that dials from now on gets through.
    within(async { while TcpStream::connect(running.addr).await.is_ok() {} }).await;
    may_answer.add_permits(1);
    let answer = within(waiting).await.expect("runs").expect("answered");
    assert_eq!(answer, "waited");
    let drained = running.finish().await;
    assert_eq!(
        drained,
        Drained {
            clean: 1,
            forced: 0
        }
    );
    let error = call(&files, "/echo", "").await.expect_err("gone");
    assert!(!error.was_sent(), "{error}");
}

#[tokio::test]
async fn stuck_clients_are_cut_when_the_drain_is_over() {
    let store = store(&authority(), &["files", "gateway"]);
    let (pupil, mut arrivals) = Pupil::new();
    let drain = Duration::from_millis(300);
    let config = ListenerConfig {
        drain,
        ..ListenerConfig::default()
    };
    let running = start(&store, config, pupil).await;
    let files = endpoint(&store, running.addr);
    let stuck = tokio::spawn(async move { call(&files, "/hang", "").await });
    within(arrivals.recv()).await.expect("arrives");
    // Beside it one that never speaks, and one in the middle of its greeting.
    let silent = TcpStream::connect(running.addr).await.expect("accepts");
    let mut half = TcpStream::connect(running.addr).await.expect("accepts");
    half.write_all(&[22, 3, 1, 2, 0, 1]).await.expect("writes");

    let before = Instant::now();
    let drained = running.finish().await;
    assert_eq!(drained.forced, 1);
    assert!(before.elapsed() >= drain, "cut before its time");
    let error = within(stuck).await.expect("runs").expect_err("cut");
    assert!(
        matches!(error, TransportError::Closed { sent: true, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("sa/files"), "{error}");
    drop((silent, half));
}

#[tokio::test]
async fn an_aged_connection_with_a_stuck_stream_is_cut_after_its_grace() {
    let store = store(&authority(), &["files", "gateway"]);
    let (pupil, mut arrivals) = Pupil::new();
    let config = ListenerConfig {
        max_age: Duration::from_millis(100),
        age_grace: Duration::from_millis(100),
        ..ListenerConfig::default()
    };
    let mut running = start(&store, config, pupil).await;
    let files = endpoint(&store, running.addr);
    let stuck = tokio::spawn({
        let files = files.clone();
        async move { call(&files, "/hang", "").await }
    });
    within(arrivals.recv()).await.expect("arrives");
    running.seen(|seen| *seen == Seen::Aged).await;
    running
        .seen(|seen| *seen == Seen::Closed(crate::CloseReason::Forced))
        .await;
    within(stuck).await.expect("runs").expect_err("cut");
    call(&files, "/echo", "x")
        .await
        .expect("a fresh connection");
}

#[tokio::test]
async fn a_listener_without_connections_stops_at_once() {
    let store = store(&authority(), &["files"]);
    let running = start(&store, ListenerConfig::default(), Pupil::new().0).await;
    assert_eq!(running.finish().await, Drained::default());
}

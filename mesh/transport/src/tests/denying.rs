//! The deny list reaches connections that are open.

use super::support::{Pupil, Seen, authority, call, endpoint, id, start, store, within};
use crate::{CloseReason, ListenerConfig, TransportError};

#[tokio::test]
async fn a_denied_clients_open_connection_is_closed_by_the_listener() {
    let authority = authority();
    let serving = store(&authority, &["files"]);
    let (pupil, mut arrivals) = Pupil::new();
    let mut running = start(&serving, ListenerConfig::default(), pupil).await;
    let calling = store(&authority, &["gateway"]);
    let files = endpoint(&calling, running.addr);
    let open = tokio::spawn({
        let files = files.clone();
        async move { call(&files, "/hang", "").await }
    });
    within(arrivals.recv()).await.expect("arrives");
    // Somebody else's denial changes nothing.
    serving.deny(id("roster"));
    call(&files, "/echo", "x").await.expect("answers");
    serving.deny(id("gateway"));
    running
        .seen(|seen| *seen == Seen::Closed(CloseReason::Denied))
        .await;
    within(open).await.expect("runs").expect_err("closed");
    call(&files, "/echo", "x")
        .await
        .expect_err("refused at the handshake");
    let reason = running.failure().await;
    assert!(reason.contains("deny list"), "{reason}");
}

#[tokio::test]
async fn an_endpoint_cuts_its_connections_to_a_denied_peer() {
    let authority = authority();
    let serving = store(&authority, &["files"]);
    let (pupil, mut arrivals) = Pupil::new();
    let running = start(&serving, ListenerConfig::default(), pupil).await;
    let calling = store(&authority, &["gateway"]);
    let files = endpoint(&calling, running.addr);
    let open = tokio::spawn({
        let files = files.clone();
        async move { call(&files, "/hang", "").await }
    });
    within(arrivals.recv()).await.expect("arrives");
    calling.deny(id("files"));
    within(open).await.expect("runs").expect_err("cut");
    let error = call(&files, "/echo", "x").await.expect_err("refused");
    assert!(matches!(error, TransportError::Tls { .. }), "{error}");
    assert!(error.to_string().contains("deny list"), "{error}");
}

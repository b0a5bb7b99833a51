//! Answers that nobody reads: they hold up nobody else.

use http_body_util::BodyExt as _;

use super::support::{Pupil, authority, call, endpoint_with, post, start, store, within};
use crate::{ConnectorConfig, ListenerConfig};

/// Twice the window of a stream, so that the answer cannot end before it is read.
const LONG: usize = 4 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_left_unread_do_not_stop_others_on_their_connection() {
    let store = store(&authority(), &["files", "gateway"]);
    let running = start(&store, ListenerConfig::default(), Pupil::new().0).await;
    let config = ConnectorConfig {
        connections_per_endpoint: 1,
        ..ConnectorConfig::default()
    };
    let endpoint = endpoint_with(&store, running.addr, config);
    let mut paused = Vec::new();
    for _ in 0..16 {
        let answer = within(endpoint.send(post("/echo", vec![0; LONG]))).await;
        paused.push(answer.expect("answered"));
    }
    // While these are read, the others fill whatever the connection gives them.
    for _ in 0..8 {
        let answer = within(endpoint.send(post("/echo", vec![1; LONG]))).await;
        let body = within(answer.expect("answered").into_body().collect()).await;
        assert_eq!(body.expect("a whole body").to_bytes().len(), LONG);
    }
    assert_eq!(
        call(&endpoint, "/echo", "small").await.expect("answered"),
        "small"
    );
    for answer in paused {
        let body = within(answer.into_body().collect()).await;
        assert_eq!(body.expect("a whole body").to_bytes().len(), LONG);
    }
}

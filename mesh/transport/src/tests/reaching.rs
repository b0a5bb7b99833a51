//! Calls that should work, and dials that should not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::future::join_all;
use http_body_util::BodyExt as _;
use preau_mesh_identity::{CaConfig, CertificateAuthority, IdentityStore, system_clock};
use tokio::net::TcpListener;

use super::support::{
    Pupil, Seen, authority, call, domain, endpoint, endpoint_with, id, post, start, store, svid,
    within,
};
use crate::{
    BindError, ConnectorConfig, Endpoint, Listener, ListenerConfig, TransportError, join_connection,
};

#[tokio::test]
async fn a_request_arrives_with_the_role_it_addressed_and_the_callers_identity() {
    let authority = authority();
    let store = store(&authority, &["files", "roster", "gateway"]);
    let running = start(&store, ListenerConfig::default(), Pupil::new().0).await;
    let files = endpoint(&store, running.addr);
    let answer = call(&files, "/whoami", "").await.expect("answers");
    assert_eq!(answer, "files spiffe://preau.test/ns/default/sa/gateway");
    let addr = running.addr.to_string();
    let roster = Endpoint::new(
        store.clone(),
        "files",
        id("roster"),
        addr,
        ConnectorConfig::default(),
    );
    let answer = call(&roster, "/whoami", "").await.expect("answers");
    assert_eq!(answer, "roster spiffe://preau.test/ns/default/sa/files");
    drop((files, roster));
    let drained = running.finish().await;
    assert_eq!(drained.forced, 0);
}

#[tokio::test]
async fn large_bodies_pass_both_ways_unchanged() {
    let store = store(&authority(), &["files", "gateway"]);
    let running = start(&store, ListenerConfig::default(), Pupil::new().0).await;
    let files = endpoint(&store, running.addr);
    let body: Bytes = (0..24 << 20).map(|n: u32| (n % 251) as u8).collect();
    let response = within(files.send(post("/echo", body.clone())))
        .await
        .expect("answers");
    let back = within(response.into_body().collect()).await.expect("whole");
    assert!(back.to_bytes() == body);
}

#[tokio::test]
async fn a_joining_workload_reaches_control_without_a_certificate() {
    let authority = authority();
    let store = store(&authority, &["control", "files"]);
    let running = start(&store, ListenerConfig::default(), Pupil::new().0).await;
    let addr = running.addr.to_string();
    let pin = authority.bundle().fingerprint();
    let joining = within(join_connection(&domain(), pin, addr.clone()))
        .await
        .expect("trusted");
    assert_eq!(
        call(&joining, "/whoami", "").await.expect("answers"),
        "join nobody"
    );
    let error = within(join_connection(&domain(), [1; 32], addr))
        .await
        .expect_err("another anchor");
    assert!(error.to_string().contains("fingerprint"), "{error}");
}

#[tokio::test]
async fn one_quiet_caller_uses_one_connection_and_many_use_several() {
    let store = store(&authority(), &["files", "gateway"]);
    let (pupil, mut arrivals) = Pupil::new();
    let may_answer = pupil.may_answer.clone();
    let mut running = start(&store, ListenerConfig::default(), pupil).await;
    let files = endpoint(&store, running.addr);
    for _ in 0..20 {
        call(&files, "/echo", "x").await.expect("answers");
    }
    running.seen(|seen| matches!(seen, Seen::Accepted(_))).await;
    assert!(
        running.events.try_recv().is_err(),
        "a second connection without need"
    );
    let waiting: Vec<_> = (0..32)
        .map(|_| {
            let files = files.clone();
            tokio::spawn(async move { call(&files, "/wait", "").await })
        })
        .collect();
    running.seen(|seen| matches!(seen, Seen::Accepted(_))).await;
    for _ in 0..52 {
        within(arrivals.recv()).await.expect("arrives");
    }
    may_answer.add_permits(32);
    for outcome in join_all(waiting).await {
        outcome.expect("runs").expect("answers");
    }
}

#[tokio::test]
async fn more_calls_than_streams_grow_the_pool_and_all_are_answered() {
    let store = store(&authority(), &["files", "gateway"]);
    let (pupil, mut arrivals) = Pupil::new();
    let may_answer = pupil.may_answer.clone();
    let config = ListenerConfig {
        max_concurrent_streams: 10,
        ..ListenerConfig::default()
    };
    let running = start(&store, config, pupil).await;
    let config = ConnectorConfig {
        streams_per_connection: 8,
        connections_per_endpoint: 2,
        ..ConnectorConfig::default()
    };
    let files = endpoint_with(&store, running.addr, config);
    let mut waiting = Vec::new();
    // One after the other, so that each sees the load of those before it: 120 need a dozen connections, not two.
    for _ in 0..120 {
        let files = files.clone();
        waiting.push(tokio::spawn(async move { call(&files, "/wait", "").await }));
        within(arrivals.recv())
            .await
            .expect("arrives while all before it are open");
    }
    may_answer.add_permits(120);
    for outcome in join_all(waiting).await {
        outcome.expect("runs").expect("answers");
    }
}

#[tokio::test]
async fn a_dead_peer_is_named_and_left_alone_for_a_while() {
    let store = store(&authority(), &["gateway"]);
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = free.local_addr().expect("bound");
    drop(free);
    let config = ConnectorConfig {
        backoff_first: Duration::from_secs(3600 * 24 * 365),
        backoff_longest: Duration::from_secs(3600 * 24 * 365),
        ..ConnectorConfig::default()
    };
    let files = endpoint_with(&store, addr, config);
    let error = call(&files, "/echo", "").await.expect_err("nobody listens");
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("spiffe://preau.test/ns/default/sa/files"),
        "{text}"
    );
    assert!(text.contains(&addr.to_string()), "{text}");
    assert!(!error.was_sent());
    let again = call(&files, "/echo", "").await.expect_err("still nobody");
    assert!(
        matches!(again, TransportError::BackingOff { .. }),
        "{again}"
    );
    assert!(again.to_string().contains(&text), "{again}");
}

#[tokio::test]
async fn a_silent_peer_is_given_up_after_the_connect_timeout() {
    let store = store(&authority(), &["gateway"]);
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let config = ConnectorConfig {
        connect_timeout: Duration::from_millis(100),
        ..ConnectorConfig::default()
    };
    let files = endpoint_with(&store, silent.local_addr().expect("bound"), config);
    let error = call(&files, "/echo", "").await.expect_err("no answer");
    assert!(matches!(error, TransportError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn a_peer_without_the_role_is_named_as_such() {
    let authority = authority();
    let serving = store(&authority, &["roster"]);
    let mut running = start(&serving, ListenerConfig::default(), Pupil::new().0).await;
    let calling = store(&authority, &["gateway"]);
    let files = endpoint(&calling, running.addr);
    let error = call(&files, "/echo", "").await.expect_err("no such role");
    assert!(matches!(error, TransportError::Tls { .. }), "{error}");
    assert!(
        error.to_string().contains("does not hold the role"),
        "{error}"
    );
    let reason = running.failure().await;
    assert!(reason.contains("files.preau.test"), "{reason}");
}

#[tokio::test]
async fn a_refused_certificate_fails_the_dial_and_not_the_request() {
    let authority = authority();
    let serving = store(&authority, &["files"]);
    let mut running = start(&serving, ListenerConfig::default(), Pupil::new().0).await;
    // A caller of another root that nevertheless trusts the server's.
    let stranger = CertificateAuthority::create(domain(), &CaConfig::default()).expect("creates");
    let calling = store(&authority, &[]);
    calling.set_svid("gateway", svid(&stranger, "gateway"));
    let error = call(&endpoint(&calling, running.addr), "/echo", "")
        .await
        .expect_err("refused");
    assert!(matches!(error, TransportError::Tls { .. }), "{error}");
    assert!(
        error.to_string().contains("refused us (UnknownCA)"),
        "{error}"
    );
    running.failure().await;
    // A caller without any.
    let naked = store(&authority, &[]);
    let error = call(&endpoint(&naked, running.addr), "/echo", "")
        .await
        .expect_err("no identity");
    assert!(matches!(error, TransportError::Identity { .. }), "{error}");
}

#[tokio::test]
async fn an_expired_certificate_is_refused_by_the_listener() {
    let config = CaConfig {
        clock: Arc::new(|| SystemTime::now() - Duration::from_secs(7200)),
        ..CaConfig::default()
    };
    let authority = CertificateAuthority::create(domain(), &config).expect("creates");
    let serving = IdentityStore::new(
        domain(),
        Arc::new(|| SystemTime::now() - Duration::from_secs(7200)),
    );
    serving.set_bundle(authority.bundle());
    serving.set_svid("files", svid(&authority, "files"));
    // The server's clock shows the present; its own certificate does not matter to itself.
    let present = IdentityStore::new(domain(), system_clock());
    present.set_bundle(authority.bundle());
    present.set_svid("files", svid(&authority, "files"));
    let mut running = start(&present, ListenerConfig::default(), Pupil::new().0).await;
    serving.set_svid("gateway", svid(&authority, "gateway"));
    let error = call(&endpoint(&serving, running.addr), "/echo", "")
        .await
        .expect_err("expired");
    assert!(error.to_string().contains("CertificateExpired"), "{error}");
    let reason = running.failure().await;
    assert!(reason.contains("expired"), "{reason}");
}

#[tokio::test]
async fn a_port_in_use_is_named_with_what_to_do() {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let first = Listener::bind(any, ListenerConfig::default())
        .await
        .expect("free");
    let addr = first.local_addr();
    let error = Listener::bind(addr, ListenerConfig::default())
        .await
        .expect_err("taken");
    assert!(matches!(error, BindError::InUse { addr: at } if at == addr));
    assert!(error.to_string().contains(&addr.to_string()), "{error}");
}

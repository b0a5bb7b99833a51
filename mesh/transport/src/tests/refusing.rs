//! Clients that do not belong here, or that dawdle.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, ClientConnection};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::support::{
    Pupil, Running, Seen, authority, call, careless_client, endpoint, id, start, store, within,
};
use crate::ListenerConfig;

fn hasty() -> ListenerConfig {
    ListenerConfig {
        handshake_timeout: Duration::from_millis(500),
        max_handshakes: 1,
        ..ListenerConfig::default()
    }
}

async fn plain(addr: SocketAddr) -> TcpStream {
    within(TcpStream::connect(addr)).await.expect("accepts")
}

/// Reads until the other side ends the connection, whichever way it does.
async fn ended(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let _ = within(stream.read_to_end(&mut rest)).await;
}

async fn tls(
    addr: SocketAddr,
    config: Arc<ClientConfig>,
    name: &str,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    within(TlsConnector::from(config).connect(name, plain(addr).await)).await
}

/// Whatever a refused client gets to see, in the end it is nothing.
async fn gets_nothing(outcome: std::io::Result<tokio_rustls::client::TlsStream<TcpStream>>) {
    if let Ok(mut stream) = outcome {
        let mut rest = Vec::new();
        let _ = within(stream.read_to_end(&mut rest)).await;
        assert!(rest.is_empty());
    }
}

#[tokio::test]
async fn dawdling_clients_block_nobody_and_are_dropped() {
    let store = store(&authority(), &["files", "gateway"]);
    let mut running = start(&store, hasty(), Pupil::new().0).await;
    let mut dawdlers = Vec::new();
    for _ in 0..3 {
        dawdlers.push(plain(running.addr).await);
    }
    // Half a greeting.
    let config = store.client_config("gateway", &id("files")).expect("held");
    let name = ServerName::try_from("files.preau.test").expect("a name");
    let mut client = ClientConnection::new(config, name).expect("begins");
    let mut greeting = Vec::new();
    client.write_tls(&mut greeting).expect("memory");
    let mut half = plain(running.addr).await;
    half.write_all(&greeting[..greeting.len() / 2])
        .await
        .expect("writes");
    dawdlers.push(half);

    // They wait, and with one handshake at a time allowed a proper client passes them.
    let files = endpoint(&store, running.addr);
    call(&files, "/echo", "x").await.expect("answers");

    for dawdler in dawdlers {
        ended(dawdler).await;
        let reason = running.failure().await;
        assert_eq!(reason, "the handshake took too long");
    }
    call(&files, "/echo", "x").await.expect("answers");
}

#[tokio::test]
async fn a_client_that_greets_and_falls_silent_is_dropped_at_every_step() {
    let store = store(&authority(), &["files", "gateway", "control"]);
    let mut running = start(&store, hasty(), Pupil::new().0).await;
    // The whole greeting, and no answer to the server's.
    let name = ServerName::try_from("files.preau.test").expect("a name");
    let config = store.client_config("gateway", &id("files")).expect("held");
    let mut client = ClientConnection::new(config, name).expect("begins");
    let mut greeting = Vec::new();
    client.write_tls(&mut greeting).expect("memory");
    let mut stream = plain(running.addr).await;
    stream.write_all(&greeting).await.expect("writes");
    ended(stream).await;
    assert_eq!(running.failure().await, "the handshake took too long");
    // The whole handshake, and no HTTP/2.
    let joined = tls(running.addr, careless_client(&[b"h2"]), "join.preau.test").await;
    gets_nothing(joined).await;
    assert_eq!(running.failure().await, "the handshake took too long");
}

async fn expect_failure(running: &mut Running, says: &str) {
    let reason = running.failure().await;
    assert!(reason.contains(says), "{reason}");
}

#[tokio::test]
async fn unknown_and_missing_server_names_are_refused_with_the_reason() {
    let store = store(&authority(), &["files", "gateway"]);
    let mut running = start(&store, ListenerConfig::default(), Pupil::new().0).await;
    let config = store.client_config("gateway", &id("files")).expect("held");
    for name in [
        "roster.preau.test",
        "files.elsewhere.test",
        "join.preau.test",
    ] {
        let error = tls(running.addr, config.clone(), name)
            .await
            .expect_err("refused");
        assert!(error.to_string().contains("UnrecognisedName"), "{error}");
        expect_failure(&mut running, name).await;
    }
    // An address is never sent as a server name.
    tls(running.addr, config, "127.0.0.1")
        .await
        .expect_err("refused");
    expect_failure(&mut running, "named no server").await;
}

#[tokio::test]
async fn a_client_without_a_certificate_gets_nothing() {
    let store = store(&authority(), &["files"]);
    let mut running = start(&store, ListenerConfig::default(), Pupil::new().0).await;
    gets_nothing(tls(running.addr, careless_client(&[b"h2"]), "files.preau.test").await).await;
    expect_failure(&mut running, "showed no certificate").await;
}

#[tokio::test]
async fn plaintext_and_garbage_on_the_port_are_refused() {
    let store = store(&authority(), &["files"]);
    let mut running = start(&store, ListenerConfig::default(), Pupil::new().0).await;
    let h2c = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_slice();
    let h1 = b"GET / HTTP/1.1\r\nhost: files.preau.test\r\n\r\n".as_slice();
    for bytes in [h2c, h1, &[0xff; 64]] {
        let mut stream = plain(running.addr).await;
        stream.write_all(bytes).await.expect("writes");
        ended(stream).await;
        expect_failure(&mut running, "does not speak TLS").await;
    }
}

#[tokio::test]
async fn anything_but_http2_inside_tls_is_refused() {
    let store = store(&authority(), &["control"]);
    let mut running = start(&store, ListenerConfig::default(), Pupil::new().0).await;
    gets_nothing(tls(running.addr, careless_client(&[]), "join.preau.test").await).await;
    expect_failure(&mut running, "ALPN h2").await;
    gets_nothing(
        tls(
            running.addr,
            careless_client(&[b"http/1.1"]),
            "join.preau.test",
        )
        .await,
    )
    .await;
    running.failure().await;
    let mut stream = tls(running.addr, careless_client(&[b"h2"]), "join.preau.test")
        .await
        .expect("agrees on h2");
    let request = b"GET / HTTP/1.1\r\nhost: join.preau.test\r\n\r\n";
    stream.write_all(request).await.expect("writes");
    gets_nothing(Ok(stream)).await;
    expect_failure(&mut running, "HTTP/2").await;
}

async fn capped(config: ListenerConfig, says: &str) {
    let store = store(&authority(), &["files", "gateway"]);
    let mut running = start(&store, config, Pupil::new().0).await;
    let first = endpoint(&store, running.addr);
    call(&first, "/echo", "x").await.expect("answers");
    ended(plain(running.addr).await).await;
    let refused = running.seen(|seen| matches!(seen, Seen::Refused(_))).await;
    assert!(
        matches!(&refused, Seen::Refused(reason) if reason.contains(says)),
        "{refused:?}"
    );
    call(&first, "/echo", "x")
        .await
        .expect("the one inside is not disturbed");
    // Its place is free again once it has left.
    drop(first);
    running.seen(|seen| matches!(seen, Seen::Closed(_))).await;
    let second = endpoint(&store, running.addr);
    within(async { while call(&second, "/echo", "x").await.is_err() {} }).await;
}

#[tokio::test]
async fn connections_over_the_listeners_cap_are_refused() {
    let config = ListenerConfig {
        max_connections: 1,
        ..ListenerConfig::default()
    };
    capped(config, "listener's connection limit").await;
}

#[tokio::test]
async fn connections_over_an_addresses_cap_are_refused() {
    let config = ListenerConfig {
        max_connections_per_peer_ip: 1,
        ..ListenerConfig::default()
    };
    capped(config, "peer address's connection limit").await;
}

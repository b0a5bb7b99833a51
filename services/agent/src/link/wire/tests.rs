use preau_proto::devices::v1::WatchRequest;
use preau_proto::devices::v1::agent_service_client::AgentServiceClient;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tonic::Code;

use super::*;
use crate::link::{Address, Trust};

/// Nothing that a test waits for takes as long, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(30);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Settings of our own, none; and that those of the other side were read.
const SETTINGS: [u8; 18] = [
    0, 0, 0, 4, 0, 0, 0, 0, 0, //
    0, 0, 0, 4, 1, 0, 0, 0, 0,
];

/// A server that agrees to speak HTTP/2 and is never heard again, as one is behind a network that was left.
async fn accept_and_vanish(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let mut preface = [0; PREFACE.len()];
    stream.read_exact(&mut preface).await.expect("HTTP/2");
    assert_eq!(preface, PREFACE);
    stream.write_all(&SETTINGS).await.expect("written");
    stream
}

#[tokio::test]
async fn a_connection_over_which_nobody_answers_is_given_up_for_a_new_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("free");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let address = Address::parse(&url).expect("an address");
    let dialer = Dialer::http2(address, &Trust::Nobody).expect("no files are read");
    let soon = Duration::from_millis(50);
    let wire = Wire::with(dialer, Transport::Grpc, [soon, soon]);
    // Kept open, so that nothing but the silence tells.
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut agents = AgentServiceClient::new(wire.clone());
        let watched = async {
            let watching = agents.watch(WatchRequest { cursor: 0 });
            let (refused, stream) = tokio::join!(watching, accept_and_vanish(&listener));
            open.push(stream);
            refused.map(drop).expect_err("nobody answers")
        };
        let status = tokio::time::timeout(PATIENCE, watched)
            .await
            .expect("given up, and dialled anew");
        assert_eq!(status.code(), Code::Unavailable, "{status}");
    }
}

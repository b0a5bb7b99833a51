//! The listener's own duties.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use preau_proto::files::v1::ReadRequest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::stand::{PUPIL, Stand, bearer, framed};
use crate::{BindError, Config, Drained, bind};

fn waiting_read() -> Request<Full<Bytes>> {
    let message = ReadRequest {
        offset: 1,
        ..Default::default()
    };
    Request::post("http://localhost/preau.files.v1.FileService/Read")
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::AUTHORIZATION, bearer(PUPIL))
        .body(Full::new(framed(&message)))
        .expect("a request")
}

#[tokio::test]
async fn plain_http_is_served_on_loopback_only() {
    let refused = bind(([0, 0, 0, 0], 0).into(), None).await;
    assert!(matches!(refused, Err(BindError::NotLoopback(_))));
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_remedy() {
    let first = bind(([127, 0, 0, 1], 0).into(), None).await.expect("free");
    let address = first.local_addr().expect("bound");
    let Err(error) = bind(address, None).await else {
        panic!("bound twice");
    };
    assert!(matches!(error, BindError::InUse(_)));
    let line = error.to_string();
    assert!(
        line.contains(&address.to_string()) && line.contains("--gateway"),
        "{line}"
    );
}

#[tokio::test]
async fn a_client_that_says_nothing_or_half_a_preface_is_let_go() {
    let config = Config {
        header_timeout: Duration::from_millis(50),
        ..Config::default()
    };
    let stand = Stand::with(config).await;
    for opening in [&b""[..], b"PRI * HTTP/2", b"POST / HTTP/1.1\r\nhost: a\r\n"] {
        let mut stream = TcpStream::connect(stand.address).await.expect("listening");
        stream.write_all(opening).await.expect("open");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    }
}

#[tokio::test]
async fn more_connections_than_places_are_closed_at_once() {
    let config = Config {
        max_connections: 1,
        ..Config::default()
    };
    let stand = Stand::with(config).await;
    let mut client = stand.h2().await;
    // Answered, so it surely has its place.
    let health = "/grpc.health.v1.Health/Check";
    client
        .call(
            health,
            &[],
            &tonic_health::pb::HealthCheckRequest::default(),
        )
        .await;
    let mut second = TcpStream::connect(stand.address)
        .await
        .expect("accepted by the kernel");
    assert_eq!(second.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn the_end_waits_for_calls_under_way() {
    let stand = Stand::new().await;
    let mut client = stand.h2().await;
    let mut body = client.start(waiting_read()).await.into_body();
    let _first = body.frame().await.expect("a frame").expect("data");
    stand.stop.cancel();
    stand.seen.finish.notify_one();
    let rest = body.collect().await.expect("the rest");
    assert_eq!(rest.trailers().expect("trailers")["grpc-status"], "0");
    assert_eq!(stand.serving.await.expect("ends"), Drained { cut: 0 });
    assert!(
        TcpStream::connect(stand.address).await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test]
async fn the_end_comes_even_when_a_call_does_not_end() {
    let config = Config {
        drain: Duration::from_millis(50),
        ..Config::default()
    };
    let stand = Stand::with(config).await;
    let mut client = stand.h2().await;
    let mut body = client.start(waiting_read()).await.into_body();
    let _first = body.frame().await.expect("a frame").expect("data");
    stand.stop.cancel();
    assert_eq!(stand.serving.await.expect("ends"), Drained { cut: 1 });
}

//! The same over TLS.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ProtocolVersion, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::secured::Secured;
use super::stand::collect;
use crate::{Tls, bind};

impl Secured {
    /// As a browser connects.
    async fn browse(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        protocols: &[&[u8]],
    ) -> TlsStream<TcpStream> {
        let mut client = self.client(versions, b"h2", None);
        client.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        self.connect(client).await.expect("a handshake")
    }
}

fn page() -> Request<Full<Bytes>> {
    Request::get("https://ent.example.fr/app")
        .body(Full::new(Bytes::new()))
        .expect("a request")
}

#[tokio::test]
async fn browsers_of_both_versions_and_protocols_are_served() {
    let secured = Secured::new().await;
    let (tls12, tls13) = (&rustls::version::TLS12, &rustls::version::TLS13);
    for (version, expected) in [
        (tls12, ProtocolVersion::TLSv1_2),
        (tls13, ProtocolVersion::TLSv1_3),
    ] {
        let stream = secured.browse(&[version], &[b"h2", b"http/1.1"]).await;
        let (_, about) = stream.get_ref();
        assert_eq!(about.protocol_version(), Some(expected));
        assert_eq!(about.alpn_protocol(), Some(&b"h2"[..]));
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .expect("HTTP/2");
        tokio::spawn(connection);
        let answer = collect(sender.send_request(page()).await.expect("answered")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(
            answer
                .headers()
                .contains_key(header::STRICT_TRANSPORT_SECURITY)
        );

        let stream = secured.browse(&[version], &[b"http/1.1"]).await;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("HTTP/1.1");
        tokio::spawn(connection);
        let mut request = page();
        *request.uri_mut() = "/app".parse().expect("a path");
        let host = "ent.example.fr".parse().expect("a header");
        request.headers_mut().insert(header::HOST, host);
        let answer = collect(sender.send_request(request).await.expect("answered")).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn keys_are_agreed_on_with_the_post_quantum_group() {
    let secured = Secured::new().await;
    let stream = secured.browse(&[&rustls::version::TLS13], &[b"h2"]).await;
    let group = stream.get_ref().1.negotiated_key_exchange_group();
    let name = group.expect("agreed on").name();
    assert_eq!(name, rustls::NamedGroup::X25519MLKEM768);
}

#[tokio::test]
async fn who_does_not_shake_hands_is_let_go_and_holds_up_nobody() {
    let secured = Secured::new().await;
    let mut silent = TcpStream::connect(secured.stand.address)
        .await
        .expect("listening");
    let mut plain = TcpStream::connect(secured.stand.address)
        .await
        .expect("listening");
    plain
        .write_all(b"GET /app HTTP/1.1\r\nhost: ent.example.fr\r\n\r\n")
        .await
        .expect("open");
    secured.browse(&[&rustls::version::TLS13], &[b"h2"]).await;
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said).await;
    assert!(!said.starts_with(b"HTTP"), "nothing is served in the clear");
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn with_a_certificate_any_address_may_be_bound() {
    let secured = Secured::new().await;
    drop(secured);
    let made = rcgen::generate_simple_self_signed(["a".to_owned()]).expect("a certificate");
    let files = tempfile::tempdir().expect("a folder");
    let (certificate, key) = (files.path().join("a.pem"), files.path().join("b.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("writable");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("writable");
    let tls = Tls::load(&certificate, &key).expect("a good pair");
    assert!(bind(([0, 0, 0, 0], 0).into(), Some(&tls)).await.is_ok());
}

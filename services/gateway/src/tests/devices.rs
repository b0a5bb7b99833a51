//! Devices that show their certificate.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use preau_proto::devices::v1::mint_principal_request::Credential;
use preau_proto::devices::v1::{EnrollRequest, RenewCertificateRequest, RenewCertificateResponse};
use preau_proto::files::v1::{ListFolderRequest, ListFolderResponse};
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, HandshakeKind, SignatureScheme};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tonic::Code;

use super::fleet::{Fleet, a_device};
use super::secured::{Device, DeviceAuthority, Line, Secured, VERSIONS};
use super::stand::{PUPIL, Stand, bearer};
use crate::Config;

const RENEW: &str = "/preau.devices.v1.AgentService/RenewCertificate";
const ENROLL: &str = "/preau.devices.v1.AgentService/Enroll";
const LIST: &str = "/preau.files.v1.FileService/ListFolder";
const H2: &[u8] = b"h2";
const H1: &[u8] = b"http/1.1";

/// Who the connection is to `devices`, when the call says nothing about it.
async fn who(line: &mut Line, headers: &[(&str, &str)]) -> Result<Vec<u8>, (Code, String)> {
    let request = RenewCertificateRequest::default();
    let answer = line.call(RENEW, headers, &request).await;
    match answer.code() {
        Code::Ok => {
            let response: RenewCertificateResponse = answer.message();
            Ok(response.certificate.expect("there").chain.remove(0))
        }
        code => Err((code, answer.reason())),
    }
}

fn nobody() -> Result<Vec<u8>, (Code, String)> {
    Err((Code::Unauthenticated, "NOT_SIGNED_IN".to_owned()))
}

#[tokio::test]
async fn a_device_is_known_by_its_certificate_and_asked_about_once() {
    let authority = DeviceAuthority::new("devices");
    let secured = Secured::for_devices_of(&authority).await;
    let device = authority.device();
    for version in VERSIONS {
        for protocol in [H2, H1] {
            let client = secured.client(&[version], protocol, Some(&device));
            let mut line = Line::over(secured.connect(client).await.expect("a handshake")).await;
            for _ in 0..2 {
                assert_eq!(who(&mut line, &[]).await, Ok(a_device()), "{version:?}");
            }
        }
    }
    let leaf = device.chain[0].to_vec();
    let asked = secured.stand.fleet.asked();
    assert_eq!(asked, [Credential::Certificate(leaf)]);
}

/// The alert with which the gateway ended a connection. With TLS 1.3 it comes after the client's handshake.
async fn alert(opened: io::Result<TlsStream<TcpStream>>) -> Option<AlertDescription> {
    let error = match opened {
        Ok(mut stream) => stream.read(&mut [0; 1]).await.expect_err("closed"),
        Err(error) => error,
    };
    let inner = error.into_inner()?;
    match *inner.downcast::<rustls::Error>().ok()? {
        rustls::Error::AlertReceived(alert) => Some(alert),
        _ => None,
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_verify_fails_the_handshake_and_is_told_why() {
    let authority = DeviceAuthority::new("devices");
    // One of another name, and one that says it is ours.
    let foreign = DeviceAuthority::new("somebody else's devices");
    let forged = DeviceAuthority::new("devices");
    let secured = Secured::for_devices_of(&authority).await;
    let hour = Duration::from_secs(3600);
    let expired = authority.device_from(SystemTime::now() - 2 * hour);
    let early = authority.device_from(SystemTime::now() + hour);
    for version in VERSIONS {
        for (device, expected) in [
            (&foreign.device(), AlertDescription::UnknownCA),
            (&forged.device(), AlertDescription::DecryptError),
            (&expired, AlertDescription::CertificateExpired),
            (&early, AlertDescription::CertificateExpired),
        ] {
            let client = secured.client(&[version], H2, Some(device));
            let told = alert(secured.connect(client).await).await;
            assert_eq!(told, Some(expected), "{version:?}");
        }
    }
    assert_eq!(secured.stand.fleet.asked(), []);
}

#[tokio::test]
async fn an_expired_certificate_does_not_come_back_by_resumption() {
    for version in VERSIONS {
        let authority = DeviceAuthority::new("devices");
        let secured = Secured::for_devices_of(&authority).await;
        let device = authority.device();
        // It remembers sessions, as every client of rustls does.
        let client = Arc::new(secured.client(&[version], H2, Some(&device)));
        for _ in 0..2 {
            let stream = secured.connect_again(&client).await.expect("a handshake");
            let kind = stream.get_ref().1.handshake_kind();
            assert_eq!(kind, Some(HandshakeKind::Full), "{version:?}");
            let mut line = Line::over(stream).await;
            assert_eq!(who(&mut line, &[]).await, Ok(a_device()));
        }
        secured.pass(Duration::from_secs(3600));
        let told = alert(secured.connect_again(&client).await).await;
        let expected = Some(AlertDescription::CertificateExpired);
        assert_eq!(told, expected, "{version:?}");
    }
}

#[tokio::test]
async fn without_a_certificate_everything_is_as_it_was() {
    let authority = DeviceAuthority::new("devices");
    let secured = Secured::for_devices_of(&authority).await;
    let session = bearer(PUPIL);
    for protocol in [H2, H1] {
        let mut line = secured.line(protocol, None).await;
        assert_eq!(who(&mut line, &[]).await, nobody());
        let headers = [("authorization", session.as_str())];
        let list = ListFolderRequest::default();
        assert_eq!(line.call(LIST, &headers, &list).await.code(), Code::Ok);
    }
    assert_eq!(secured.stand.fleet.asked(), []);
}

/// A client's resolver that notes which authorities are named, and shows nothing.
#[derive(Debug, Default)]
struct Hints(Mutex<Vec<Vec<Vec<u8>>>>);

impl ResolvesClientCert for Hints {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let hints = hints.iter().map(|hint| hint.to_vec()).collect();
        self.0.lock().expect("not poisoned").push(hints);
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn only_the_authority_of_devices_is_named_so_browsers_ask_nobody() {
    let authority = DeviceAuthority::new("devices");
    let secured = Secured::for_devices_of(&authority).await;
    let hints = Arc::new(Hints::default());
    for version in VERSIONS {
        let mut client = secured.client(&[version], H2, None);
        client.client_auth_cert_resolver = Arc::clone(&hints) as Arc<dyn ResolvesClientCert>;
        let mut line = Line::over(secured.connect(client).await.expect("a handshake")).await;
        assert_eq!(who(&mut line, &[]).await, nobody());
    }
    let named = vec![authority.subject()];
    let seen = hints.0.lock().expect("not poisoned").clone();
    assert_eq!(seen, [named.clone(), named]);
}

#[tokio::test]
async fn where_no_authority_is_known_nobody_is_asked() {
    let secured = Secured::new().await;
    let device = DeviceAuthority::new("devices").device();
    let mut line = secured.line(H2, Some(&device)).await;
    assert_eq!(who(&mut line, &[]).await, nobody());
    assert_eq!(secured.stand.fleet.asked(), []);
}

#[tokio::test]
async fn authorities_that_are_known_late_are_asked_for_then() {
    let authority = DeviceAuthority::new("devices");
    let fleet = Fleet::default();
    fleet.not_yet.store(3, Ordering::SeqCst);
    authority.is_known_to(&fleet);
    let secured = Secured::with_fleet(fleet).await;
    let device = authority.device();
    let known = async {
        loop {
            let mut line = secured.line(H2, Some(&device)).await;
            match who(&mut line, &[]).await {
                Ok(caller) => break caller,
                refused => assert_eq!(refused, nobody()),
            }
        }
    };
    let caller = tokio::time::timeout(Duration::from_secs(20), known).await;
    assert_eq!(caller, Ok(a_device()));
}

#[tokio::test]
async fn a_session_goes_before_the_certificate() {
    let authority = DeviceAuthority::new("devices");
    let secured = Secured::for_devices_of(&authority).await;
    let device = authority.device();
    for protocol in [H2, H1] {
        let mut line = secured.line(protocol, Some(&device)).await;
        let (pupil, stranger) = (bearer(PUPIL), bearer("stranger"));
        let list = ListFolderRequest::default();
        let answer = line.call(LIST, &[("authorization", &pupil)], &list).await;
        let nodes = answer.message::<ListFolderResponse>().nodes;
        assert!(nodes.iter().any(|node| node.name == ":person"));
        for authorization in [stranger.as_str(), "Basic YTpi"] {
            let refused = who(&mut line, &[("authorization", authorization)]).await;
            let (code, _) = refused.expect_err("refused");
            assert_eq!(code, Code::Unauthenticated, "{authorization}");
        }
    }
    assert_eq!(secured.stand.fleet.asked(), []);
}

#[tokio::test]
async fn what_a_browser_sends_does_not_act_as_the_device() {
    let authority = DeviceAuthority::new("devices");
    let secured = Secured::for_devices_of(&authority).await;
    let mut line = secured.line(H1, Some(&authority.device())).await;
    let own = ("origin", "https://ent.example.fr");
    let pupil = format!("__Host-preau={PUPIL}");
    let answer = line
        .call(
            LIST,
            &[own, ("cookie", &pupil)],
            &ListFolderRequest::default(),
        )
        .await;
    assert_eq!(answer.code(), Code::Ok, "the cookie's session");
    for headers in [
        &[own][..],
        &[("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-origin")],
        &[("cookie", "__Host-preau=dev_session-of-a-tablet")],
        &[("cookie", "__Host-preau=a; __Host-preau=b")],
    ] {
        assert_eq!(who(&mut line, headers).await, nobody(), "{headers:?}");
    }
    let foreign = who(&mut line, &[("cookie", &pupil)]).await;
    let expected = (Code::PermissionDenied, "FOREIGN_ORIGIN".to_owned());
    assert_eq!(foreign, Err(expected));
    assert_eq!(secured.stand.fleet.asked(), []);
    assert_eq!(
        who(&mut line, &[("cookie", "theme=dark")]).await,
        Ok(a_device())
    );
}

#[tokio::test]
async fn what_needs_nobody_is_not_asked_about_and_what_is_for_people_is_refused() {
    let authority = DeviceAuthority::new("devices");
    let secured = Secured::for_devices_of(&authority).await;
    let mut line = secured.line(H2, Some(&authority.device())).await;
    let answer = line.call(ENROLL, &[], &EnrollRequest::default()).await;
    assert_eq!(answer.reason(), "TOKEN_UNKNOWN");
    assert_eq!(secured.stand.fleet.asked(), []);
    let answer = line.call(LIST, &[], &ListFolderRequest::default()).await;
    assert_eq!(answer.code(), Code::PermissionDenied);
    assert_eq!(answer.reason(), "ROLE_NOT_ALLOWED");
}

#[tokio::test]
async fn a_device_that_was_retired_is_refused_and_asked_about_again() {
    let authority = DeviceAuthority::new("devices");
    let secured = Secured::for_devices_of(&authority).await;
    *secured.stand.fleet.retired.lock().expect("not poisoned") = true;
    let mut line = secured.line(H2, Some(&authority.device())).await;
    for _ in 0..2 {
        let (code, _) = who(&mut line, &[]).await.expect_err("refused");
        assert_eq!(code, Code::Unauthenticated);
    }
    assert_eq!(secured.stand.fleet.asked().len(), 2);
}

#[tokio::test]
async fn while_devices_is_away_only_devices_wait() {
    let authority = DeviceAuthority::new("devices");
    let secured = Secured::for_devices_of(&authority).await;
    *secured.stand.fleet.away.lock().expect("not poisoned") = true;
    let mut line = secured.line(H2, Some(&authority.device())).await;
    let expected = (Code::Unavailable, "ROLE_UNREACHABLE".to_owned());
    assert_eq!(who(&mut line, &[]).await, Err(expected));
    let session = bearer(PUPIL);
    let headers = [("authorization", session.as_str())];
    let answer = line
        .call(LIST, &headers, &ListFolderRequest::default())
        .await;
    assert_eq!(answer.code(), Code::Ok);
}

#[tokio::test]
async fn no_header_stands_for_a_certificate() {
    let stand = Stand::with(Config {
        trusted_proxies: vec!["127.0.0.1".parse().expect("a network")],
        ..Config::default()
    });
    let stand = stand.await;
    let device: Device = DeviceAuthority::new("devices").device();
    let certificate = hex::encode(&device.chain[0]);
    let mut line = Line::Native(stand.h2().await);
    for name in [
        "x-forwarded-client-cert",
        "x-ssl-client-cert",
        "client-cert",
    ] {
        assert_eq!(who(&mut line, &[(name, &certificate)]).await, nobody());
    }
    assert_eq!(stand.fleet.asked(), []);
}

//! Devices without certificates: their sessions, their streams, and all of them at once.

use std::time::Duration;

use futures::future::join_all;
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use preau_kernel::throttle::Allowance;
use preau_proto::devices::v1::mint_principal_request::Credential;
use preau_proto::devices::v1::{
    EnrollRequest, RenewCertificateRequest, RenewCertificateResponse, SignInRequest, WatchRequest,
};
use preau_proto::files::v1::ListFolderRequest;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tonic::Code;

use super::fleet::{Fleet, TABLET, a_device};
use super::secured::web_request;
use super::sessions::{OWN, call, grpc_code};
use super::stand::{PUPIL, Stand, bearer};
use crate::Config;

const RENEW: &str = "/preau.devices.v1.AgentService/RenewCertificate";
const LIST: &str = "/preau.files.v1.FileService/ListFolder";

#[tokio::test]
async fn a_devices_session_is_asked_of_devices_once_and_a_persons_of_identity() {
    let stand = Stand::new().await;
    let mut client = stand.h2().await;
    let tablet = bearer(TABLET);
    for _ in 0..2 {
        let headers = [("authorization", tablet.as_str())];
        let request = RenewCertificateRequest::default();
        let answer = client.call(RENEW, &headers, &request).await;
        let response: RenewCertificateResponse = answer.message();
        assert_eq!(response.certificate.expect("there").chain, [a_device()]);
    }
    let asked = [Credential::SessionToken(TABLET.to_owned())];
    assert_eq!((stand.fleet.asked(), stand.mints()), (asked.to_vec(), 0));

    let pupil = bearer(PUPIL);
    let headers = [("authorization", pupil.as_str())];
    let list = ListFolderRequest::default();
    let answer = client.call(LIST, &headers, &list).await;
    assert_eq!(answer.code(), Code::Ok);
    assert_eq!((stand.fleet.asked().len(), stand.mints()), (1, 1));
}

#[tokio::test]
async fn a_devices_session_is_no_browsers() {
    let stand = Stand::new().await;
    let cookie = format!("__Host-preau={TABLET}");
    let headers = [OWN, ("cookie", cookie.as_str())];
    let answer = call(&stand, RENEW, &headers, &RenewCertificateRequest::default()).await;
    assert_eq!(grpc_code(&answer), Code::Unauthenticated);
    assert_eq!((stand.fleet.asked(), stand.mints()), (Vec::new(), 0));

    let tablet = bearer(TABLET);
    let headers = [OWN, ("authorization", tablet.as_str())];
    let answer = call(&stand, RENEW, &headers, &RenewCertificateRequest::default()).await;
    assert_eq!(grpc_code(&answer), Code::Ok, "named by the call itself");
}

#[tokio::test]
async fn where_nobody_serves_devices_people_are_served_all_the_same() {
    let fleet = Fleet {
        nowhere: true,
        ..Fleet::default()
    };
    let stand = Stand::with_fleet(Config::default(), fleet.into()).await;
    let mut client = stand.h2().await;
    let tablet = bearer(TABLET);
    let headers = [("authorization", tablet.as_str())];
    let request = RenewCertificateRequest::default();
    let answer = client.call(RENEW, &headers, &request).await;
    let (code, reason) = (answer.code(), answer.reason());
    assert_eq!(
        (code, reason.as_str()),
        (Code::Unavailable, "ROLE_UNREACHABLE")
    );
    let said = answer.status.expect("a status").message().to_owned();
    assert_eq!(said, "devices does not answer: try again");

    let pupil = bearer(PUPIL);
    let headers = [("authorization", pupil.as_str())];
    let list = ListFolderRequest::default();
    assert_eq!(client.call(LIST, &headers, &list).await.code(), Code::Ok);
}

#[tokio::test]
async fn a_whole_school_enrols_at_once_from_one_address() {
    let config = Config {
        failed_sign_ins: Allowance {
            burst: 3,
            every: Duration::from_secs(3600),
        },
        ..Config::default()
    };
    let stand = Stand::with(config).await;
    // As many as one connection lets through at a time, and the rest behind them.
    let mut clients = Vec::new();
    for _ in 0..10 {
        clients.push(stand.h2().await);
    }
    let calls = (0..500).map(|n| {
        let mut client = clients[n % clients.len()].clone();
        async move {
            let path = "/preau.devices.v1.AgentService/Enroll";
            let enrol = client.call(path, &[], &EnrollRequest::default()).await;
            let path = "/preau.devices.v1.AgentService/SignIn";
            let sign_in = client.call(path, &[], &SignInRequest::default()).await;
            (enrol.reason(), sign_in.reason())
        }
    });
    for (enrol, sign_in) in join_all(calls).await {
        assert_eq!(
            (enrol.as_str(), sign_in.as_str()),
            ("TOKEN_UNKNOWN", "ASSERTION_REFUSED")
        );
    }
}

#[tokio::test]
async fn a_stream_over_http1_that_says_nothing_outlives_the_time_for_headers() {
    let config = Config {
        header_timeout: Duration::from_millis(100),
        ..Config::default()
    };
    let stand = Stand::with(config).await;
    let stream = TcpStream::connect(stand.address).await.expect("listening");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .expect("HTTP/1.1");
    tokio::spawn(connection);
    let path = "/preau.devices.v1.AgentService/Watch";
    let tablet = bearer(TABLET);
    let mut request = web_request(
        path,
        &[("authorization", &tablet)],
        &WatchRequest::default(),
    );
    let host = "127.0.0.1".parse().expect("a header");
    request.headers_mut().insert("host", host);
    let mut body = sender
        .send_request(request)
        .await
        .expect("answered")
        .into_body();
    let first = body.frame().await.expect("a frame").expect("data");
    assert!(first.is_data());

    // Two that say nothing at all are let go, one after the other: so much time has passed.
    for _ in 0..2 {
        let mut silent = TcpStream::connect(stand.address).await.expect("listening");
        assert_eq!(silent.read(&mut [0; 1]).await.unwrap_or(0), 0);
    }
    stand.fleet.finish.notify_one();
    let rest = body.collect().await.expect("the rest").to_bytes();
    let rest = String::from_utf8_lossy(&rest).into_owned();
    assert!(rest.contains("grpc-status:0"), "{rest}");
}

//! Guesses wait; nobody else does.

use std::time::Duration;

use http::{StatusCode, header};
use preau_kernel::throttle::Allowance;
use preau_proto::identity::v1::{ActivateRequest, SignInRequest};
use tonic::Code;

use super::sessions::{JSON, OWN, RIGHT, WRONG, call, grpc_code, reason, sign_in};
use super::stand::Stand;
use crate::Config;

fn three_failures() -> Config {
    Config {
        failed_sign_ins: Allowance {
            burst: 3,
            every: Duration::from_secs(3600),
        },
        trusted_proxies: vec!["127.0.0.1".parse().expect("a network")],
        ..Config::default()
    }
}

#[tokio::test]
async fn guesses_from_one_subnet_wait_however_they_come_and_others_do_not() {
    let stand = Stand::with(three_failures()).await;
    let from = |hop| [OWN, JSON, ("x-forwarded-for", hop)];
    for _ in 0..10 {
        let right = sign_in(&stand, &from("192.0.2.1"), RIGHT).await;
        assert_eq!(
            right.status(),
            StatusCode::NO_CONTENT,
            "successes cost nothing"
        );
    }
    // One of each kind.
    let wrong = sign_in(&stand, &from("192.0.2.1"), WRONG).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let hop = [("x-forwarded-for", "192.0.2.2")];
    let guess = SignInRequest {
        login: "a".into(),
        password: "wrong password".into(),
    };
    let path = "/preau.identity.v1.SessionService/SignIn";
    let web = call(&stand, path, &hop, &guess).await;
    assert_eq!(grpc_code(&web), Code::Unauthenticated);
    let path = "/preau.identity.v1.SessionService/Activate";
    let mut native = stand.h2().await;
    let guess = ActivateRequest::default();
    let answer = native.call(path, &hop, &guess).await;
    assert_eq!(answer.code(), Code::Unauthenticated);

    let refused = sign_in(&stand, &from("192.0.2.3"), RIGHT).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(reason(&refused), "RATE_LIMITED");
    let wait = refused.headers()[header::RETRY_AFTER]
        .to_str()
        .expect("text");
    let wait: u64 = wait.parse().expect("seconds");
    assert!((3590..=3600).contains(&wait), "{wait}");
    let answer = native.call(path, &hop, &guess).await;
    assert_eq!(answer.code(), Code::ResourceExhausted);
    assert_eq!(answer.reason(), "RATE_LIMITED");

    let other = sign_in(&stand, &from("192.0.3.1"), RIGHT).await;
    assert_eq!(other.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_forwarded_address_of_nobody_trusted_changes_nothing() {
    let config = Config {
        trusted_proxies: Vec::new(),
        ..three_failures()
    };
    let stand = Stand::with(config).await;
    for (hop, status) in [
        ("192.0.2.1", StatusCode::UNAUTHORIZED),
        ("192.0.3.1", StatusCode::UNAUTHORIZED),
        ("192.0.4.1", StatusCode::UNAUTHORIZED),
        ("192.0.5.1", StatusCode::TOO_MANY_REQUESTS),
    ] {
        let headers = [OWN, JSON, ("x-forwarded-for", hop)];
        assert_eq!(
            sign_in(&stand, &headers, WRONG).await.status(),
            status,
            "{hop}"
        );
    }
}

#[tokio::test]
async fn an_identity_that_is_away_locks_nobody_out() {
    let stand = Stand::with(three_failures()).await;
    let away = r#"{"login":"a","password":"away"}"#;
    for _ in 0..10 {
        let answer = sign_in(&stand, &[OWN, JSON], away).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    let right = sign_in(&stand, &[OWN, JSON], RIGHT).await;
    assert_eq!(right.status(), StatusCode::NO_CONTENT);
}

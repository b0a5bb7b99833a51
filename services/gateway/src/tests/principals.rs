//! One mint a session, until it expires or the session ends.

use futures::future::join_all;
use preau_proto::files::v1::{ListFolderRequest, ReadRequest};
use preau_proto::identity::v1::{SignOutEverywhereRequest, SignOutRequest};
use tonic::Code;

use super::stand::{ADMIN, PUPIL, SLOW, Stand, bearer};

const LIST: &str = "/preau.files.v1.FileService/ListFolder";

#[tokio::test]
async fn a_session_is_minted_for_once_however_many_calls_come_at_once() {
    let stand = Stand::new().await;
    let session = bearer(PUPIL);
    let client = stand.h2().await;
    let calls = (0..20).map(|_| {
        let (mut client, session) = (client.clone(), session.clone());
        async move {
            client
                .call(
                    LIST,
                    &[("authorization", &session)],
                    &ListFolderRequest::default(),
                )
                .await
                .code()
        }
    });
    assert!(
        join_all(calls)
            .await
            .into_iter()
            .all(|code| code == Code::Ok)
    );
    assert_eq!(stand.mints(), 1);
}

#[tokio::test]
async fn a_refused_session_is_asked_about_again_and_takes_no_place() {
    let stand = Stand::new().await;
    let mut client = stand.h2().await;
    for _ in 0..2 {
        let answer = client
            .call(
                LIST,
                &[("authorization", "Bearer invented")],
                &ListFolderRequest::default(),
            )
            .await;
        assert_eq!(answer.code(), Code::Unauthenticated);
        assert_eq!(
            answer.status.expect("a status").message(),
            "no such session"
        );
    }
    assert_eq!(stand.mints(), 2);
}

#[tokio::test]
async fn after_sign_out_the_remembered_principal_is_gone() {
    let stand = Stand::new().await;
    let session = bearer(PUPIL);
    let headers = [("authorization", session.as_str())];
    let mut client = stand.h2().await;
    assert_eq!(
        client
            .call(LIST, &headers, &ListFolderRequest::default())
            .await
            .code(),
        Code::Ok
    );
    let out = client
        .call(
            "/preau.identity.v1.SessionService/SignOut",
            &headers,
            &SignOutRequest {},
        )
        .await;
    assert_eq!(out.code(), Code::Ok);
    let after = client
        .call(LIST, &headers, &ListFolderRequest::default())
        .await;
    assert_eq!(after.code(), Code::Unauthenticated);
    assert_eq!(stand.mints(), 2, "once before, once after");
}

#[tokio::test]
async fn signing_out_everywhere_forgets_what_the_persons_other_sessions_may() {
    let stand = Stand::new().await;
    // Two sessions of one person.
    let (here, there) = (bearer(ADMIN), bearer(PUPIL));
    let mut client = stand.h2().await;
    for session in [&here, &there] {
        let headers = [("authorization", session.as_str())];
        let answer = client
            .call(LIST, &headers, &ListFolderRequest::default())
            .await;
        assert_eq!(answer.code(), Code::Ok);
    }
    assert_eq!(stand.mints(), 2);
    let elsewhere = [("authorization", there.as_str())];
    for (method, mints) in [("SignOut", 2), ("SignOutEverywhere", 4)] {
        let path = format!("/preau.identity.v1.SessionService/{method}");
        let headers = [("authorization", here.as_str())];
        let out = match method {
            "SignOut" => client.call(&path, &headers, &SignOutRequest {}).await,
            _ => {
                client
                    .call(&path, &headers, &SignOutEverywhereRequest {})
                    .await
            }
        };
        assert_eq!(out.code(), Code::Ok);
        let after = client
            .call(LIST, &elsewhere, &ListFolderRequest::default())
            .await;
        assert_eq!(after.code(), Code::Ok);
        // The caller's own is minted anew for the second call, the other session's only after it.
        assert_eq!(stand.mints(), mints, "{method}");
    }
}

#[tokio::test]
async fn a_call_that_may_take_long_gets_a_token_that_was_just_minted() {
    let stand = Stand::new().await;
    let session = bearer(PUPIL);
    let headers = [("authorization", session.as_str())];
    let mut client = stand.h2().await;
    for mints in [1, 1] {
        let list = client
            .call(LIST, &headers, &ListFolderRequest::default())
            .await;
        assert_eq!((list.code(), stand.mints()), (Code::Ok, mints));
    }
    // The stand's tokens live for 30 s: enough for a short call, for a long one never.
    let read = "/preau.files.v1.FileService/Read";
    let answer = client.call(read, &headers, &ReadRequest::default()).await;
    assert_eq!((answer.code(), stand.mints()), (Code::Ok, 2));
}

#[tokio::test]
async fn authorization_of_another_kind_is_refused_without_asking() {
    let stand = Stand::new().await;
    let answer = stand
        .h2()
        .await
        .call(
            LIST,
            &[("authorization", "Basic YTpi")],
            &ListFolderRequest::default(),
        )
        .await;
    assert_eq!(answer.code(), Code::Unauthenticated);
    assert_eq!(answer.reason(), "BAD_AUTHORIZATION");
    assert_eq!(stand.mints(), 0);
}

#[tokio::test]
async fn a_mint_ends_with_the_time_of_the_call_it_is_for() {
    let stand = Stand::new().await;
    let session = bearer(SLOW);
    let answer = stand
        .h2()
        .await
        .call(
            LIST,
            &[("authorization", &session), ("grpc-timeout", "50m")],
            &ListFolderRequest::default(),
        )
        .await;
    assert_eq!(answer.code(), Code::DeadlineExceeded);
    assert_eq!(stand.mints(), 1);
}

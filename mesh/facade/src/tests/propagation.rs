use std::sync::{Arc, Mutex};
use std::time::Duration;

use preau_proto::contract::Role;
use preau_proto::files::v1::ListSpacesRequest;
use preau_proto::files::v1::ReadRequest;
use preau_proto::files::v1::file_service_client::FileServiceClient;
use preau_proto::files::v1::file_service_server::FileServiceServer;
use preau_proto::files::v1::space_service_client::SpaceServiceClient;
use preau_proto::files::v1::space_service_server::SpaceServiceServer;
use preau_proto::roster::v1::ListMyClassesRequest;
use preau_proto::roster::v1::class_service_client::ClassServiceClient;
use preau_proto::roster::v1::class_service_server::ClassServiceServer;
use tonic::{Code, Request};

use super::stand_in::{StandIn, empty_message, endless};
use crate::testing::{Ground, Pair, pair};
use crate::{Call, RoleServer, TraceContext, with_principal};

/// What a handler knew when it was called.
#[derive(Clone, Debug)]
struct Seen {
    trace: TraceContext,
    remaining: Duration,
    person: Option<String>,
    peer: String,
}

fn see(call: &Call) -> Seen {
    Seen {
        trace: call.trace().clone(),
        remaining: call
            .deadline()
            .expect("every call has a deadline")
            .remaining(),
        person: call.claims().map(|claims| claims.person.clone()),
        peer: call.peer().expect("an identity").service().to_owned(),
    }
}

type Log = Arc<Mutex<Vec<Seen>>>;

/// The gateway calls files, which calls roster: once for the user, then once for itself.
async fn two_hops(log: &Log) -> Pair {
    let ground = Ground::new(&["gateway", "files", "roster"]).await;
    let roster = ground.mesh().client("files", "roster");
    let (first, second) = (log.clone(), log.clone());
    let spaces: StandIn<SpaceServiceServer<()>> = StandIn::new(move |call: Call| {
        first.lock().expect("not poisoned").push(see(&call));
        let mut roster = ClassServiceClient::new(roster.clone());
        async move {
            call.admission().discharge();
            roster
                .list_my_classes(call.request(ListMyClassesRequest::default()))
                .await?;
            let own = roster
                .list_my_classes(call.detached_request(ListMyClassesRequest::default()))
                .await;
            assert_eq!(
                own.expect_err("files is nobody's user").code(),
                Code::Unauthenticated
            );
            Ok(empty_message())
        }
    });
    let classes: StandIn<ClassServiceServer<()>> = StandIn::new(move |call: Call| {
        second.lock().expect("not poisoned").push(see(&call));
        call.admission().discharge();
        async { Ok(empty_message()) }
    });
    let servers = vec![
        RoleServer::new("files").add_service(spaces),
        RoleServer::new("roster").add_service(classes),
    ];
    ground.serve(servers, "gateway", "files")
}

#[tokio::test]
async fn user_trace_and_deadline_travel_two_hops_and_the_deadline_shrinks() {
    let log = Log::default();
    let pair = two_hops(&log).await;
    let mut request = Request::new(ListSpacesRequest {});
    with_principal(&mut request, &pair.token_for(Role::Teacher));
    request.set_timeout(Duration::from_secs(3));
    SpaceServiceClient::new(pair.client())
        .list_spaces(request)
        .await
        .expect("answered");

    let seen = log.lock().expect("not poisoned").clone();
    let [files, roster] = seen.as_slice() else {
        panic!("two handlers were called, not {}", seen.len())
    };
    assert_eq!(
        (files.peer.as_str(), roster.peer.as_str()),
        ("gateway", "files")
    );
    assert!(files.remaining <= Duration::from_secs(3), "{files:?}");
    assert!(
        roster.remaining < files.remaining && !roster.remaining.is_zero(),
        "{roster:?} after {files:?}"
    );
    assert_eq!(roster.trace.trace_id, files.trace.trace_id);
    assert_ne!(roster.trace.span_id, files.trace.span_id);
    assert!(files.person.is_some() && roster.person == files.person);
}

#[tokio::test]
async fn two_calls_that_nobody_asked_for_are_two_traces() {
    let log = Log::default();
    let pair = two_hops(&log).await;
    for _ in 0..2 {
        let mut request = crate::own_request(ListSpacesRequest {});
        with_principal(&mut request, &pair.token_for(Role::Teacher));
        SpaceServiceClient::new(pair.client())
            .list_spaces(request)
            .await
            .expect("answered");
    }
    let seen = log.lock().expect("not poisoned").clone();
    assert_ne!(seen[0].trace.trace_id, seen[2].trace.trace_id);
}

#[tokio::test]
async fn a_stream_that_hangs_is_cut_at_the_deadline() {
    let files: StandIn<FileServiceServer<()>> = StandIn::new(|call: Call| async move {
        call.admission().discharge();
        Ok(endless())
    });
    let pair = pair(
        "files",
        RoleServer::new("files").add_service(files),
        "gateway",
    )
    .await;
    let mut request = Request::new(ReadRequest::default());
    with_principal(&mut request, &pair.token_for(Role::Student));
    request.set_timeout(Duration::from_millis(300));
    let mut stream = FileServiceClient::new(pair.client())
        .read(request)
        .await
        .expect("headers")
        .into_inner();
    assert!(stream.message().await.expect("no error yet").is_some());
    let status = stream.message().await.expect_err("cut");
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

use preau_proto::contract::Role;
use tonic::Code;
use tower::{ServiceExt, service_fn};

use super::*;
use crate::fault::Reported;
use crate::testing::{
    Bench, ECHO, Frames, JOIN, LIST, MINT, NOW, READ, RENEW, SIGN_IN, status_of, trailing_status,
};

/// What the handler does with its admission before it answers OK.
type Use = fn(&Admission);

async fn answer(bench: &Bench, request: Request<Body>, use_it: Use) -> Response<Body> {
    let handler = service_fn(move |request: Request<Body>| {
        assert!(
            !request.headers().contains_key(PRINCIPAL_HEADER),
            "the token reached the handler"
        );
        use_it(
            request
                .extensions()
                .get::<Arc<Admission>>()
                .expect("an admission"),
        );
        std::future::ready(Ok::<_, Infallible>(Response::new(Frames::body(
            &[b"x"],
            Some("0"),
        ))))
    });
    AuthorizeLayer::new(&bench.server)
        .layer(handler)
        .oneshot(request)
        .await
        .expect("infallible")
}

async fn refused(bench: &Bench, request: Request<Body>) -> (Code, String) {
    let response = answer(bench, request, |_| panic!("the handler was reached")).await;
    let status = status_of(&response);
    let reported = Reported::of(&status);
    assert_eq!(reported.metadata["endpoint"], "127.0.0.1:7443");
    (status.code(), reported.reason)
}

async fn allowed(bench: &Bench, request: Request<Body>, use_it: Use) {
    let response = answer(bench, request, use_it).await;
    assert_eq!(trailing_status(response.into_body()).await.code(), Code::Ok);
}

fn signed(bench: &Bench, mut request: Request<Body>, role: Role) -> Request<Body> {
    request
        .headers_mut()
        .insert(PRINCIPAL_HEADER, bench.token(role, NOW + 20));
    request
}

fn expect(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

#[tokio::test]
async fn only_exactly_a_methods_path_is_its_path() {
    let bench = Bench::new();
    for path in [
        "//preau.files.v1.FileService/ListFolder",
        "/preau.files.v1.FileService//ListFolder",
        "/preau.files.v1.fileservice/listfolder",
        "/preau.files.v1.FileService/listFolder",
        "/preau.files.v1.FileService/ListFolder/",
        "/preau.files.v1.FileService%2fListFolder",
        "/preau.files.v1.FileService%2FListFolder",
        "/preau.files.v1.FileService/ListFolder?",
        "/preau.files.v1.FileService/ListFolder?x=1",
        "/preau.files.v1.FileService/./ListFolder",
        "/x/../preau.files.v1.FileService/ListFolder",
        "/",
        "*",
    ] {
        let mut request = signed(
            &bench,
            bench.received("files", Some("gateway"), LIST),
            Role::Teacher,
        );
        *request.uri_mut() = path.parse().expect("a path that can be sent");
        assert_eq!(
            refused(&bench, request).await,
            expect(Code::Unimplemented, "UNKNOWN_METHOD"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_method_of_another_role_is_unknown() {
    let bench = Bench::new();
    for role in ["roster", "identity", "control", "gateway"] {
        let request = signed(
            &bench,
            bench.received(role, Some("gateway"), LIST),
            Role::Teacher,
        );
        assert_eq!(
            refused(&bench, request).await,
            expect(Code::Unimplemented, "UNKNOWN_METHOD"),
            "{role}"
        );
    }
}

#[tokio::test]
async fn every_role_answers_probe_and_health() {
    let bench = Bench::new();
    for role in ["files", "roster", "gateway"] {
        let echo = signed(
            &bench,
            bench.received(role, Some("control"), ECHO),
            Role::Student,
        );
        allowed(&bench, echo, Admission::discharge).await;
        let health = bench.received(role, Some("control"), "/grpc.health.v1.Health/Check");
        allowed(&bench, health, |_| ()).await;
    }
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let request = bench.received("files", Some("gateway"), reflection);
    assert_eq!(
        refused(&bench, request).await,
        expect(Code::Unimplemented, "UNKNOWN_METHOD")
    );
}

#[tokio::test]
async fn a_workload_that_is_not_listed_is_refused() {
    let bench = Bench::new();
    let denied = expect(Code::PermissionDenied, "WORKLOAD_NOT_ALLOWED");
    let request = signed(
        &bench,
        bench.received("files", Some("roster"), LIST),
        Role::Teacher,
    );
    assert_eq!(refused(&bench, request).await, denied);
    let without = signed(&bench, bench.received("files", None, LIST), Role::Teacher);
    assert_eq!(refused(&bench, without).await, denied);
}

#[tokio::test]
async fn a_listed_name_of_another_namespace_is_another_workload() {
    let mut bench = Bench::new();
    bench.server.namespace = "elsewhere".into();
    let request = signed(
        &bench,
        bench.received("files", Some("gateway"), LIST),
        Role::Teacher,
    );
    assert_eq!(
        refused(&bench, request).await,
        expect(Code::PermissionDenied, "WORKLOAD_NOT_ALLOWED")
    );
}

#[tokio::test]
async fn a_joining_connection_may_join_and_nothing_else() {
    let bench = Bench::new();
    allowed(&bench, bench.received("join", None, JOIN), |admission| {
        assert_eq!(admission.peer, None)
    })
    .await;
    for path in [RENEW, LIST, ECHO, MINT, "/grpc.health.v1.Health/Check"] {
        let request = bench.received("join", None, path);
        assert_eq!(
            refused(&bench, request).await,
            expect(Code::Unimplemented, "UNKNOWN_METHOD"),
            "{path}"
        );
    }
    let denied = expect(Code::PermissionDenied, "WORKLOAD_NOT_ALLOWED");
    assert_eq!(
        refused(&bench, bench.received("join", Some("gateway"), JOIN)).await,
        denied
    );
    assert_eq!(
        refused(&bench, bench.received("control", None, JOIN)).await,
        denied
    );
    assert_eq!(
        refused(&bench, bench.received("control", Some("gateway"), JOIN)).await,
        denied
    );
}

#[tokio::test]
async fn before_keys_are_known_a_user_is_asked_to_come_again_and_not_to_sign_in() {
    let bench = Bench::new();
    bench.server.verifier.set_keys(Vec::new());
    let request = signed(
        &bench,
        bench.received("files", Some("gateway"), LIST),
        Role::Teacher,
    );
    let response = answer(&bench, request, |_| panic!("the handler was reached")).await;
    let status = status_of(&response);
    let reported = Reported::of(&status);
    assert_eq!(
        (status.code(), reported.reason),
        expect(Code::Unavailable, "KEYS_NOT_YET_KNOWN")
    );
    assert!(reported.retry_after.is_some());
}

#[tokio::test]
async fn a_user_is_needed_and_must_be_proved() {
    let bench = Bench::new();
    let received = || bench.received("files", Some("gateway"), LIST);
    let missing = refused(&bench, received()).await;
    assert_eq!(missing, expect(Code::Unauthenticated, "PRINCIPAL_MISSING"));

    let stranger = Bench::new();
    let tokens = [
        (bench.token(Role::Teacher, NOW - 10), "PRINCIPAL_EXPIRED"),
        (
            stranger.token(Role::Teacher, NOW + 20),
            "PRINCIPAL_UNKNOWN_KEY",
        ),
        (
            "not.a.token".parse().expect("a header"),
            "PRINCIPAL_MALFORMED",
        ),
    ];
    for (token, reason) in tokens {
        let mut request = received();
        request.headers_mut().insert(PRINCIPAL_HEADER, token);
        assert_eq!(
            refused(&bench, request).await,
            expect(Code::Unauthenticated, reason)
        );
    }

    let mut twice = signed(&bench, received(), Role::Teacher);
    twice
        .headers_mut()
        .append(PRINCIPAL_HEADER, bench.token(Role::Teacher, NOW + 20));
    assert_eq!(
        refused(&bench, twice).await,
        expect(Code::Unauthenticated, "PRINCIPAL_MALFORMED")
    );
}

#[tokio::test]
async fn only_the_rules_the_role_fits_are_handed_on() {
    let bench = Bench::new();
    let delete = "/preau.files.v1.FileService/DeleteNode";
    let request = |role| {
        signed(
            &bench,
            bench.received("files", Some("gateway"), delete),
            role,
        )
    };
    allowed(&bench, request(Role::Teacher), |admission| {
        assert_eq!(
            admission.rules.len(),
            3,
            "of a class, of a space, of one's own"
        );
        assert_eq!(admission.principal.as_ref().expect("a user").person, "p");
        assert!(
            admission
                .token()
                .is_some_and(|token| token.split('.').count() == 3)
        );
        admission.discharge();
    })
    .await;
    allowed(&bench, request(Role::Student), |admission| {
        assert_eq!(admission.rules.len(), 2);
        admission.discharge();
    })
    .await;
    let create = "/preau.roster.v1.ClassService/CreateClass";
    let received = bench.received("roster", Some("gateway"), create);
    let student = refused(&bench, signed(&bench, received, Role::Student)).await;
    assert_eq!(student, expect(Code::PermissionDenied, "ROLE_NOT_ALLOWED"));
}

#[tokio::test]
async fn whoever_has_not_signed_in_may_sign_in() {
    let bench = Bench::new();
    let received = || bench.received("identity", Some("gateway"), SIGN_IN);
    allowed(&bench, received(), |admission| {
        assert!(admission.principal.is_none())
    })
    .await;
    allowed(
        &bench,
        signed(&bench, received(), Role::Student),
        |admission| assert!(admission.principal.is_some()),
    )
    .await;
    let mut forged = received();
    forged
        .headers_mut()
        .insert(PRINCIPAL_HEADER, "x.y.z".parse().expect("a header"));
    assert_eq!(
        refused(&bench, forged).await,
        expect(Code::Unauthenticated, "PRINCIPAL_MALFORMED")
    );
}

#[tokio::test]
async fn a_workloads_own_method_knows_no_user() {
    let bench = Bench::new();
    let mut request = bench.received("identity", Some("gateway"), MINT);
    request
        .headers_mut()
        .insert(PRINCIPAL_HEADER, "anything".parse().expect("a header"));
    allowed(&bench, request, |admission| {
        assert!(admission.principal.is_none() && admission.token.is_none())
    })
    .await;
}

#[tokio::test]
async fn an_answer_without_the_relation_discharged_is_withheld() {
    let bench = Bench::new();
    for path in [LIST, READ] {
        let request = signed(
            &bench,
            bench.received("files", Some("gateway"), path),
            Role::Teacher,
        );
        let response = answer(&bench, request, |_| ()).await;
        let status = status_of(&response);
        assert_eq!(status.code(), Code::Internal, "{path}");
        assert_eq!(Reported::of(&status).reason, "RELATION_NOT_DISCHARGED");
        assert!(
            http_body::Body::is_end_stream(response.body()),
            "the answer's bytes got out"
        );
    }
}

#[tokio::test]
async fn a_failure_needs_no_discharge() {
    let bench = Bench::new();
    let handler = service_fn(|_: Request<Body>| {
        std::future::ready(Ok::<_, Infallible>(
            tonic::Status::not_found("no such folder").into_http(),
        ))
    });
    let request = signed(
        &bench,
        bench.received("files", Some("gateway"), LIST),
        Role::Student,
    );
    let response = AuthorizeLayer::new(&bench.server)
        .layer(handler)
        .oneshot(request)
        .await
        .expect("infallible");
    assert_eq!(status_of(&response).code(), Code::NotFound);
}

#[tokio::test]
async fn a_request_from_nowhere_is_refused() {
    let bench = Bench::new();
    let request = crate::testing::request(ECHO);
    assert_eq!(
        refused(&bench, request).await,
        expect(Code::Internal, "NO_CONNECTION")
    );
}

//! What the decoder accepts and what it refuses.

use super::{Contract, ContractError, Idempotency, Relation, Role};

fn compile(source: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("t.proto"), source).expect("the source can be written");
    let here = env!("CARGO_MANIFEST_DIR");
    let mut compiler =
        protox::Compiler::new([folder.path(), here.as_ref()]).expect("both are include paths");
    compiler
        .include_imports(true)
        .open_file("t.proto")
        .expect("the source compiles");
    compiler.encode_file_descriptor_set()
}

fn service(method_body: &str) -> Vec<u8> {
    compile(&format!(
        "syntax = \"proto3\"; package preau.demo.v1; import \"preau/policy/v1/policy.proto\";
         message Q {{ string thing_id = 1; }} message A {{}}
         service DemoService {{ rpc Do(Q) returns (A) {{ {method_body} }} }}"
    ))
}

fn with_policy(policy: &str) -> Result<Contract, ContractError> {
    Contract::decode(&service(&format!(
        "option (preau.policy.v1.policy) = {{ {policy} }};"
    )))
}

#[test]
fn the_contract_of_this_build_loads() {
    let contract = Contract::load().expect("every method has a policy");
    let read = contract
        .method("/preau.files.v1.FileService/Read")
        .expect("Read is declared");
    assert!(read.server_streaming && read.is_public() && read.needs_principal());
    assert_eq!(read.idempotency, Idempotency::NoSideEffects);
    assert_eq!(read.rules[0].relation, Relation::Member);
    assert_eq!(read.rules[0].roles, [Role::Student, Role::Teacher]);
    assert_eq!((read.area.as_str(), read.name.as_str()), ("files", "Read"));
}

#[test]
fn no_variant_of_a_path_finds_a_policy() {
    let contract = Contract::load().expect("the contract loads");
    for path in [
        "preau.files.v1.FileService/Read",
        "//preau.files.v1.FileService/Read",
        "/preau.files.v1.FileService/Read/",
        "/preau.files.v1.fileservice/read",
        "/preau.files.v1.FileService/Read?x",
        "/preau.files.v1.FileService%2fRead",
        "",
        "/",
    ] {
        assert!(contract.method(path).is_none(), "{path:?} found a policy");
    }
}

#[test]
fn a_method_without_a_policy_is_named() {
    let error = Contract::decode(&service("")).expect_err("no policy");
    assert!(
        error.to_string().contains("/preau.demo.v1.DemoService/Do"),
        "{error}"
    );
    assert!(matches!(error, ContractError::NoPolicy { .. }));
}

#[test]
fn policies_that_cannot_be_enforced_are_refused() {
    let rest = "workloads: [\"gateway\"] deadline: {seconds: 1} criticality: CRITICALITY_CRITICAL";
    with_policy(rest).expect("a workload-only method is fine");
    for (policy, part) in [
        ("deadline: {seconds: 1} criticality: CRITICALITY_CRITICAL".to_owned(), "workloads"),
        ("workloads: [\"*\"] criticality: CRITICALITY_CRITICAL".into(), "deadline"),
        ("workloads: [\"*\"] deadline: {seconds: 1}".into(), "criticality"),
        (format!("allow: {{relation: RELATION_SELF}} {rest}"), "roles"),
        (format!("allow: {{roles: [ROLE_STUDENT]}} {rest}"), "relation"),
        (format!("allow: {{roles: [ROLE_ANONYMOUS], relation: RELATION_SELF}} {rest}"), "ROLE_ANONYMOUS"),
        (format!("allow: {{roles: [ROLE_STUDENT], relation: RELATION_MEMBER}} {rest}"), "object"),
        (format!("allow: {{roles: [ROLE_STUDENT], relation: RELATION_MEMBER, object: \"no\"}} {rest}"), "`no`"),
        (
            "workloads: [\"unauthenticated\", \"*\"] deadline: {seconds: 1} criticality: CRITICALITY_CRITICAL".into(),
            "unauthenticated",
        ),
    ] {
        let error = with_policy(&policy).expect_err(&policy);
        assert!(error.to_string().contains(part), "{policy}: {error}");
        assert!(error.to_string().contains("/preau.demo.v1.DemoService/Do"), "{error}");
    }
}

#[test]
fn a_client_stream_is_refused() {
    let source =
        "syntax = \"proto3\"; package preau.demo.v1; import \"preau/policy/v1/policy.proto\";
        message Q {} message A {}
        service DemoService { rpc Do(stream Q) returns (A) { option (preau.policy.v1.policy) = {
            workloads: [\"*\"] deadline: {seconds: 1} criticality: CRITICALITY_CRITICAL }; } }";
    assert!(
        Contract::decode(&compile(source))
            .expect_err("client streams")
            .to_string()
            .contains("unary")
    );
}

#[test]
fn only_listed_workloads_may_call() {
    let contract = Contract::load().expect("the contract loads");
    let membership = contract
        .method("/preau.roster.v1.ClassService/GetMembership")
        .expect("declared");
    assert!(
        membership.allows_workload(Some("files")) && !membership.allows_workload(Some("gateway"))
    );
    assert!(!membership.allows_workload(None) && !membership.is_public());
    let join = contract
        .method("/preau.control.v1.WorkloadIdentityService/Join")
        .expect("declared");
    assert!(join.allows_workload(None) && !join.allows_workload(Some("files")));
    let mint = contract
        .method("/preau.identity.v1.SessionService/MintPrincipal")
        .expect("declared");
    assert!(
        !mint.is_public(),
        "workload-only methods stay inside even when the gateway calls them"
    );
}

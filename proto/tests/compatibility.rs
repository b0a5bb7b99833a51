//! Version 1 is append-only: whatever a released client may hold still means the same.
//!
//! `released/v1.bin` is the contract as last released; a release copies the current descriptors over it. Until the
//! first release it is kept at the state of main, so that a breaking change is a visible, deliberate act.

#[path = "compatibility/rules.rs"]
mod rules;

use prost_reflect::DescriptorPool;
use rules::violations;

fn pool(descriptors: &[u8]) -> DescriptorPool {
    DescriptorPool::decode(descriptors).expect("descriptors decode")
}

fn compile(body: &str) -> DescriptorPool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = format!("syntax = \"proto3\"; package preau.t.v1; {body}");
    std::fs::write(folder.path().join("t.proto"), source).expect("the source can be written");
    let mut compiler = protox::Compiler::new([folder.path()]).expect("an include path");
    compiler.open_file("t.proto").expect("the source compiles");
    pool(&compiler.encode_file_descriptor_set())
}

#[test]
fn the_contract_keeps_every_released_promise() {
    let released = pool(include_bytes!("../released/v1.bin"));
    let broken = violations(&released, &pool(preau_proto::FILE_DESCRIPTOR_SET));
    assert!(
        broken.is_empty(),
        "released clients would break:\n{}",
        broken.join("\n")
    );
}

const RELEASED: &str =
    "message M { string a = 1; repeated int32 b = 2; oneof c { string d = 3; string e = 4; } }
    enum E { E_UNSPECIFIED = 0; E_ONE = 1; }
    service S { rpc Do(M) returns (M); rpc Tell(M) returns (stream M); }";

#[test]
fn additions_break_nothing() {
    let grown = "message M { string a = 1; repeated int32 b = 2; oneof c { string d = 3; string e = 4; string f = 6; }
            bytes more = 5; }
        message New {}
        enum E { E_UNSPECIFIED = 0; E_ONE = 1; E_TWO = 2; }
        service S { rpc Do(M) returns (M); rpc Tell(M) returns (stream M); rpc Extra(New) returns (M); }";
    assert_eq!(
        violations(&compile(RELEASED), &compile(grown)),
        Vec::<String>::new()
    );
}

#[test]
fn every_breaking_change_is_named() {
    for (from, to, told) in [
        ("string a = 1;", "", "field preau.t.v1.M.a is gone"),
        (
            "string a = 1;",
            "string a = 9;",
            "field preau.t.v1.M.a is gone",
        ),
        (
            "string a = 1;",
            "bytes a = 1;",
            "field preau.t.v1.M.a changed its type",
        ),
        (
            "string a = 1;",
            "string renamed = 1;",
            "field preau.t.v1.M.a is now called renamed",
        ),
        (
            "string a = 1;",
            "repeated string a = 1;",
            "field preau.t.v1.M.a changed its cardinality",
        ),
        (
            "string a = 1;",
            "optional string a = 1;",
            "field preau.t.v1.M.a changed its presence",
        ),
        (
            "oneof c { string d = 3; string e = 4; }",
            "string d = 3; string e = 4;",
            "field preau.t.v1.M.d left oneof c",
        ),
        (
            "E_ONE = 1;",
            "E_ONE = 2;",
            "value 1 of preau.t.v1.E is gone",
        ),
        (
            "E_ONE = 1;",
            "E_UN = 1;",
            "value 1 of preau.t.v1.E is now called E_UN",
        ),
        (
            "rpc Do(M) returns (M);",
            "",
            "method preau.t.v1.S.Do is gone",
        ),
        (
            "rpc Do(M) returns (M);",
            "rpc Do(M) returns (stream M);",
            "method preau.t.v1.S.Do changed what it streams",
        ),
        (
            "rpc Tell(M) returns (stream M); }",
            "} message N {} service T { rpc Tell(N) returns (stream M); }",
            "method preau.t.v1.S.Tell is gone",
        ),
    ] {
        let changed = RELEASED.replace(from, to);
        let broken = violations(&compile(RELEASED), &compile(&changed));
        assert!(
            broken.iter().any(|line| line.contains(told)),
            "{from} -> {to}: {broken:?}"
        );
    }
}

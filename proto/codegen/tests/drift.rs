//! The checked-in generated code is what the `.proto` files say.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use preau_proto_codegen::{checked_in, generate_into};

fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| {
            let path = entry.expect("an entry can be read").path();
            let name = path
                .file_name()
                .expect("a file has a name")
                .to_string_lossy()
                .into_owned();
            (name, fs::read(&path).expect("a generated file can be read"))
        })
        .collect()
}

#[test]
fn generated_code_is_what_the_contract_says() {
    let fresh = tempfile::tempdir().expect("a temporary folder");
    generate_into(fresh.path()).expect("the contract compiles");
    let (expected, actual) = (files_of(fresh.path()), files_of(&checked_in()));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(&actual),
        names(&expected),
        "other files in src/gen: run `make proto`"
    );
    for (name, bytes) in expected {
        assert!(
            actual[&name] == bytes,
            "src/gen/{name} differs from the contract: run `make proto`"
        );
    }
}

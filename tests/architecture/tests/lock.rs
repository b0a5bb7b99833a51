//! What the build may contain at all.

use std::collections::BTreeSet;
use std::process::Command;

use serde::Deserialize;

use crate::workspace::Workspace;

/// The whole tree stays readable: DESIGN section 11.
const MOST_CRATES: usize = 500;

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

fn lock() -> Lock {
    let path = Workspace::load().root.join("Cargo.lock");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Crates that any feature of ours on any platform builds. The lock lists more:
/// optional ones that nothing turns on.
fn built() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(Workspace::load().root)
        .args([
            "tree",
            "--offline",
            "--workspace",
            "--all-features",
            "--target",
            "all",
        ])
        .args(["--edges", "all", "--prefix", "none", "--format", "{p}"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree: {errors}");
    text.lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn there_is_one_tls_provider() {
    let names = built();
    for banned in [
        "ring",
        "openssl",
        "openssl-sys",
        "native-tls",
        "reqwest",
        "rustls-pemfile",
    ] {
        assert!(
            !names.contains(banned),
            "{banned} came in: use the aws-lc features"
        );
    }
    assert!(names.contains("aws-lc-rs"));
}

#[test]
fn the_tree_stays_under_its_size() {
    let count = lock().package.len();
    assert!(
        count <= MOST_CRATES,
        "{count} crates in the lock, {MOST_CRATES} at most"
    );
}

/// Earlier ones can corrupt a write-ahead log that a pool shares.
#[test]
fn sqlite_is_the_one_that_was_chosen() {
    let found: Vec<String> = lock()
        .package
        .into_iter()
        .filter(|package| package.name == "libsqlite3-sys")
        .map(|package| package.version)
        .collect();
    assert_eq!(found, ["0.37.0"]);
}

//! The binary itself runs. This target also makes plain `cargo test` build the binary that the stories in
//! `tests/integration` start.

use std::process::Command;

#[test]
fn it_says_its_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_preau"))
        .arg("--version")
        .output()
        .expect("the binary starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    assert_eq!(text.trim(), concat!("preau ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_tells_the_exit_codes() {
    let output = Command::new(env!("CARGO_BIN_EXE_preau"))
        .arg("--help")
        .output()
        .expect("the binary starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    assert!(text.contains("Exit codes:"), "{text}");
}

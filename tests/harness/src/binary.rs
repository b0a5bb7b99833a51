//! Where the binary under test lies.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// The `preau` that was built with the same profile as the running test.
///
/// # Errors
/// When it was not built; the message says how to build it.
pub fn binary() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe().context("finding the running test")?;
    // target/<profile>/deps/<test>-<hash>, or target/<profile>/<program>
    let folder = test.parent().context("the test has no folder")?;
    let folder = match folder.file_name() {
        Some(name) if name == "deps" => folder.parent().context("deps has no parent")?,
        _ => folder,
    };
    let binary = folder.join("preau");
    if !binary.is_file() {
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            None | Some("debug") => "dev",
            Some(name) => name,
        };
        bail!(
            "{}: not built: run `cargo build --profile {profile} --package preau`",
            binary.display()
        );
    }
    Ok(binary)
}

/// The root of the workspace's sources.
#[must_use]
pub fn workspace_root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

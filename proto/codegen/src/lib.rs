//! Turns `proto/preau/**.proto` into the code and descriptors checked in under `proto/src/gen`.
//!
//! A crate of its own, apart from `preau-proto`, so that it still builds while the generated code does not.
//! `make proto` writes; `tests/drift.rs` compares. Must not know: anything else of ours.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// The folder of the contract: the include path of every `import`.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Where the generated files are checked in.
#[must_use]
pub fn checked_in() -> PathBuf {
    root().join("src/gen")
}

/// Writes the descriptors and the code of every package into `folder`.
///
/// # Errors
/// What the protobuf compiler says of the contract, or of the folder.
pub fn generate_into(folder: &Path) -> io::Result<()> {
    let sources = sources()?;
    let mut compiler = protox::Compiler::new([root()]).map_err(io::Error::other)?;
    compiler
        .include_imports(true)
        .open_files(&sources)
        .map_err(io::Error::other)?;
    // Not `file_descriptor_set()`: it drops custom options, and with them every policy.
    fs::write(
        folder.join("descriptor_set.bin"),
        compiler.encode_file_descriptor_set(),
    )?;

    let mut documented = protox::Compiler::new([root()]).map_err(io::Error::other)?;
    documented.include_imports(true).include_source_info(true);
    documented.open_files(&sources).map_err(io::Error::other)?;
    tonic_prost_build::configure()
        .out_dir(folder)
        .build_transport(false)
        .bytes(".preau.apps.v1.FetchReleaseResponse.data")
        .bytes(".preau.apps.v1.PutReleasePartRequest.data")
        .bytes(".preau.files.v1.PutObjectPartRequest.data")
        .bytes(".preau.files.v1.PutPartRequest.data")
        .bytes(".preau.files.v1.ReadObjectResponse.data")
        .bytes(".preau.files.v1.OpenResponse.data")
        .bytes(".preau.files.v1.ReadResponse.data")
        .bytes(".preau.roster.v1.PutImportPartRequest.data")
        .bytes(".preau.mesh.v1.EchoRequest.payload")
        .bytes(".preau.mesh.v1.EchoResponse.payload")
        .emit_rerun_if_changed(false)
        .compile_fds(documented.file_descriptor_set())
}

/// Every `.proto` below `preau/`, sorted, so that the output does not depend on the file system.
fn sources() -> io::Result<Vec<PathBuf>> {
    let mut folders = vec![root().join("preau")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "proto") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

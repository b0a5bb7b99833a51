//! One demonstration school, made once for each build of the binary and copied.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::binary::binary;
use crate::process::Process;

/// Arguments that every server of a test gets: ports chosen by the kernel.
pub(crate) const ANY_PORTS: [&str; 6] = [
    "--gateway",
    "127.0.0.1:0",
    "--mesh",
    "127.0.0.1:0",
    "--admin",
    "127.0.0.1:0",
];

/// A copy of the data directory that `preau up --demo` leaves behind, in `into`.
pub(crate) async fn demonstration(into: &Path) -> anyhow::Result<()> {
    static MADE: OnceCell<PathBuf> = OnceCell::const_new();
    let from = MADE.get_or_try_init(find_or_make).await?;
    copy(from, into).with_context(|| format!("copying the prepared data into {}", into.display()))
}

/// The prepared directory of this very binary; those of others are removed.
async fn find_or_make() -> anyhow::Result<PathBuf> {
    let root = scratch_root()?;
    let built = std::fs::metadata(binary()?)?;
    let age = built.modified()?.duration_since(UNIX_EPOCH)?;
    let name = format!("demo-{}-{}", age.as_nanos(), built.len());
    let ready = root.join(&name);
    if ready.is_dir() {
        return Ok(ready);
    }
    for entry in std::fs::read_dir(&root)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("demo-") {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    let folder = scratch()?;
    let data = folder.path().join("data");
    make(&data).await?;
    std::fs::rename(&data, &ready)?;
    Ok(ready)
}

async fn make(data: &Path) -> anyhow::Result<()> {
    let args = ["up", "--demo", "--data-dir"].map(std::ffi::OsString::from);
    let args = args
        .into_iter()
        .chain([data.as_os_str().to_owned()])
        .chain(ANY_PORTS.map(Into::into));
    let process = Process::start(args, &[])
        .await
        .context("preparing the demonstration school")?;
    let end = process.terminate().await?;
    anyhow::ensure!(
        end.code == Some(0),
        "preau up --demo did not end well: {end:#?}"
    );
    Ok(())
}

/// A folder of one's own under the target directory, removed when dropped.
pub(crate) fn scratch() -> anyhow::Result<TempDir> {
    let root = scratch_root()?;
    tempfile::Builder::new()
        .prefix("preau-")
        .tempdir_in(&root)
        .with_context(|| format!("making a folder in {}", root.display()))
}

/// `target/scratch`.
fn scratch_root() -> anyhow::Result<PathBuf> {
    let binary = binary()?;
    let target = binary
        .ancestors()
        .nth(2)
        .context("target/<profile>/preau")?;
    let root = target.join("scratch");
    std::fs::create_dir_all(&root)?;
    Ok(root)
}

fn copy(from: &Path, into: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(into)?;
    // Modes matter: key files are refused when others can read them.
    std::fs::set_permissions(into, std::fs::metadata(from)?.permissions())?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = into.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

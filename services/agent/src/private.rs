//! Files that only their owner may read, replaced as a whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::error::AgentError;

/// No file of ours comes near this; a larger one is not ours.
const MOST_BYTES: u64 = 8 << 20;

/// Whether what was written outlives a power cut, or only this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Synced before it counts.
    Synced,
    /// Left to the system: for thousands of simulated devices in one process.
    Written,
}

/// Makes a directory and its parents, mode 0700 for those that are new.
pub(crate) fn create_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes beside `path`, then renames: a crash leaves the old file or the new one. Mode 0600.
pub(crate) fn write(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    replace(path, bytes, 0o600, durability)
}

/// The same with any mode.
pub(crate) fn replace(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    durability: Durability,
) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&fresh)?;
    file.write_all(bytes)?;
    if durability == Durability::Synced {
        file.sync_all()?;
    }
    fs::rename(&fresh, path)?;
    match path.parent() {
        Some(parent) if durability == Durability::Synced => sync_dir(parent),
        _ => Ok(()),
    }
}

/// Makes what was created, renamed or removed in a directory outlive a power cut.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// A file whole, or nothing when there is none. One that others may read is refused.
pub(crate) fn read(what: &'static str, path: &Path) -> Result<Option<Vec<u8>>, AgentError> {
    let fail = |source| AgentError::file("cannot read", path, source);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error)),
    };
    let mode = file.metadata().map_err(fail)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let path = path.to_owned();
        return Err(AgentError::OpenToOthers { what, path, mode });
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES)
        .read_to_end(&mut bytes)
        .map_err(fail)?;
    Ok(Some(bytes))
}

/// Refuses what others may read, write or enter.
pub(crate) fn closed_to_others(what: &'static str, path: &Path) -> Result<(), AgentError> {
    let metadata =
        fs::metadata(path).map_err(|source| AgentError::file("cannot read", path, source))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let path = path.to_owned();
    Err(AgentError::OpenToOthers { what, path, mode })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_may_read_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("deep").join("key");
        create_dir(path.parent().expect("deep")).expect("made");
        write(&path, b"secret", Durability::Synced).expect("written");
        write(&path, b"secret too", Durability::Written).expect("replaced");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().expect("deep")), 0o700);
        let read_back = read("the key", &path).expect("readable").expect("there");
        assert_eq!(read_back, b"secret too");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("changed");
        let refused = read("the key", &path).expect_err("open to others");
        assert_eq!(refused.to_string(), "the key is open to others (mode 640)");
        assert!(refused.remedy().contains("chmod go-rwx"), "{refused}");
    }
}

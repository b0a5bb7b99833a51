//! Files that hold private keys: mode 0600, replaced as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::IdentityError;

const OWNER_ONLY: u32 = 0o600;
/// No file of ours comes near this; a larger one is not ours.
const MAX_BYTES: u64 = 1 << 20;

/// Writes `bytes` beside `path`, makes them durable, then renames: a crash leaves the old file or the new one.
///
/// # Errors
/// [`IdentityError::File`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), IdentityError> {
    let at = |what: &'static str| {
        move |source: io::Error| IdentityError::File {
            what,
            path: path.to_owned(),
            source,
        }
    };
    let fresh = path.with_extension("new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at("replace")(error)),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(&fresh)
        .map_err(at("create"))?;
    file.write_all(bytes).map_err(at("write"))?;
    file.sync_all().map_err(at("write"))?;
    fs::rename(&fresh, path).map_err(at("rename"))?;
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        File::open(parent)
            .and_then(|directory| directory.sync_all())
            .map_err(at("sync the directory of"))?;
    }
    Ok(())
}

/// Reads a file of keys, or `None` when there is none. One that others may read is refused.
///
/// # Errors
/// [`IdentityError::File`], [`IdentityError::OpenToOthers`].
pub fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, IdentityError> {
    let fail = |source| IdentityError::File {
        what: "read",
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error)),
    };
    let mode = file.metadata().map_err(fail)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(IdentityError::OpenToOthers {
            path: path.to_owned(),
            mode,
        });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(fail)?;
    Ok(Some(bytes))
}

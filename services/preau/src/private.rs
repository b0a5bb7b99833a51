//! Files that only their owner may read: sessions, demonstration accounts, upload notes.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Makes a directory and its parents, mode 0700 for those that are new.
pub(crate) fn create_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Replaces a file in one step, mode 0600: whoever reads sees the old or the new, whole.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = create_new(&temporary)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written?;
    File::open(crate::config::parent(path))?.sync_all()
}

fn create_new(path: &Path) -> io::Result<File> {
    // A left-over of a process that died with our number.
    let _ = std::fs::remove_file(path);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// The first line of a file, without its end: a password, a token.
pub(crate) fn first_line(path: &Path) -> io::Result<String> {
    let text = std::fs::read_to_string(path)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// A directory of the XDG specification: the variable, or its default under the home directory.
pub(crate) fn xdg(variable: &str, default: &str) -> io::Result<PathBuf> {
    let set = std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(default));
    set.or_else(home)
        .map(|base| base.join("preau"))
        .ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("neither {variable} nor HOME is set"),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_private_file_is_replaced_whole_and_readable_by_its_owner_alone() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("deep").join("file");
        create_dir(crate::config::parent(&path)).expect("created");
        write(&path, b"one").expect("written");
        write(&path, b"two").expect("replaced");
        assert_eq!(std::fs::read(&path).expect("readable"), b"two");
        let mode = std::fs::metadata(&path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let entries = std::fs::read_dir(dir.path().join("deep"))
            .expect("readable")
            .count();
        assert_eq!(entries, 1, "nothing temporary is left");
    }
}

//! The key-encrypting key: read from its file, made at the first start.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use preau_storage_seal::Kek;

use crate::failure::{Failure, at_path};
use crate::private;

const RESTORE: &str = "put the key back from its backup; a new one could not open them";

/// Reads the key, or makes it (mode 0600) when nothing is there yet that an older key sealed: no
/// records in `objects`, and no tenant's key in the database (`wrapped_keys`).
pub(crate) fn load_or_create(
    path: &Path,
    objects: &Path,
    wrapped_keys: bool,
) -> Result<Kek, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return create(path, objects, wrapped_keys);
        }
        Err(error) => return Err(at_path("cannot read the key-encrypting key", path, &error)),
    };
    let mode = std::fs::metadata(path)
        .map(|file| file.permissions().mode())
        .unwrap_or(0o600);
    if mode & 0o077 != 0 {
        return Err(Failure::new(
            "others may read the key-encrypting key",
            path.display(),
            format_args!(
                "run `chmod 600 {}`, and consider the key known to them",
                path.display()
            ),
        ));
    }
    Kek::from_hex(&text).map_err(|error| {
        Failure::new(
            format_args!("the key-encrypting key cannot be used: {error}"),
            path.display(),
            "put the right file back: 64 hexadecimal digits",
        )
    })
}

/// What to say when stored tenant keys do not open under the key that was read.
pub(crate) fn wrong(path: &Path) -> Failure {
    Failure::new(
        "this key-encrypting key is not the one that the tenants' keys in the database are sealed under",
        path.display(),
        "put the right one back from its backup, or restore the database that belongs to it; nothing was changed",
    )
}

fn create(path: &Path, objects: &Path, wrapped_keys: bool) -> Result<Kek, Failure> {
    if wrapped_keys {
        return Err(Failure::new(
            "the key-encrypting key is missing, and the files database holds tenants' keys sealed under it",
            path.display(),
            RESTORE,
        ));
    }
    let sealed = std::fs::read_dir(objects).is_ok_and(|mut entries| {
        // The site's own bookkeeping begins with a dot.
        entries.any(|entry| {
            entry.is_ok_and(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."))
        })
    });
    if sealed {
        return Err(Failure::new(
            format_args!(
                "the key-encrypting key is missing, and {} holds records sealed under it",
                objects.display()
            ),
            path.display(),
            RESTORE,
        ));
    }
    let kek = Kek::generate().map_err(|error| {
        Failure::new(
            error,
            path.display(),
            "look into the system's random generator",
        )
    })?;
    private::create_dir(crate::config::parent(path))
        .and_then(|()| private::write(path, format!("{}\n", kek.to_hex().as_str()).as_bytes()))
        .map_err(|error| at_path("cannot write the key-encrypting key", path, &error))?;
    tracing::info!(file = %path.display(), "made the key-encrypting key: back it up, apart from the data");
    Ok(kek)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_private_and_read_again() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("files/kek");
        let objects = dir.path().join("objects");
        let made = load_or_create(&path, &objects, false).expect("made");
        let read = load_or_create(&path, &objects, false).expect("read");
        assert_eq!(made.to_hex(), read.to_hex());
        let mode = std::fs::metadata(&path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("kek");
        load_or_create(&path, dir.path().join("objects").as_path(), false).expect("made");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("changed");
        assert!(load_or_create(&path, dir.path(), false).is_err());
    }

    #[test]
    fn a_lost_key_is_not_replaced_while_records_exist() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let objects = dir.path().join("objects");
        std::fs::create_dir_all(&objects).expect("made");
        std::fs::write(objects.join("record"), b"sealed").expect("written");
        let Err(failure) = load_or_create(&dir.path().join("kek"), &objects, false) else {
            panic!("replaced a lost key");
        };
        assert!(failure.to_string().contains("put the key back"));
    }

    #[test]
    fn a_lost_key_is_not_replaced_while_the_database_holds_keys_it_sealed() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("kek");
        let Err(failure) = load_or_create(&path, &dir.path().join("unmounted"), true) else {
            panic!("replaced a lost key");
        };
        assert!(failure.to_string().contains("put the key back"));
        assert!(!path.exists());
        // A key that is there is read, whatever it sealed.
        load_or_create(&path, dir.path().join("objects").as_path(), false).expect("made");
        load_or_create(&path, dir.path().join("objects").as_path(), true).expect("read");
    }
}

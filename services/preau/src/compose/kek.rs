//! The key-encrypting key: read from its file, made at the first start.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use preau_storage_seal::Kek;

use crate::failure::{Failure, at_path};
use crate::private;

/// Reads the key, or makes it (mode 0600) when `objects` holds nothing yet that an older key sealed.
pub(crate) fn load_or_create(path: &Path, objects: &Path) -> Result<Kek, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return create(path, objects),
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

fn create(path: &Path, objects: &Path) -> Result<Kek, Failure> {
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
            "put the key back from its backup; a new one could not open them",
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
        let made = load_or_create(&path, &objects).expect("made");
        let read = load_or_create(&path, &objects).expect("read");
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
        load_or_create(&path, dir.path().join("objects").as_path()).expect("made");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("changed");
        assert!(load_or_create(&path, dir.path()).is_err());
    }

    #[test]
    fn a_lost_key_is_not_replaced_while_records_exist() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let objects = dir.path().join("objects");
        std::fs::create_dir_all(&objects).expect("made");
        std::fs::write(objects.join("record"), b"sealed").expect("written");
        let Err(failure) = load_or_create(&dir.path().join("kek"), &objects) else {
            panic!("replaced a lost key");
        };
        assert!(failure.to_string().contains("put the key back"));
    }
}

//! One process a role's data: a lock that dies with its holder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};

use crate::config::Config;
use crate::failure::{Exit, Failure, at_path};
use crate::private;

/// Held for as long as the role's data are used.
pub(crate) struct RoleLock {
    _file: File,
}

/// Takes the locks of these roles, making their directories (mode 0700) when missing.
pub(crate) fn lock(config: &Config, roles: &[&str]) -> Result<Vec<RoleLock>, Failure> {
    roles.iter().map(|role| lock_one(config, role)).collect()
}

fn lock_one(config: &Config, role: &str) -> Result<RoleLock, Failure> {
    let dir = config.role_dir(role);
    private::create_dir(&dir)
        .map_err(|error| at_path("cannot make the data directory", &dir, &error))?;
    let path = dir.join("lock");
    let failed = |error: std::io::Error| at_path("cannot lock the role's data", &path, &error);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(held(&mut file, role, &path)),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    // For people who wonder who holds it; the lock itself is the kernel's.
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(failed)?;
    Ok(RoleLock { _file: file })
}

fn held(file: &mut File, role: &str, path: &std::path::Path) -> Failure {
    let mut holder = String::new();
    let _ = file.take(16).read_to_string(&mut holder);
    let holder = match holder.trim() {
        "" => "another process".to_owned(),
        pid => format!("process {pid}"),
    };
    Failure::new(
        format_args!("the data of role {role} are in use by {holder}"),
        path.display(),
        "stop that process, or use another --data-dir",
    )
    .exit(Exit::InUse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roles_data_are_opened_once_and_again_when_let_go() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let config = Config {
            data_dir: dir.path().join("data"),
            ..Config::default()
        };
        let held = lock(&config, &["files", "roster"]).expect("free");
        let Err(failure) = lock(&config, &["files"]) else {
            panic!("locked twice");
        };
        assert_eq!(failure.code(), Exit::InUse);
        let line = failure.to_string();
        assert!(line.contains("role files"), "{line}");
        assert!(line.contains(&std::process::id().to_string()), "{line}");
        lock(&config, &["identity"]).expect("another role is free");
        drop(held);
        lock(&config, &["files"]).expect("free again");
    }
}

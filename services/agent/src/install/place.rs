//! Where apps lie: `apps/<app>/<version>/<file>` under the prefix, with a link `current` to the version in use.
//!
//! Names were checked before they come here. What was planted in their place is looked for at each step: a link among
//! the directories leads nowhere, it is refused.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use preau_kernel::ids::ReleaseId;

use super::Refused;
use super::manifest::{CURRENT, Verified};
use crate::private::sync_dir;

const APPS: &str = "apps";
const FETCHING: &str = ".fetching";
const FRESH_LINK: &str = ".current.new";

/// A prefix as the place of apps.
#[derive(Clone, Debug)]
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(prefix: &Path) -> Self {
        Self(prefix.to_owned())
    }

    /// Whether a file is where it was installed.
    pub(crate) fn has(&self, app: &str, version: &str, file_name: &str) -> bool {
        let path = self.0.join(APPS).join(app).join(version).join(file_name);
        fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
    }

    /// Where a release's bytes come together, in a directory that exists.
    pub(super) fn fetching(&self, release: ReleaseId) -> Result<PathBuf, Refused> {
        let folder = self.folder(&[FETCHING])?;
        let path = folder.join(release.to_string());
        match fs::symlink_metadata(&path) {
            Ok(found) if !found.is_file() => Err(planted(&path)),
            _ => Ok(path),
        }
    }

    /// Removes what came of releases that are not wanted any more: nobody will fetch the rest.
    pub(super) fn drop_fetched_but(&self, wanted: &BTreeSet<ReleaseId>) -> Result<(), Refused> {
        let folder = self.0.join(FETCHING);
        if fs::symlink_metadata(&folder).is_err() {
            return Ok(());
        }
        let folder = self.folder(&[FETCHING])?;
        for entry in fs::read_dir(&folder).map_err(|error| disk(&error))? {
            let entry = entry.map_err(|error| disk(&error))?;
            let name = entry.file_name();
            let release = name.to_str().and_then(|name| name.parse().ok());
            if !release.is_some_and(|release| wanted.contains(&release)) {
                remove_tree(&entry.path()).map_err(|error| disk(&error))?;
            }
        }
        Ok(())
    }

    /// Moves a file that was verified into its place and points `current` at it. Each step can be repeated.
    pub(super) fn install(&self, fetched: &Path, release: &Verified) -> Result<(), Refused> {
        let versions = self.folder(&[APPS, &release.app])?;
        let folder = self.folder(&[APPS, &release.app, &release.version])?;
        let target = folder.join(&release.file_name);
        if fs::symlink_metadata(&target).is_ok_and(|found| found.is_dir()) {
            return Err(planted(&target));
        }
        let mode = if release.executable { 0o755 } else { 0o644 };
        fs::set_permissions(fetched, Permissions::from_mode(mode))
            .and_then(|()| File::open(fetched)?.sync_all())
            .and_then(|()| fs::rename(fetched, &target))
            .and_then(|()| sync_dir(&folder))
            .and_then(|()| point(&versions, &release.version))
            .map_err(|error| disk(&error))
    }

    /// Removes an app's versions but one.
    pub(super) fn remove_but(&self, app: &str, version: &str) -> Result<(), Refused> {
        let versions = self.folder(&[APPS, app])?;
        for entry in fs::read_dir(&versions).map_err(|error| disk(&error))? {
            let entry = entry.map_err(|error| disk(&error))?;
            let name = entry.file_name();
            if name != version && name != CURRENT {
                remove_tree(&entry.path()).map_err(|error| disk(&error))?;
            }
        }
        Ok(())
    }

    /// Removes an app: the link first, so that nobody finds half of it.
    pub(super) fn remove(&self, app: &str) -> Result<(), Refused> {
        let apps = self.folder(&[APPS])?;
        let versions = apps.join(app);
        let own = match fs::symlink_metadata(&versions) {
            Ok(found) if found.is_dir() => remove_tree(&versions.join(CURRENT)),
            // Planted: it goes itself, and nothing that it leads to.
            _ => Ok(()),
        };
        own.and_then(|()| remove_tree(&versions))
            .and_then(|()| sync_dir(&apps))
            .map_err(|error| disk(&error))
    }

    /// A directory below the prefix, made where it is missing. None of its parts is a link.
    fn folder(&self, parts: &[&str]) -> Result<PathBuf, Refused> {
        let mut path = self.0.clone();
        fs::create_dir_all(&path).map_err(|error| disk(&error))?;
        for part in parts {
            path.push(part);
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => return Err(planted(&path)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    fs::create_dir(&path).map_err(|error| disk(&error))?;
                }
                Err(error) => return Err(disk(&error)),
            }
        }
        Ok(path)
    }
}

/// Points `current` at a version, in one step.
fn point(versions: &Path, version: &str) -> io::Result<()> {
    let (fresh, current) = (versions.join(FRESH_LINK), versions.join(CURRENT));
    remove_tree(&fresh)?;
    symlink(version, &fresh)?;
    fs::rename(&fresh, &current)?;
    sync_dir(versions)
}

/// Removes whatever is there, links as such; nothing is as good.
fn remove_tree(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn planted(path: &Path) -> Refused {
    tracing::error!(path = %path.display(), "something lies where an app is to be; remove it");
    Refused::For("something else lies where it is to be".to_owned())
}

pub(super) fn disk(error: &io::Error) -> Refused {
    Refused::For(format!("the device's disk: {}", error.kind()))
}

#[cfg(test)]
#[path = "place/tests.rs"]
mod tests;

//! Directories that outlive a loss of power: each is synced into its parent once before it is relied on.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Makes and syncs directories, and remembers which need it no more (at most 65,793 for the vault's fan-out).
#[derive(Debug)]
pub(super) struct Directories {
    fsync: bool,
    settled: Mutex<HashSet<PathBuf>>,
}

impl Directories {
    pub(super) fn new(fsync: bool) -> Directories {
        Directories {
            fsync,
            settled: Mutex::new(HashSet::new()),
        }
    }

    pub(super) fn fsync(&self) -> bool {
        self.fsync
    }

    /// Makes the site's root and whatever is missing above it.
    pub(super) fn make_root(&self, root: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = root
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
            .collect();
        for directory in missing.into_iter().rev() {
            make_one(directory)?;
        }
        if !fs::metadata(root)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        for directory in root.ancestors().skip(1).take(2) {
            // Above the root other people's directories may be closed to us; then they are not ours to sync either.
            match self.sync(non_empty(directory)) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                done => done?,
            }
        }
        Ok(())
    }

    /// Makes `relative` below `root`. On return every directory on the way is known to its parent on disk.
    pub(super) fn make(&self, root: &Path, relative: &str) -> io::Result<()> {
        let mut directory = root.to_path_buf();
        for segment in relative.split('/').filter(|segment| !segment.is_empty()) {
            let parent = directory.clone();
            directory.push(segment);
            if self.is_settled(&directory) {
                continue;
            }
            make_one(&directory)?;
            // Also when it was there already: whoever made it may not have come to this line.
            self.sync(&parent)?;
            self.settle(&directory);
        }
        Ok(())
    }

    /// Brings a directory's entries to the disk.
    pub(super) fn sync(&self, directory: &Path) -> io::Result<()> {
        if self.fsync {
            File::open(directory)?.sync_all()?;
        }
        Ok(())
    }

    fn is_settled(&self, directory: &Path) -> bool {
        let settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        settled.contains(directory)
    }

    fn settle(&self, directory: &Path) {
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        settled.insert(directory.to_path_buf());
    }
}

fn make_one(directory: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => done,
    }
}

/// The parent of a plain relative name is the current directory.
fn non_empty(directory: &Path) -> &Path {
    if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    }
}

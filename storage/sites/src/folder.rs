//! A site that is a directory.
//!
//! An object is written to a temporary file in the same file system, synced, linked to its name (which fails if the name is
//! taken, and shows readers the whole object or nothing), and its directory is synced before the put is acknowledged.
//!
//! Why not object_store's `LocalFileSystem::with_fsync`, which syncs file and directories too: it syncs only directories that
//! the very call created. A put that finds a directory which a concurrent put (or a process killed a moment ago) has made but
//! not yet synced is acknowledged although power loss can still take the directory away. Its half-written files also stay
//! behind after a crash under names its listing hides. So this site syncs every directory on the path once in its life before
//! it relies on it, and keeps temporary files in one place, emptied at opening.

mod durable;
mod walk;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use rand::Rng;

use self::durable::Directories;
use crate::{Entry, Residency, Site, SiteError, check_key};

/// Where half-written objects live. No key starts with a dot, so none can name it.
const TEMPORARY: &str = ".tmp";
/// Temporary files older than this belong to a process that is gone. Another process may share the folder, so not younger ones.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// Objects as files below a directory, `key` being the path. File modes are 0600, directories 0700.
///
/// Calls block a thread of tokio's blocking pool, never the caller's.
#[derive(Debug)]
pub struct FolderSite {
    folder: Arc<Folder>,
    residency: Residency,
}

#[derive(Debug)]
struct Folder {
    name: String,
    root: PathBuf,
    directories: Directories,
    run: u64,
    next: AtomicU64,
}

impl FolderSite {
    /// Opens the folder, making it if it is absent, as the site `name` on the operator's premises of the same name.
    ///
    /// With `fsync` a put is acknowledged once file and directory have reached the disk; without, a loss of power (not of the
    /// process) may take acknowledged objects: for tests and benchmarks only. Blocks while it looks at the disk.
    ///
    /// # Errors
    /// [`SiteError::Io`] naming the path if it cannot be made, read or written; [`SiteError::Full`].
    pub fn open(name: &str, path: impl AsRef<Path>, fsync: bool) -> Result<FolderSite, SiteError> {
        let root = path.as_ref().to_path_buf();
        let folder = Folder {
            name: name.to_owned(),
            directories: Directories::new(fsync),
            run: rand::rng().random(),
            next: AtomicU64::new(0),
            root,
        };
        let failed = |source| SiteError::Io {
            site: name.to_owned(),
            operation: "open",
            key: folder.root.display().to_string(),
            source,
        };
        folder.directories.make_root(&folder.root).map_err(failed)?;
        folder.prepare_temporary().map_err(failed)?;
        Ok(FolderSite {
            residency: Residency::OnPremises {
                name: name.to_owned(),
            },
            folder: Arc::new(folder),
        })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder.root
    }

    /// Runs `work` where it may block. A put that has begun is finished even if its caller goes away.
    fn blocking<'a, T: Send + 'static>(
        &self,
        operation: &'static str,
        key: &'a str,
        work: impl FnOnce(&Folder, &str) -> io::Result<T> + Send + 'static,
    ) -> BoxFuture<'a, Result<T, SiteError>> {
        let folder = self.folder.clone();
        async move {
            let owned = key.to_owned();
            let worker = folder.clone();
            tokio::task::spawn_blocking(move || work(&worker, &owned))
                .await
                .unwrap_or_else(|gone| Err(io::Error::other(gone)))
                .map_err(|error| SiteError::from_io(&folder.name, operation, key, error))
        }
        .boxed()
    }

    fn keyed<'a, T: Send + 'static>(
        &self,
        operation: &'static str,
        key: &'a str,
        work: impl FnOnce(&Folder, &str) -> io::Result<T> + Send + 'static,
    ) -> BoxFuture<'a, Result<T, SiteError>> {
        match check_key(key) {
            Ok(()) => self.blocking(operation, key, work),
            Err(refused) => async move { Err(refused) }.boxed(),
        }
    }
}

impl Folder {
    fn prepare_temporary(&self) -> io::Result<()> {
        let directory = self.root.join(TEMPORARY);
        self.directories.make(&self.root, TEMPORARY)?;
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let age = SystemTime::now().duration_since(entry.metadata()?.modified()?);
            if age.is_ok_and(|age| age > ABANDONED) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn put(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        let serial = self.next.fetch_add(1, Ordering::Relaxed);
        let temporary = self
            .root
            .join(TEMPORARY)
            .join(format!("{:016x}-{serial}", self.run));
        let written = self.publish(&temporary, key, bytes);
        // Whatever happened, the temporary name goes: after a link the object has its own.
        let removed = fs::remove_file(&temporary);
        written?;
        removed
    }

    fn publish(&self, temporary: &Path, key: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(temporary)?;
        file.write_all(bytes)?;
        if self.directories.fsync() {
            file.sync_all()?;
        }
        let parent = key.rsplit_once('/').map_or("", |(parent, _)| parent);
        self.directories.make(&self.root, parent)?;
        fs::hard_link(temporary, self.root.join(key))?;
        self.directories.sync(&self.root.join(parent))
    }

    fn get(&self, key: &str, range: Range<u64>) -> io::Result<Result<Bytes, u64>> {
        let file = File::open(self.root.join(key))?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let length = metadata.len();
        if range.end > length || range.start > range.end {
            return Ok(Err(length));
        }
        let wanted = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        let mut bytes = vec![0; wanted];
        file.read_exact_at(&mut bytes, range.start)?;
        Ok(Ok(Bytes::from(bytes)))
    }

    fn length(&self, key: &str) -> io::Result<u64> {
        let metadata = fs::metadata(self.root.join(key))?;
        if metadata.is_file() {
            Ok(metadata.len())
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    fn delete(&self, key: &str) -> io::Result<()> {
        // Not synced: should power loss bring the object back, it is an orphan that the vault's sweep finds.
        match fs::remove_file(self.root.join(key)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }
}

impl Site for FolderSite {
    fn name(&self) -> &str {
        &self.folder.name
    }

    fn residency(&self) -> &Residency {
        &self.residency
    }

    fn put_new<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), SiteError>> {
        self.keyed("write", key, move |folder, key| folder.put(key, &bytes))
    }

    fn get_range<'a>(
        &'a self,
        key: &'a str,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Bytes, SiteError>> {
        let wanted = range.end;
        let answer = self.keyed("read", key, move |folder, key| folder.get(key, range));
        async move {
            answer.await?.map_err(|length| SiteError::TooShort {
                site: self.folder.name.clone(),
                key: key.to_owned(),
                length,
                wanted,
            })
        }
        .boxed()
    }

    fn head<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<u64, SiteError>> {
        self.keyed("look at", key, Folder::length)
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), SiteError>> {
        self.keyed("delete", key, Folder::delete)
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Entry>, SiteError>> {
        let after = after.map(str::to_owned);
        self.blocking("list", prefix, move |folder, prefix| {
            walk::list(&folder.root, prefix, after.as_deref(), limit)
        })
    }
}

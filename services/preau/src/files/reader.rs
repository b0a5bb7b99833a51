//! A file read once, from front to back: parts for those who want them, BLAKE3 over everything.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::notes::Source;
use crate::failure::{Failure, at_path};

/// One part with its hash.
pub(crate) struct Part {
    pub(crate) index: u32,
    pub(crate) sha256: [u8; 32],
    pub(crate) data: Bytes,
}

/// How a file is cut.
#[derive(Clone, Copy)]
pub(crate) struct Cut {
    pub(crate) part_size: u32,
    pub(crate) part_count: u32,
}

/// Opens a regular file and says what it is now.
pub(crate) fn open(path: &Path) -> Result<(File, Source), Failure> {
    let canonical = path
        .canonicalize()
        .map_err(|error| at_path("cannot read the file", path, &error))?;
    if canonical.to_str().is_none() {
        return Err(Failure::new(
            "the path is not UTF-8",
            path.display(),
            "rename the file",
        ));
    }
    let file =
        File::open(&canonical).map_err(|error| at_path("cannot read the file", path, &error))?;
    let metadata = file
        .metadata()
        .map_err(|error| at_path("cannot read the file", path, &error))?;
    if !metadata.is_file() {
        return Err(Failure::new(
            "not a file",
            path.display(),
            "name a file; folders are not uploaded",
        ));
    }
    Ok((file, Source::new(canonical, &metadata)))
}

/// Reads on a thread of its own. Wanted parts come through the channel in order; the handle gives
/// the whole's hash, or why it cannot be had. The reader stops when nobody listens any more.
pub(crate) fn read(
    file: File,
    path: PathBuf,
    source: Source,
    cut: Cut,
    wanted: impl Fn(u32) -> bool + Send + 'static,
) -> (
    mpsc::Receiver<Part>,
    JoinHandle<Result<blake3::Hash, Failure>>,
) {
    let (sender, receiver) = mpsc::channel(1);
    let whole = tokio::task::spawn_blocking(move || {
        let hash =
            read_parts(&file, &source, cut, &wanted, &sender).map_err(|error| {
                match error.kind() {
                    io::ErrorKind::UnexpectedEof => changed(&path),
                    _ => at_path("cannot read the file", &path, &error),
                }
            })?;
        let metadata = file
            .metadata()
            .map_err(|error| at_path("cannot read the file", &path, &error))?;
        if Source::new(source.path().to_owned(), &metadata) != source {
            return Err(changed(&path));
        }
        Ok(hash)
    });
    (receiver, whole)
}

/// BLAKE3 of the whole file, sending nothing.
pub(crate) async fn hash(file: File, path: PathBuf) -> Result<blake3::Hash, Failure> {
    let place = path.display().to_string();
    let hashed = tokio::task::spawn_blocking(move || {
        let mut whole = blake3::Hasher::new();
        whole
            .update_reader(&file)
            .map_err(|error| at_path("cannot read the file", &path, &error))?;
        Ok(whole.finalize())
    });
    hashed.await.unwrap_or_else(|error| {
        let what = format!("the reader stopped: {error}");
        Err(Failure::new(what, place, "try again"))
    })
}

fn changed(path: &Path) -> Failure {
    Failure::new(
        "the file changed while it was read",
        path.display(),
        "put it again when it rests",
    )
}

fn read_parts(
    mut file: &File,
    source: &Source,
    cut: Cut,
    wanted: &impl Fn(u32) -> bool,
    sender: &mpsc::Sender<Part>,
) -> io::Result<blake3::Hash> {
    let mut whole = blake3::Hasher::new();
    let mut left = source.size;
    for index in 0..cut.part_count {
        let length = left.min(u64::from(cut.part_size));
        left -= length;
        let mut data = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        file.read_exact(&mut data)?;
        whole.update(&data);
        if !wanted(index) {
            continue;
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, &data).as_ref());
        let data = data.into();
        if sender
            .blocking_send(Part {
                index,
                sha256,
                data,
            })
            .is_err()
        {
            break;
        }
    }
    Ok(whole.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: Cut = Cut {
        part_size: 4,
        part_count: 3,
    };

    fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("file");
        std::fs::write(&path, content).expect("written");
        (dir, path)
    }

    #[tokio::test]
    async fn only_wanted_parts_come_and_the_hash_is_the_wholes() {
        let (_dir, path) = file(b"aaaabbbbcc");
        let (opened, source) = open(&path).expect("readable");
        let (mut parts, whole) = read(opened, path, source, CUT, |index| index != 1);
        let mut got = Vec::new();
        while let Some(part) = parts.recv().await {
            assert_eq!(part.sha256, *digest(&SHA256, &part.data).as_ref());
            got.push((part.index, part.data));
        }
        assert_eq!(
            got,
            [
                (0, Bytes::from_static(b"aaaa")),
                (2, Bytes::from_static(b"cc"))
            ]
        );
        assert_eq!(whole.await.expect("ran"), Ok(blake3::hash(b"aaaabbbbcc")));
    }

    #[tokio::test]
    async fn a_file_that_grows_or_shrinks_under_the_reader_is_an_error() {
        for content in [&b"aaaabbbbccdd"[..], b"aaaab"] {
            let (_dir, path) = file(b"aaaabbbbcc");
            let (opened, source) = open(&path).expect("readable");
            std::fs::write(&path, content).expect("changed");
            let (mut parts, whole) = read(opened, path, source, CUT, |_| true);
            while parts.recv().await.is_some() {}
            let failure = whole.await.expect("ran").expect_err("changed");
            assert!(failure.to_string().contains("changed while it was read"));
        }
    }

    #[test]
    fn a_folder_is_not_a_file() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        assert!(
            open(dir.path())
                .expect_err("refused")
                .to_string()
                .starts_with("not a file")
        );
    }
}

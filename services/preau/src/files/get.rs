//! Getting a file: into `<name>.part`, from where it stopped, renamed when its hash is right.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use preau_proto::files::v1::file_service_client::FileServiceClient;
use preau_proto::files::v1::{FileContent, Node, ReadRequest};
use tonic::Status;

use super::progress;
use super::remote::RemoteName;
use super::spaces::{node, space_id};
use crate::client::{Attempts, Gateway, failure};
use crate::failure::{Exit, Failure, at_path};

/// Gets a remote file into a local file, or into a local folder under its own name.
pub(crate) async fn get(
    gateway: &Gateway,
    remote: &RemoteName,
    local: Option<&Path>,
) -> Result<PathBuf, Failure> {
    let space_id = space_id(gateway, remote).await?;
    let folder = || Failure::new("a folder is not a file", remote, "name a file");
    if remote.folder {
        return Err(folder());
    }
    let node = node(gateway, &space_id, remote).await?;
    let content = node.content.clone().ok_or_else(folder)?;
    let local = destination(&node, local);
    let mut part = PartFile::open(&local)?;
    let get = Get {
        gateway,
        remote,
        node: &node,
        content: &content,
    };
    get.whole(&mut part).await?;
    part.finish(&local)?;
    Ok(local)
}

fn destination(node: &Node, local: Option<&Path>) -> PathBuf {
    // A server's word is not trusted with the file system: its last component at most.
    let safe = Path::new(&node.name).file_name().unwrap_or("file".as_ref());
    match local {
        None => PathBuf::from(safe),
        Some(local) if local.is_dir() => local.join(safe),
        Some(local) => local.to_owned(),
    }
}

struct Get<'a> {
    gateway: &'a Gateway,
    remote: &'a RemoteName,
    node: &'a Node,
    content: &'a FileContent,
}

impl Get<'_> {
    /// Fetches until the hash is right: once more from the start when what was there before spoils it.
    async fn whole(&self, part: &mut PartFile) -> Result<(), Failure> {
        let resumed = part.length > 0;
        self.fetch(part).await?;
        if resumed && part.hash() != self.content.blake3 {
            part.restart()?;
            self.fetch(part).await?;
        }
        if part.hash() == self.content.blake3 {
            return Ok(());
        }
        part.remove();
        Err(Failure::new(
            "the bytes that came are not the file's",
            self.remote,
            "try again; if it stays so, tell the operator",
        ))
    }

    /// Reads to the end, beginning again where a broken stream stopped.
    async fn fetch(&self, part: &mut PartFile) -> Result<(), Failure> {
        if part.length > self.content.size {
            part.restart()?;
        }
        let bar = progress::bar(&self.node.name, self.content.size, part.length);
        let mut attempts = Attempts::patient();
        while part.length < self.content.size {
            let before = part.length;
            let broke = match self.stream(part, &bar).await {
                Ok(()) => continue,
                Err(Broke::Here(failure)) => return Err(failure),
                Err(Broke::There(status)) => status,
            };
            if part.length > before {
                attempts.reset();
            }
            attempts
                .wait_after(broke)
                .await
                .map_err(|status| failure("cannot get", self.remote, &status))?;
        }
        bar.finish_and_clear();
        Ok(())
    }

    async fn stream(&self, part: &mut PartFile, bar: &ProgressBar) -> Result<(), Broke> {
        let request = ReadRequest {
            space_id: self.node.space_id.clone(),
            node_id: self.node.node_id.clone(),
            offset: part.length,
            length: 0,
        };
        let mut client = FileServiceClient::new(self.gateway.channel.clone());
        let mut frames = client
            .read(self.gateway.request(request))
            .await?
            .into_inner();
        while let Some(frame) = frames.message().await? {
            if frame.data.len() as u64 > self.content.size - part.length {
                return Err(Broke::There(Status::data_loss(
                    "more bytes came than the file has",
                )));
            }
            part.append(&frame.data).map_err(Broke::Here)?;
            bar.inc(frame.data.len() as u64);
        }
        if part.length < self.content.size {
            return Err(Broke::There(Status::unavailable("the stream ended early")));
        }
        Ok(())
    }
}

enum Broke {
    Here(Failure),
    There(Status),
}

impl From<Status> for Broke {
    fn from(status: Status) -> Self {
        Self::There(status)
    }
}

/// `<name>.part`, locked while it is written, with the hash of what it holds. Made with the first
/// byte that is written to it.
struct PartFile {
    path: PathBuf,
    file: Option<File>,
    length: u64,
    hasher: blake3::Hasher,
}

impl PartFile {
    /// What an earlier command left, if anything.
    fn open(local: &Path) -> Result<Self, Failure> {
        let mut name = local.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let mut part = Self {
            path: local.with_file_name(name),
            file: None,
            length: 0,
            hasher: blake3::Hasher::new(),
        };
        if part.path.exists() {
            part.file()?;
            part.catch_up().map_err(|error| part.failed(&error))?;
        }
        Ok(part)
    }

    /// The file, made and locked when it is not open yet.
    fn file(&mut self) -> Result<&mut File, Failure> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.lock()?,
        };
        Ok(self.file.insert(file))
    }

    fn lock(&self) -> Result<File, Failure> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.path)
            .map_err(|error| self.failed(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(self.in_use()),
            Err(TryLockError::Error(error)) => Err(self.failed(&error)),
        }
    }

    fn in_use(&self) -> Failure {
        let what = "another command is getting this file";
        Failure::new(what, self.path.display(), "wait for it").exit(Exit::InUse)
    }

    fn failed(&self, error: &io::Error) -> Failure {
        at_path("cannot write the file", &self.path, error)
    }

    /// Hashes what an earlier command left.
    fn catch_up(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok(());
            }
            self.hasher.update(&buffer[..read]);
            self.length += read as u64;
        }
    }

    fn append(&mut self, data: &[u8]) -> Result<(), Failure> {
        self.begin()?;
        let written = self.file()?.write_all(data);
        written.map_err(|error| self.failed(&error))?;
        self.hasher.update(data);
        self.length += data.len() as u64;
        Ok(())
    }

    /// Makes the file, if there was none. Another command may have written to it meanwhile.
    fn begin(&mut self) -> Result<(), Failure> {
        if self.file.is_some() {
            return Ok(());
        }
        let metadata = self.file()?.metadata();
        match metadata.map_err(|error| self.failed(&error))?.len() {
            0 => Ok(()),
            _ => {
                self.file = None;
                Err(self.in_use())
            }
        }
    }

    fn restart(&mut self) -> Result<(), Failure> {
        let file = self.file()?;
        let emptied = file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0)));
        emptied.map_err(|error| self.failed(&error))?;
        self.length = 0;
        self.hasher.reset();
        Ok(())
    }

    fn hash(&self) -> Vec<u8> {
        self.hasher.finalize().as_bytes().to_vec()
    }

    fn remove(&self) {
        let _ = std::fs::remove_file(&self.path);
    }

    fn finish(&mut self, local: &Path) -> Result<(), Failure> {
        // An empty file has no first byte.
        self.begin()?;
        self.file()?
            .sync_all()
            .and_then(|()| std::fs::rename(&self.path, local))
            .map_err(|error| at_path("cannot write the file", local, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_file_goes_on_where_it_stopped_with_the_hash_of_everything() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let local = dir.path().join("lesson.pdf");
        let mut part = PartFile::open(&local).expect("opened");
        part.append(b"first ").expect("written");
        drop(part);

        let mut part = PartFile::open(&local).expect("opened again");
        assert_eq!(part.length, 6);
        part.append(b"second").expect("written");
        assert_eq!(part.hash(), blake3::hash(b"first second").as_bytes());
        part.finish(&local).expect("renamed");
        assert_eq!(std::fs::read(&local).expect("there"), b"first second");
        assert!(!dir.path().join("lesson.pdf.part").exists());
    }

    #[test]
    fn nothing_is_left_behind_when_no_byte_came() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let part = PartFile::open(&dir.path().join("a")).expect("opened");
        drop(part);
        assert_eq!(std::fs::read_dir(dir.path()).expect("there").count(), 0);
    }

    #[test]
    fn an_empty_file_is_made_at_the_end() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let local = dir.path().join("a");
        let mut part = PartFile::open(&local).expect("opened");
        part.finish(&local).expect("renamed");
        assert_eq!(std::fs::read(&local).expect("there"), b"");
        assert!(!dir.path().join("a.part").exists());
    }

    #[test]
    fn restarting_forgets_what_was_there() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let local = dir.path().join("a");
        let mut part = PartFile::open(&local).expect("opened");
        part.append(b"wrong").expect("written");
        part.restart().expect("restarted");
        part.append(b"ok").expect("written");
        assert_eq!(part.hash(), blake3::hash(b"ok").as_bytes());
        assert_eq!(
            std::fs::read(dir.path().join("a.part")).expect("there"),
            b"ok"
        );
    }

    #[test]
    fn two_commands_do_not_write_the_same_file() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let local = dir.path().join("a");
        let mut first = PartFile::open(&local).expect("opened");
        let mut late = PartFile::open(&local).expect("nobody writes yet");
        first.append(b"a").expect("written");
        assert_eq!(late.append(b"a").expect_err("locked").code(), Exit::InUse);
        let Err(second) = PartFile::open(&local) else {
            panic!("opened twice");
        };
        assert_eq!(second.code(), Exit::InUse);
    }

    #[test]
    fn a_servers_name_stays_in_the_folder() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let node = |name: &str| Node {
            name: name.into(),
            ..Node::default()
        };
        assert_eq!(
            destination(&node("../../etc/passwd"), Some(dir.path())),
            dir.path().join("passwd")
        );
        assert_eq!(destination(&node(".."), None), PathBuf::from("file"));
        assert_eq!(
            destination(&node("a"), Some(Path::new("b"))),
            PathBuf::from("b")
        );
    }
}

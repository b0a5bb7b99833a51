//! Putting a file: cut as the server says, several parts in flight, only what is missing.

use std::fs::File;
use std::path::{Path, PathBuf};

use futures::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use preau_proto::files::v1::upload_service_client::UploadServiceClient;
use preau_proto::files::v1::{
    CommitRequest, CreateUploadRequest, GetUploadRequest, Node, PartRange, PutPartRequest, Upload,
};
use tonic::{Code, Status};
use unicode_normalization::UnicodeNormalization;

use super::notes::{NoteFile, Source};
use super::progress;
use super::reader::{self, Cut, Part};
use super::remote::RemoteName;
use super::spaces::{find, folder_id, space_id};
use crate::client::{Channel, Gateway, failure, reason, retry, retry_patiently};
use crate::failure::{Failure, at_path};

/// Parts at once, if the server wants that many.
const IN_FLIGHT: u32 = 4;

/// Puts a local file at a remote name, or into the folder it names.
pub(crate) async fn put(
    gateway: &Gateway,
    local: &Path,
    remote: &RemoteName,
) -> Result<Node, Failure> {
    let (file, source) = reader::open(local)?;
    let target = target(gateway, local, remote).await?;
    let key = (
        target.space_id.as_str(),
        target.parent_id.as_str(),
        target.name.as_str(),
    );
    let note = NoteFile::of_user(&source, &gateway.url, key)?;
    let put = Put {
        gateway,
        target: &target,
        note,
    };
    // A file that is there already may be this very one: the note knows, so it is read first.
    let upload = match put.resumed().await? {
        Resumed::Complete(node) => return put.verified(node, file, local).await,
        Resumed::Nothing | Resumed::Upload(_) if target.taken => return Err(taken(remote)),
        Resumed::Upload(upload) => upload,
        Resumed::Nothing => put.created(source.size).await?,
    };
    let hash = put.send(file, local.to_owned(), source, &upload).await?;
    let node = put.commit(&upload.upload_id, hash).await?;
    put.note.forget();
    Ok(node)
}

struct Target {
    shown: RemoteName,
    space_id: String,
    parent_id: String,
    name: String,
    /// Whether a file of this name was there when we looked.
    taken: bool,
}

async fn target(gateway: &Gateway, local: &Path, remote: &RemoteName) -> Result<Target, Failure> {
    let space_id = space_id(gateway, remote).await?;
    if remote.folder {
        let parent_id = folder_id(gateway, &space_id, remote).await?;
        return Target::within(remote, parent_id, space_id, local);
    }
    let found = find(gateway, &space_id, remote).await?;
    let taken = found.as_ref().is_some_and(|node| node.content.is_some());
    if let Some(folder) = found.filter(|node| node.content.is_none()) {
        return Target::within(remote, folder.node_id, space_id, local);
    }
    let (Some(parent), Some(name)) = (remote.parent(), remote.name()) else {
        return Err(Failure::new("cannot put", remote, "name a file"));
    };
    Ok(Target {
        shown: remote.clone(),
        parent_id: folder_id(gateway, &space_id, &parent).await?,
        name: name.to_owned(),
        space_id,
        taken,
    })
}

const TAKEN: &str = "choose another name, or remove the old one first with `preau files rm`";

fn taken(remote: &RemoteName) -> Failure {
    Failure::new("cannot put: there is a file of this name", remote, TAKEN)
}

/// Fails unless the node holds the bytes of this hash.
fn check_same(node: &Node, local: &blake3::Hash, remote: &RemoteName) -> Result<(), Failure> {
    let stored = node.content.as_ref().map(|content| &content.blake3[..]);
    if stored == Some(local.as_bytes().as_slice()) {
        return Ok(());
    }
    let what = "cannot put: the file that was stored is not the one that is here now";
    Err(Failure::new(what, remote, TAKEN))
}

impl Target {
    /// Under the local file's own name in a remote folder.
    fn within(
        folder: &RemoteName,
        parent_id: String,
        space_id: String,
        local: &Path,
    ) -> Result<Self, Failure> {
        let path = local.canonicalize();
        let path = path.map_err(|error| at_path("cannot read the file", local, &error))?;
        let name = path.file_name().and_then(|name| name.to_str());
        let name: String = name
            .ok_or_else(|| {
                Failure::new(
                    "the file's name is not UTF-8",
                    local.display(),
                    "rename the file",
                )
            })?
            .nfc()
            .collect();
        Ok(Self {
            shown: folder.join(&name),
            space_id,
            parent_id,
            name,
            // The server says so when the upload begins.
            taken: false,
        })
    }
}

enum Resumed {
    Nothing,
    Upload(Upload),
    /// Committed by an earlier command. Not yet compared with the file that is here.
    Complete(Node),
}

struct Put<'a> {
    gateway: &'a Gateway,
    target: &'a Target,
    note: NoteFile,
}

impl Put<'_> {
    fn client(&self) -> UploadServiceClient<Channel> {
        UploadServiceClient::new(self.gateway.channel.clone())
    }

    fn failed(&self, status: &Status) -> Failure {
        failure("cannot put", &self.target.shown, status)
    }

    /// The upload that an earlier command began, as far as it came.
    async fn resumed(&self) -> Result<Resumed, Failure> {
        let Some(note) = self.note.read() else {
            return Ok(Resumed::Nothing);
        };
        let upload_id = note.upload_id;
        let found = retry(|| async {
            let request = GetUploadRequest {
                upload_id: upload_id.clone(),
            };
            self.client()
                .get_upload(self.gateway.request(request))
                .await
        })
        .await;
        match found {
            Ok(answer) => Ok(answer
                .into_inner()
                .upload
                .map_or(Resumed::Nothing, Resumed::Upload)),
            // Committed, and the answer was lost: committing again answers the same node.
            Err(status) if status.code() == Code::FailedPrecondition => {
                match self.committed(&upload_id, Vec::new()).await {
                    Ok(node) => Ok(Resumed::Complete(node)),
                    Err(status) if is_over(&status) => Ok(Resumed::Nothing),
                    Err(status) => Err(self.failed(&status)),
                }
            }
            Err(status) if is_over(&status) => Ok(Resumed::Nothing),
            Err(status) => Err(self.failed(&status)),
        }
    }

    /// The node that an earlier command committed, once its bytes are known to be the file's.
    async fn verified(&self, node: Node, file: File, local: &Path) -> Result<Node, Failure> {
        let hash = reader::hash(file, local.to_owned()).await?;
        // Either way there is nothing to go on with.
        self.note.forget();
        check_same(&node, &hash, &self.target.shown)?;
        Ok(node)
    }

    async fn created(&self, size: u64) -> Result<Upload, Failure> {
        // Tried again although not idempotent: an upload that nobody goes on with expires by itself.
        let answer = retry(|| async {
            let request = CreateUploadRequest {
                space_id: self.target.space_id.clone(),
                parent_id: self.target.parent_id.clone(),
                name: self.target.name.clone(),
                size,
            };
            self.client()
                .create_upload(self.gateway.request(request))
                .await
        })
        .await
        .map_err(|status| self.failed(&status))?;
        let upload = answer.into_inner().upload.ok_or_else(|| {
            self.failed(&Status::internal("the server answered without an upload"))
        })?;
        self.note.write(&upload.upload_id);
        Ok(upload)
    }

    /// Sends what is missing; answers the whole's hash.
    async fn send(
        &self,
        file: File,
        local: PathBuf,
        source: Source,
        upload: &Upload,
    ) -> Result<blake3::Hash, Failure> {
        let cut = Cut {
            part_size: upload.part_size,
            part_count: upload.part_count,
        };
        self.check(cut, source.size)?;
        let missing = Missing::of(upload);
        let done = source
            .size
            .saturating_sub(missing.count() * u64::from(cut.part_size));
        let bar = progress::bar(&self.target.name, source.size, done);
        let wanted = move |index| missing.has(index);
        let (parts, whole) = reader::read(file, local, source, cut, wanted);
        let in_flight = upload.max_parallel.clamp(1, IN_FLIGHT) as usize;
        let sent = stream::unfold(parts, |mut parts| async {
            Some((parts.recv().await?, parts))
        })
        .map(|part| self.send_part(&upload.upload_id, part, &bar))
        .buffer_unordered(in_flight)
        .try_for_each(|()| std::future::ready(Ok(())))
        .await;
        bar.finish_and_clear();
        // Gone with the parts' receiver, so this does not wait for a reader that nobody hears.
        let whole = whole.await;
        sent.map_err(|status| self.failed(&status))?;
        whole.unwrap_or_else(|error| {
            let what = format!("the reader stopped: {error}");
            Err(Failure::new(what, &self.target.shown, "try again"))
        })
    }

    /// A server that cuts differently than the file is long is not followed.
    fn check(&self, cut: Cut, size: u64) -> Result<(), Failure> {
        let most = u64::from(cut.part_size) * u64::from(cut.part_count);
        let least = u64::from(cut.part_size) * u64::from(cut.part_count.saturating_sub(1));
        let fits = size <= most && (size > least || cut.part_count <= 1);
        if fits && cut.part_size > 0 {
            return Ok(());
        }
        Err(self.failed(&Status::internal("the server's parts do not fit the file")))
    }

    async fn send_part(
        &self,
        upload_id: &str,
        part: Part,
        bar: &ProgressBar,
    ) -> Result<(), Status> {
        retry_patiently(|| async {
            let request = PutPartRequest {
                upload_id: upload_id.to_owned(),
                index: part.index,
                sha256: part.sha256.to_vec(),
                data: part.data.clone(),
            };
            self.client().put_part(self.gateway.request(request)).await
        })
        .await?;
        bar.inc(part.data.len() as u64);
        Ok(())
    }

    async fn commit(&self, upload_id: &str, hash: blake3::Hash) -> Result<Node, Failure> {
        let committed = self.committed(upload_id, hash.as_bytes().to_vec()).await;
        committed.map_err(|status| {
            if reason(&status).is_some_and(|reason| reason.contains("HASH")) {
                // The parts on the server are of another file: nothing to go on with.
                self.note.forget();
            }
            self.failed(&status)
        })
    }

    async fn committed(&self, upload_id: &str, hash: Vec<u8>) -> Result<Node, Status> {
        let answer = retry_patiently(|| async {
            let request = CommitRequest {
                upload_id: upload_id.to_owned(),
                blake3: hash.clone(),
            };
            self.client().commit(self.gateway.request(request)).await
        })
        .await?;
        answer
            .into_inner()
            .node
            .ok_or_else(|| Status::internal("the server answered without a node"))
    }
}

/// Aborted, expired or swept: there is no such upload to go on with.
fn is_over(status: &Status) -> bool {
    matches!(status.code(), Code::NotFound | Code::FailedPrecondition)
}

/// Runs of parts that the server has not.
struct Missing(Vec<PartRange>);

impl Missing {
    fn of(upload: &Upload) -> Self {
        Self(upload.missing.clone())
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|run| u64::from(run.count)).sum()
    }

    fn has(&self, index: u32) -> bool {
        let within = |run: &PartRange| {
            index
                .checked_sub(run.first)
                .is_some_and(|offset| offset < run.count)
        };
        self.0.iter().any(within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_proto::files::v1::FileContent;

    #[test]
    fn what_was_committed_before_must_be_the_file_that_is_here() {
        let remote = RemoteName::parse("2de A:/plan.pdf").expect("a remote name");
        let (here, other) = (blake3::hash(b"here"), blake3::hash(b"other"));
        let mut node = Node {
            content: Some(FileContent {
                blake3: here.as_bytes().to_vec(),
                ..FileContent::default()
            }),
            ..Node::default()
        };
        assert_eq!(check_same(&node, &here, &remote), Ok(()));
        let failure = check_same(&node, &other, &remote).expect_err("other bytes");
        assert!(
            failure
                .to_string()
                .contains("2de A:/plan.pdf: choose another name")
        );
        node.content = None;
        assert!(check_same(&node, &here, &remote).is_err(), "a folder");
    }

    #[test]
    fn an_upload_is_over_only_when_the_server_says_so() {
        assert!(is_over(&Status::not_found("swept")));
        assert!(is_over(&Status::failed_precondition("aborted")));
        assert!(!is_over(&Status::unavailable("restarting")));
    }

    #[test]
    fn missing_parts_are_those_within_the_runs() {
        let runs = [(0, 1), (3, 2), (u32::MAX, 1)];
        let runs = runs.map(|(first, count)| PartRange { first, count });
        let missing = Missing(runs.to_vec());
        assert_eq!(missing.count(), 4);
        let asked = [0, 1, 2, 3, 4, 5, u32::MAX - 1, u32::MAX];
        let has: Vec<u32> = asked
            .into_iter()
            .filter(|index| missing.has(*index))
            .collect();
        assert_eq!(has, [0, 3, 4, u32::MAX]);
    }
}

//! Fetching a release: on from what is there, to the last byte, and then the whole is verified.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use preau_proto::apps::v1::FetchReleaseRequest;
use preau_proto::apps::v1::delivery_service_client::DeliveryServiceClient;
use tokio::io::AsyncWriteExt as _;
use tonic::Status;

use super::manifest::Verified;
use super::place::disk;
use super::{Place, Refused, blocking};
use crate::device::Device;
use crate::release;

/// How long the stream may take to begin, and each frame to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Fetches what is missing; answers where the verified file lies. Wrong bytes are dropped, so that the next try begins
/// anew; a stream that is cut leaves what came.
pub(super) async fn whole(
    device: &Device,
    place: &Place,
    release: &Verified,
) -> Result<PathBuf, Refused> {
    let (chosen, id) = (place.clone(), release.release_id);
    let path = blocking(move || chosen.fetching(id)).await?;
    let there = match fs::symlink_metadata(&path) {
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    if there > release.size {
        drop_bytes(&path);
        return Err(Refused::For("more bytes than the release has".to_owned()));
    }
    if there < release.size {
        rest(device, release, &path, there).await?;
    }
    let (checked, wanted) = (path.clone(), release.clone());
    blocking(move || verify(&checked, &wanted)).await?;
    Ok(path)
}

async fn rest(device: &Device, release: &Verified, path: &Path, from: u64) -> Result<(), Refused> {
    let request = FetchReleaseRequest {
        release_id: release.release_id.to_string(),
        offset: from,
        length: 0,
    };
    let (link, _) = device.link();
    let mut stream = link
        .call(PATIENCE, request, |wire, request| {
            Box::pin(async move {
                DeliveryServiceClient::new(wire)
                    .fetch_release(request)
                    .await
            })
        })
        .await?;
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| disk(&error))?;
    let (mut file, mut at) = (tokio::fs::File::from_std(file), from);
    while at < release.size {
        let silent = |_| Status::unavailable("the release stopped coming");
        let frame = tokio::time::timeout(PATIENCE, stream.message()).await;
        let frame = frame.map_err(silent).and_then(|frame| frame);
        // Tokio's file may still hold what it was given: what came is kept however the stream ends.
        file.flush()
            .await
            .map_err(|error| unwritten(path, &error))?;
        let Some(frame) = frame? else {
            return Err(Refused::Call(Status::unavailable(
                "the release ended early",
            )));
        };
        let end = at.saturating_add(frame.data.len() as u64);
        if frame.offset != at || end > release.size {
            drop_bytes(path);
            return Err(Refused::For("other bytes than were asked for".to_owned()));
        }
        file.write_all(&frame.data)
            .await
            .map_err(|error| unwritten(path, &error))?;
        at = end;
    }
    file.flush().await.map_err(|error| unwritten(path, &error))
}

/// A disk that cannot hold the release is not left full of a part of it: locks and messages need a little room.
fn unwritten(path: &Path, error: &io::Error) -> Refused {
    if matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    ) {
        drop_bytes(path);
    }
    disk(error)
}

/// Whether the file is the one that the publisher signed for.
fn verify(path: &Path, wanted: &Verified) -> Result<(), Refused> {
    let wrong = |what: &str| {
        drop_bytes(path);
        Err(Refused::For(what.to_owned()))
    };
    let found = release::digests(path).map_err(|error| disk(&error))?;
    if found.size != wanted.size {
        return wrong("size wrong");
    }
    if found.sha256 != wanted.sha256 {
        return wrong("SHA-256 wrong");
    }
    if found.blake3 != wanted.blake3 {
        return wrong("BLAKE3 wrong");
    }
    Ok(())
}

fn drop_bytes(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(%error, "bytes of a release that are of no use could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_that_fills_the_disk_gives_the_room_back_and_any_other_trouble_keeps_what_came() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("release");
        for (kind, kept) in [
            (io::ErrorKind::ReadOnlyFilesystem, true),
            (io::ErrorKind::StorageFull, false),
            (io::ErrorKind::QuotaExceeded, false),
        ] {
            fs::write(&path, b"a part").expect("written");
            assert!(matches!(
                unwritten(&path, &kind.into()),
                Refused::For(reason) if reason.starts_with("the device's disk")
            ));
            assert_eq!(path.exists(), kept, "{kind}");
        }
    }
}

//! An import's calls: the zip goes up in parts, is read whole over there, is applied.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use futures::{TryStreamExt as _, stream};
use preau_proto::roster::v1::import_service_client::ImportServiceClient;
use preau_proto::roster::v1::{
    ApplyImportRequest, BeginImportRequest, Import, PutImportPartRequest, ValidateImportRequest,
};
use tonic::Status;

use crate::client::{Channel, Gateway, retry, retry_patiently};
use crate::failure::{Failure, at_path};

/// What the platform takes, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;
/// Parts under way at once.
const PARALLEL: usize = 4;

/// The whole zip: it is small, and what is checked is then what was read at one time.
pub(crate) fn read_zip(path: &Path) -> Result<Bytes, Failure> {
    let failed = |error| at_path("cannot read the roster", path, &error);
    let wrong = |what: &str| {
        let remedy = "export it again as a OneRoster 1.2 CSV zip";
        Failure::new(what, path.display(), remedy)
    };
    let mut zip = Vec::new();
    // Whatever the path is of: a pipe and a device have no size to ask for first.
    let file = File::open(path).map_err(failed)?;
    file.take(LARGEST + 1)
        .read_to_end(&mut zip)
        .map_err(failed)?;
    if zip.len() as u64 > LARGEST {
        return Err(wrong("the roster has more than 64 MiB"));
    }
    if zip.is_empty() {
        return Err(wrong("the roster is an empty file"));
    }
    Ok(zip.into())
}

/// Uploads a zip and has it read: nothing changes. `sent` is told the bytes of each part that arrived.
pub(crate) async fn check(
    gateway: &Gateway,
    school_id: &str,
    zip: &Bytes,
    sent: impl Fn(u64),
) -> Result<Import, Status> {
    let begin = BeginImportRequest {
        school_id: school_id.to_owned(),
        size: zip.len() as u64,
    };
    // Begun twice, when an answer is lost, one of them is never filled and goes with the next.
    let begun = retry(|| async {
        let request = gateway.request(begin.clone());
        client(gateway).begin_import(request).await
    })
    .await?;
    let import = import_of(begun.into_inner().import)?;
    put_parts(gateway, &import, zip, sent).await?;
    let import_id = import.import_id;
    let validated = retry_patiently(|| async {
        let import_id = import_id.clone();
        let request = gateway.request(ValidateImportRequest { import_id });
        client(gateway).validate_import(request).await
    })
    .await?;
    import_of(validated.into_inner().import)
}

/// Applies a validated import; again, when an answer is lost: it is applied once.
pub(crate) async fn apply(
    gateway: &Gateway,
    import_id: &str,
    confirm_disabled: u32,
) -> Result<Import, Status> {
    let applied = retry_patiently(|| async {
        let request = ApplyImportRequest {
            import_id: import_id.to_owned(),
            confirm_disabled,
        };
        client(gateway).apply_import(gateway.request(request)).await
    })
    .await?;
    import_of(applied.into_inner().import)
}

async fn put_parts(
    gateway: &Gateway,
    import: &Import,
    zip: &Bytes,
    sent: impl Fn(u64),
) -> Result<(), Status> {
    let parts = cut(zip, import.part_size, import.part_count)?;
    stream::iter(parts.into_iter().map(Ok::<_, Status>))
        .map_ok(|(index, data)| put_part(gateway, &import.import_id, index, data))
        .try_buffer_unordered(PARALLEL)
        .try_for_each(|bytes| {
            sent(bytes);
            std::future::ready(Ok(()))
        })
        .await
}

async fn put_part(
    gateway: &Gateway,
    import_id: &str,
    index: u32,
    data: Bytes,
) -> Result<u64, Status> {
    let size = data.len() as u64;
    retry_patiently(|| async {
        let request = PutImportPartRequest {
            import_id: import_id.to_owned(),
            index,
            data: data.clone(),
        };
        client(gateway)
            .put_import_part(gateway.request(request))
            .await
    })
    .await?;
    Ok(size)
}

/// The parts as the platform wants them cut; an answer that does not fit the zip is not followed.
fn cut(zip: &Bytes, part_size: u32, part_count: u32) -> Result<Vec<(u32, Bytes)>, Status> {
    let size = part_size as usize;
    if size == 0 || zip.len().div_ceil(size) != part_count as usize {
        return Err(Status::internal(
            "the server cuts the roster in another way",
        ));
    }
    Ok((0..part_count)
        .map(|index| {
            let first = index as usize * size;
            (index, zip.slice(first..zip.len().min(first + size)))
        })
        .collect())
}

fn client(gateway: &Gateway) -> ImportServiceClient<Channel> {
    ImportServiceClient::new(gateway.channel.clone())
}

fn import_of(import: Option<Import>) -> Result<Import, Status> {
    import.ok_or_else(|| Status::internal("the server answered without an import"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zip_is_cut_as_asked_and_not_otherwise() {
        let zip = Bytes::from_static(b"abcdefg");
        let parts = cut(&zip, 3, 3).expect("cut");
        let whole: Vec<u8> = parts.iter().flat_map(|(_, part)| part.to_vec()).collect();
        assert_eq!((parts.len(), whole), (3, zip.to_vec()));
        for (size, count) in [(0, 3), (3, 2), (3, 4)] {
            assert!(cut(&zip, size, count).is_err(), "{count} parts of {size}");
        }
    }

    #[test]
    fn an_empty_file_and_a_missing_one_are_named() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("rentree.zip");
        let failure = read_zip(&path).expect_err("missing");
        assert!(failure.to_string().contains("rentree.zip"), "{failure}");
        std::fs::write(&path, b"").expect("written");
        let failure = read_zip(&path).expect_err("empty");
        assert!(failure.to_string().contains("empty"), "{failure}");
        let failure = read_zip(Path::new("/dev/zero")).expect_err("endless");
        assert!(failure.to_string().contains("64 MiB"), "{failure}");
        std::fs::write(&path, b"x").expect("written");
        assert_eq!(read_zip(&path).expect("read"), Bytes::from_static(b"x"));
    }
}

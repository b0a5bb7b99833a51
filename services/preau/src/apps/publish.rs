//! Uploading a release: what is missing, part by part, until its bytes are those of the manifest.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use indicatif::ProgressBar;
use preau_proto::apps::v1::catalogue_service_client::CatalogueServiceClient;
use preau_proto::apps::v1::{
    CreateReleaseRequest, FinishReleaseRequest, PutReleasePartRequest, Release, ReleaseState,
    UploadPlan,
};
use tonic::Status;

use super::sign::Signed;
use crate::client::{Channel, Gateway, failure, retry, retry_patiently};
use crate::failure::{Failure, at_path};
use crate::files::bar;

/// Parts under way at once.
const IN_FLIGHT: usize = 4;
/// No server cuts larger: a message holds a part.
const LARGEST_PART: u32 = 4 << 20;

fn client(gateway: &Gateway) -> CatalogueServiceClient<Channel> {
    CatalogueServiceClient::new(gateway.channel.clone())
}

/// Announces, uploads what is missing, finishes; answers the release's id. Repeated, it goes on where it was.
pub(crate) async fn publish(gateway: &Gateway, signed: &Signed) -> Result<String, Failure> {
    let place = signed.file.display();
    let failed = |status: &Status| failure("cannot publish", &place, status);
    let request = CreateReleaseRequest {
        manifest: signed.manifest.clone(),
        signature: signed.signature.clone(),
    };
    let created = retry(|| async {
        let request = gateway.request(request.clone());
        client(gateway).create_release(request).await
    })
    .await
    .map_err(|status| failed(&status))?
    .into_inner();
    let release = created.release.unwrap_or_default();
    if release.state() == ReleaseState::Available {
        return Ok(release.release_id);
    }
    let plan = created.plan.unwrap_or_default();
    check(&plan, signed.size).map_err(|status| failed(&status))?;
    send(gateway, signed, &release, &plan).await?;
    let finish = FinishReleaseRequest {
        release_id: release.release_id,
    };
    let finished = retry_patiently(|| async {
        let request = gateway.request(finish.clone());
        client(gateway).finish_release(request).await
    })
    .await
    .map_err(|status| failed(&status))?;
    Ok(finished.into_inner().release.unwrap_or_default().release_id)
}

/// A server that cuts differently than the file is long is not followed.
fn check(plan: &UploadPlan, size: u64) -> Result<(), Status> {
    let (part, count) = (u64::from(plan.part_size), u64::from(plan.part_count));
    let fits = (1..=LARGEST_PART).contains(&plan.part_size)
        && size <= part * count
        && size > part * count.saturating_sub(1);
    let missing_fit = plan
        .missing
        .iter()
        .all(|run| u64::from(run.first) + u64::from(run.count) <= count);
    match fits && missing_fit {
        true => Ok(()),
        false => Err(Status::internal("the server's parts do not fit the file")),
    }
}

async fn send(
    gateway: &Gateway,
    signed: &Signed,
    release: &Release,
    plan: &UploadPlan,
) -> Result<(), Failure> {
    let path = &signed.file;
    let file = File::open(path).map_err(|error| at_path("cannot read the file", path, &error))?;
    let file = Arc::new(file);
    let missing: Vec<u32> = plan
        .missing
        .iter()
        .flat_map(|run| run.first..run.first + run.count)
        .collect();
    let absent: u64 = missing
        .iter()
        .map(|index| length(*index, plan.part_size, signed.size))
        .sum();
    let bar = bar(&release.app, signed.size, signed.size - absent);
    let sent = stream::iter(missing)
        .map(|index| {
            let (offset, length) = (
                u64::from(index) * u64::from(plan.part_size),
                length(index, plan.part_size, signed.size),
            );
            let file = Arc::clone(&file);
            let bar = &bar;
            async move {
                let read = read(file, offset, length).await;
                let data = read.map_err(|error| at_path("cannot read the file", path, &error))?;
                part(gateway, &release.release_id, index, data, bar)
                    .await
                    .map_err(|status| failure("cannot publish", path.display(), &status))
            }
        })
        .buffer_unordered(IN_FLIGHT)
        .try_for_each(|()| std::future::ready(Ok(())))
        .await;
    bar.finish_and_clear();
    sent
}

fn length(index: u32, part_size: u32, size: u64) -> u64 {
    let begin = u64::from(index) * u64::from(part_size);
    size.saturating_sub(begin).min(u64::from(part_size))
}

async fn read(file: Arc<File>, offset: u64, length: u64) -> std::io::Result<Bytes> {
    let length = usize::try_from(length).map_err(std::io::Error::other)?;
    tokio::task::spawn_blocking(move || {
        let mut data = vec![0; length];
        file.read_exact_at(&mut data, offset)?;
        Ok(data.into())
    })
    .await
    .unwrap_or_else(|end| Err(end.into()))
}

async fn part(
    gateway: &Gateway,
    release_id: &str,
    index: u32,
    data: Bytes,
    bar: &ProgressBar,
) -> Result<(), Status> {
    let request = PutReleasePartRequest {
        release_id: release_id.to_owned(),
        index,
        sha256: digest(&SHA256, &data).as_ref().to_vec(),
        data,
    };
    retry_patiently(|| async {
        let request = gateway.request(request.clone());
        client(gateway).put_release_part(request).await
    })
    .await?;
    bar.inc(request.data.len() as u64);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_proto::apps::v1::MissingRun;

    #[test]
    fn a_plan_that_does_not_fit_the_file_is_not_followed() {
        let plan = |part_size, part_count, first, count| UploadPlan {
            part_size,
            part_count,
            missing: vec![MissingRun { first, count }],
        };
        for (plan, fits) in [
            (plan(10, 3, 0, 3), true),
            (plan(10, 3, 2, 1), true),
            (plan(25, 1, 0, 1), true),
            (plan(10, 2, 0, 2), false),
            (plan(10, 4, 0, 4), false),
            (plan(0, 3, 0, 3), false),
            (plan(10, 3, 2, 2), false),
            (plan(LARGEST_PART + 1, 1, 0, 1), false),
        ] {
            assert_eq!(check(&plan, 25).is_ok(), fits, "{plan:?}");
        }
        assert_eq!([length(0, 10, 25), length(2, 10, 25)], [10, 5]);
    }
}

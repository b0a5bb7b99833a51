//! `make bench NAME=vault`: 1 GiB up and down through the files service over the mesh, its folder in memory and on
//! disk, beside bare tonic with mutual TLS moving the same bytes to nowhere; interleaved, client and server on the same
//! cores, four parts in flight.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, ensure};
use futures::stream::{self, StreamExt, TryStreamExt};
use preau_bench_mesh::bare::{self, Tls};
use preau_bench_report::{Report, Samples, target_folder};
use preau_bench_vault::payload::{PART, Part, parts};
use preau_bench_vault::{nowhere, school::School};
use preau_proto::files::v1::file_service_client::FileServiceClient;
use preau_proto::files::v1::upload_service_client::UploadServiceClient;
use preau_proto::files::v1::{PutPartRequest, ReadRequest, ReadResponse};
use tonic::transport::Channel;
use tonic::{Status, Streaming};

const ROUNDS: u64 = 3;
const PARTS: u32 = 512;
const IN_FLIGHT: usize = 4;
const SIZE: u64 = PARTS as u64 * PART as u64;

/// MiB per second.
struct Moved {
    up: f64,
    down: f64,
}

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let channel = bare::serve(nowhere::routes(), Some(&Tls::generate()?)).await?;
    let memory = tempfile::tempdir_in("/dev/shm").context("a folder in memory")?;
    let folder = target_folder().join("bench");
    std::fs::create_dir_all(&folder)?;
    let disk = tempfile::tempdir_in(folder)?;

    let modes = ["bare tonic, mTLS", "vault, in memory", "vault, on disk"];
    let mut up = [Samples::default(), Samples::default(), Samples::default()];
    let mut down = [Samples::default(), Samples::default(), Samples::default()];
    for round in 0..ROUNDS {
        let payload = Arc::new(parts(round, PARTS));
        for mode in 0..modes.len() {
            let moved = match mode {
                0 => through_nowhere(&channel, &payload).await?,
                1 => through_vault(memory.path(), &payload).await?,
                _ => through_vault(disk.path(), &payload).await?,
            };
            up[mode].push(moved.up);
            down[mode].push(moved.down);
        }
    }

    let mut report = Report::new("vault", &["MiB/s up", "MiB/s down"]);
    for mode in 0..modes.len() {
        report.row(modes[mode], &[up[mode].median(), down[mode].median()]);
    }
    report.marked("up_memory_to_bare", up[1].ratio_to(&up[0]), 0.5);
    report.marked("down_memory_to_bare", down[1].ratio_to(&down[0]), 0.5);
    report.ratio("up_disk_to_bare", up[2].ratio_to(&up[0]));
    report.ratio("down_disk_to_bare", down[2].ratio_to(&down[0]));
    report.finish()
}

fn rate(started: Instant) -> f64 {
    f64::from(PARTS) * 2.0 / started.elapsed().as_secs_f64()
}

async fn through_nowhere(channel: &Channel, payload: &Arc<Vec<Part>>) -> anyhow::Result<Moved> {
    let started = Instant::now();
    send(payload, |message| {
        let mut client = UploadServiceClient::new(channel.clone());
        async move { client.put_part(message).await.map(drop) }
    })
    .await?;
    let up = rate(started);
    let started = Instant::now();
    let request = ReadRequest {
        length: SIZE,
        ..ReadRequest::default()
    };
    let mut client = FileServiceClient::new(channel.clone());
    drain(client.read(request).await?.into_inner()).await?;
    Ok(Moved {
        up,
        down: rate(started),
    })
}

/// A fresh vault each time, so that no round reads or dedups what another left.
async fn through_vault(within: &Path, payload: &Arc<Vec<Part>>) -> anyhow::Result<Moved> {
    let folder = tempfile::tempdir_in(within)?;
    let school = School::open(folder.path()).await?;
    let upload = school.announce("film.mkv", SIZE).await?;
    ensure!(
        upload.part_size as usize == PART,
        "the vault cuts otherwise: {} bytes",
        upload.part_size
    );
    let started = Instant::now();
    send(payload, |message| {
        let message = PutPartRequest {
            upload_id: upload.upload_id.clone(),
            ..message
        };
        let (mut client, request) = (school.uploads(), school.request(message));
        async move { client.put_part(request).await.map(drop) }
    })
    .await?;
    let node = school.commit(&upload).await?;
    let up = rate(started);
    let started = Instant::now();
    let request = ReadRequest {
        space_id: school.space().to_owned(),
        node_id: node,
        offset: 0,
        length: SIZE,
    };
    drain(
        school
            .files()
            .read(school.request(request))
            .await?
            .into_inner(),
    )
    .await?;
    Ok(Moved {
        up,
        down: rate(started),
    })
}

async fn send<F>(payload: &[Part], put: impl Fn(PutPartRequest) -> F) -> Result<(), Status>
where
    F: Future<Output = Result<(), Status>>,
{
    stream::iter((0..).zip(payload))
        .map(|(index, part)| {
            let (sha256, data) = (part.sha256.clone(), part.data.clone());
            put(PutPartRequest {
                upload_id: String::new(),
                index,
                sha256,
                data,
            })
        })
        .buffer_unordered(IN_FLIGHT)
        .try_collect()
        .await
}

async fn drain(mut frames: Streaming<ReadResponse>) -> anyhow::Result<()> {
    let mut bytes = 0;
    while let Some(frame) = frames.message().await? {
        bytes += frame.data.len() as u64;
    }
    ensure!(bytes == SIZE, "{bytes} bytes came down of {SIZE}");
    Ok(())
}

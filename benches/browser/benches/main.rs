//! `make bench NAME=browser-upload`: 1 GiB through PutPart over gRPC-web, four parts in flight, from connect's transport
//! for Node: to the platform, its data in memory and on disk, and to bare tonic-web moving the same bytes to nowhere,
//! interleaved. And a file of 512 MiB through the page's own upload, in Chromium.

mod client;
mod server;

use std::path::Path;

use anyhow::Context as _;
use preau_bench_report::{Report, Samples, target_folder};

use self::client::{Client, Took};
use self::server::{Nowhere, Server};

const ROUNDS: u32 = 3;

/// Who sends to whom.
struct Mode {
    name: &'static str,
    server: Server,
    client: Client,
}

const MODES: [Mode; 6] = [
    mode("bare tonic-web", Server::Nowhere, Client::Node { http: 1 }),
    mode(
        "preau, in memory",
        Server::InMemory,
        Client::Node { http: 1 },
    ),
    mode("preau, on disk", Server::OnDisk, Client::Node { http: 1 }),
    mode(
        "bare tonic-web, HTTP/2",
        Server::Nowhere,
        Client::Node { http: 2 },
    ),
    mode(
        "preau, in memory, HTTP/2",
        Server::InMemory,
        Client::Node { http: 2 },
    ),
    mode("preau, on disk, Chromium", Server::OnDisk, Client::Chromium),
];

const fn mode(name: &'static str, server: Server, client: Client) -> Mode {
    Mode {
        name,
        server,
        client,
    }
}

/// One mode's figures, over the rounds.
#[derive(Clone, Default)]
struct Figures {
    rate: Samples,
    server: Samples,
    client: Samples,
}

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let folder = target_folder().join("bench");
    std::fs::create_dir_all(&folder)?;
    let memory = tempfile::tempdir_in("/dev/shm").context("a folder in memory")?;
    let disk = tempfile::tempdir_in(folder)?;
    client::write_files(disk.path())?;
    let nowhere = Nowhere::start().await?;

    let mut figures = vec![Figures::default(); MODES.len()];
    for round in 0..ROUNDS {
        for (mode, figures) in MODES.iter().zip(&mut figures) {
            let took = once(mode, round, &nowhere, memory.path(), disk.path())
                .await
                .with_context(|| mode.name)?;
            let size = mode.client.mebibytes();
            eprintln!(
                "{}: {:.1} MiB/s, {:.2} s of the server's processor time, {:.2} s of the client's",
                mode.name,
                size / took.seconds,
                took.server_cpu,
                took.client_cpu
            );
            figures.rate.push(size / took.seconds);
            figures.server.push(took.server_cpu * 1024.0 / size);
            figures.client.push(took.client_cpu * 1024.0 / size);
        }
    }
    report(&figures)
}

/// A fresh platform each time, so that no round stores once what another left.
async fn once(
    mode: &Mode,
    round: u32,
    nowhere: &Nowhere,
    memory: &Path,
    disk: &Path,
) -> anyhow::Result<Took> {
    let within = match mode.server {
        Server::Nowhere => return mode.client.send(nowhere.place(), round, disk).await,
        Server::InMemory => memory,
        Server::OnDisk => disk,
    };
    let data = tempfile::tempdir_in(within)?;
    let platform = server::start(&data.path().join("data")).await?;
    let took = mode
        .client
        .send(server::place(&platform)?, round, disk)
        .await
        .with_context(|| format!("the platform said:\n{}", platform.said()));
    platform.terminate().await?;
    took
}

fn report(figures: &[Figures]) -> anyhow::Result<()> {
    let columns = ["MiB/s", "server s/GiB", "client s/GiB"];
    let mut report = Report::new("browser-upload", &columns);
    for (mode, figures) in MODES.iter().zip(figures) {
        let Figures {
            rate,
            server,
            client,
        } = figures;
        report.row(
            mode.name,
            &[rate.median(), server.median(), client.median()],
        );
    }
    let ratio = |of: usize, to: usize| figures[of].rate.ratio_to(&figures[to].rate);
    report.marked("memory_to_bare", ratio(1, 0), 0.5);
    report.marked("disk_to_bare", ratio(2, 0), 0.5);
    report.marked("memory_to_bare_http2", ratio(4, 3), 0.5);
    report.finish()
}

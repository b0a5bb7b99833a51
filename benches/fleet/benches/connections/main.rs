//! `make bench NAME=fleet-connections`: devices that keep a Watch open over TLS, each on a connection of its own with
//! the certificate it enrolled for: gRPC over HTTP/2 and gRPC-web over HTTP/1.1, on the real binary and on bare hyper,
//! interleaved. Resident memory of the server for each device, and how many come in a second.
//!
//! `FLEET_DEVICES` says how many; 19,000 without it, as near to 20,000 open files as the rest of a process allows.

mod crowd;
mod servers;

use std::time::Duration;

use anyhow::Context as _;
use preau_bench_report::{Report, Samples};

use self::crowd::{Crowd, Protocol};
use self::servers::{Bare, Credential, Enrolled};

const ROUNDS: usize = 2;
const DEVICES: usize = 19_000;
/// For what a server does once its clients are in.
const SETTLE: Duration = Duration::from_secs(3);

/// One server's figures with one protocol.
#[derive(Default)]
struct Figures {
    bytes: Samples,
    per_second: Samples,
}

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let devices = match std::env::var("FLEET_DEVICES") {
        Ok(text) => text.parse().context("FLEET_DEVICES: not a number")?,
        Err(_) => DEVICES,
    };
    let mut enrolled = Enrolled::prepare(devices).await?;
    let mut figures: [[Figures; 2]; 2] = Default::default();
    for _ in 0..ROUNDS {
        for (protocol, of_protocol) in [Protocol::Http2, Protocol::Http1]
            .into_iter()
            .zip(&mut figures)
        {
            let [preau, bare] = of_protocol;
            // A process of its own each time: what an allocator keeps would be taken for the next crowd's.
            let platform = enrolled.serve().await?;
            let address = platform.gateway().trim_start_matches("https://").parse()?;
            measure(preau, platform.pid(), &enrolled, address, protocol).await?;
            enrolled.rest(platform).await?;
            let server = Bare::start(&enrolled).await?;
            measure(bare, server.pid(), &enrolled, server.address, protocol).await?;
        }
    }
    report(devices, &figures)
}

async fn measure(
    figures: &mut Figures,
    pid: Option<u32>,
    enrolled: &Enrolled,
    address: std::net::SocketAddr,
    protocol: Protocol,
) -> anyhow::Result<()> {
    let pid = pid.context("a running process has an id")?;
    let credentials: &[Credential] = &enrolled.credentials;
    // Code, pools and tables that the first callers bring in are not the later ones' cost.
    let first = Crowd::gather(
        &credentials[..credentials.len().min(64)],
        enrolled,
        address,
        protocol,
    )
    .await?;
    drop(first);
    tokio::time::sleep(SETTLE).await;
    let before = resident_bytes(pid)?;
    let crowd = Crowd::gather(credentials, enrolled, address, protocol).await?;
    tokio::time::sleep(SETTLE).await;
    anyhow::ensure!(
        crowd.all_are_there(),
        "a device was sent away while it was counted"
    );
    let after = resident_bytes(pid)?;
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 bytes")]
    let [grown, count] = [
        after.saturating_sub(before) as f64,
        credentials.len() as f64,
    ];
    figures.bytes.push(grown / count);
    figures.per_second.push(count / crowd.took.as_secs_f64());
    Ok(())
}

fn report(devices: usize, figures: &[[Figures; 2]; 2]) -> anyhow::Result<()> {
    let mut report = Report::new(
        "fleet-connections",
        &["devices", "bytes each", "in a second"],
    );
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 devices")]
    let count = devices as f64;
    for (protocol, [preau, bare]) in ["HTTP/2", "HTTP/1.1"].iter().zip(figures) {
        for (name, figures) in [("platform", preau), ("bare hyper", bare)] {
            let row = [count, figures.bytes.median(), figures.per_second.median()];
            report.row(format!("{name}, {protocol}"), &row);
        }
        report.ratio(
            &format!("bare_to_platform_bytes {protocol}"),
            bare.bytes.ratio_to(&preau.bytes),
        );
        report.ratio(
            &format!("platform_to_bare_accepts {protocol}"),
            preau.per_second.ratio_to(&bare.per_second),
        );
    }
    report.finish()
}

/// Resident memory of a process.
fn resident_bytes(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.context("VmRSS of a running process")?.parse::<u64>()? * 1024)
}

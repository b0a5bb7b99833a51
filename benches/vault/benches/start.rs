//! `make bench NAME=start`: time from the call of `preau up` to its ready line, resident memory when idle, size of
//! the binary.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use preau_bench_report::{Report, Samples};
use preau_harness::Process;

const STARTS: usize = 9;
/// Long enough for start-up work to be over; only memory is read after it.
const IDLE: Duration = Duration::from_secs(2);

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (first, process) = timed_start(&folder.path().join("first")).await?;
    process.terminate().await?;

    let data = folder.path().join("again");
    timed_start(&data).await?.1.terminate().await?;
    let (mut seconds, mut resident) = (Samples::default(), Samples::default());
    for _ in 0..STARTS {
        let (took, process) = timed_start(&data).await?;
        tokio::time::sleep(IDLE).await;
        resident.push(resident_mib(
            process.pid().context("a running process has an id")?,
        )?);
        process.terminate().await?;
        seconds.push(took.as_secs_f64());
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a binary is far smaller than 2^52 bytes"
    )]
    let binary = fs::metadata(preau_harness::binary()?)?.len() as f64 / 1_048_576.0;

    let mut report = Report::new("start", &["s to ready", "MiB resident", "MiB binary"]);
    report.row("first start", &[first.as_secs_f64(), f64::NAN, binary]);
    report.row(
        "second start",
        &[seconds.median(), resident.median(), binary],
    );
    // The mark is one second: above 1, the second start is faster than that.
    report.marked("one_second_to_second_start", 1.0 / seconds.median(), 1.0);
    report.finish()
}

async fn timed_start(data: &Path) -> anyhow::Result<(Duration, Process)> {
    let data = data.to_str().context("a temporary folder is UTF-8")?;
    let any = "127.0.0.1:0";
    let args = [
        "up",
        "--data-dir",
        data,
        "--gateway",
        any,
        "--mesh",
        any,
        "--admin",
        any,
    ];
    let started = Instant::now();
    let process = Process::start(args, &[]).await?;
    Ok((started.elapsed(), process))
}

/// `VmRSS` of a process, in MiB.
fn resident_mib(pid: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("VmRSS of the process")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

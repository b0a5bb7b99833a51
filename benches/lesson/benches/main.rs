//! `make bench NAME=lesson`: from the call that publishes a lesson's event to its arrival at each of 35 pupils, over
//! the real binary and over a bare tonic server, interleaved; and how many such lessons with an event a second each a
//! core of the server carries.

mod bare;
mod room;
mod school;
mod side;

use preau_bench_report::{Report, Samples, quantile};

use self::bare::Bare;
use self::side::{Load, Side};

const ROUNDS: usize = 5;
/// Of one lesson in a round. With those of the steps below they stay under what a lesson may push.
const EVENTS: usize = 25;
/// Lessons at once, until one of the two limits below.
const STEPS: [usize; 5] = [32, 64, 128, 256, 512];
const LONGEST_P99_MS: f64 = 50.0;
const MOST_CORES: f64 = 1.0;

/// One lesson's figures.
#[derive(Default)]
struct Alone {
    arrivals: Vec<f64>,
    /// Of each round.
    p50: Samples,
    p99: Samples,
}

impl Alone {
    fn push(&mut self, mut round: Vec<f64>) {
        self.p50.push(quantile(&mut round, 0.5));
        self.p99.push(quantile(&mut round, 0.99));
        self.arrivals.extend(round);
    }
}

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let platform = school::start().await?;
    let classes = school::found(&platform).await?;
    let bare = Bare::start().await?;
    let mut sides = [
        Side::new(platform.pid(), classes)?,
        Side::new(bare.pid(), school::strangers(&bare.url).await?)?,
    ];
    let alone = one_lesson(&mut sides).await?;
    let loads = many_lessons(&mut sides).await?;
    report(alone, &loads)?;
    drop(sides);
    platform.terminate().await?;
    Ok(())
}

async fn one_lesson(sides: &mut [Side; 2]) -> anyhow::Result<[Alone; 2]> {
    let mut alone = [Alone::default(), Alone::default()];
    for side in &mut *sides {
        side.open(1).await?;
        // Connections, allocator, the database's cache.
        side.one_lesson(EVENTS).await?;
    }
    for _ in 0..ROUNDS {
        for (side, alone) in sides.iter_mut().zip(&mut alone) {
            alone.push(side.one_lesson(EVENTS).await?);
        }
    }
    Ok(alone)
}

/// The platform's figures beside bare tonic's, step by step; the last step may be beyond a limit.
async fn many_lessons(sides: &mut [Side; 2]) -> anyhow::Result<Vec<[Load; 2]>> {
    let [platform, bare] = sides;
    let mut loads = Vec::new();
    for lessons in STEPS {
        platform.open(lessons).await?;
        bare.open(lessons).await?;
        let load = [platform.all_lessons().await?, bare.all_lessons().await?];
        let is_beyond = load[0].p99 > LONGEST_P99_MS || load[0].cores >= MOST_CORES;
        loads.push(load);
        if is_beyond {
            break;
        }
    }
    Ok(loads)
}

fn report([platform, bare]: [Alone; 2], loads: &[[Load; 2]]) -> anyhow::Result<()> {
    let columns = ["p50 ms", "p99 ms", "cores", "cpu us", "lessons/core"];
    let mut report = Report::new("lesson", &columns);
    report.ratio("bare_to_platform_p50", bare.p50.ratio_to(&platform.p50));
    report.ratio("bare_to_platform_p99", bare.p99.ratio_to(&platform.p99));
    for (name, Alone { mut arrivals, .. }) in [("platform", platform), ("bare tonic", bare)] {
        let figures = [0.5, 0.99].map(|q| quantile(&mut arrivals, q));
        let none = [f64::NAN; 3];
        report.row(
            format!("{name}, 1 lesson"),
            &[figures.as_slice(), &none].concat(),
        );
    }
    for load in loads {
        for (name, load) in ["platform", "bare tonic"].iter().zip(load) {
            let figures = [load.p50, load.p99, load.cores, load.cpu, load.per_core()];
            report.row(format!("{name}, {} lessons", load.lessons), &figures);
        }
    }
    if let Some([platform, bare]) = loads.last() {
        report.ratio("bare_to_platform_cpu", bare.cpu / platform.cpu);
    }
    report.finish()
}

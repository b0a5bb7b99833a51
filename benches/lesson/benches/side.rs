//! One of the two servers, with the lessons that go on there and what was measured of them.

use std::time::Duration;

use anyhow::Context as _;
use futures::future::try_join_all;
use preau_bench_report::quantile;
use tokio::time::{Instant, sleep_until};

use crate::room::{Arrivals, Class, Room};
use crate::school::PUPILS;

/// For how long lessons have an event each second.
const SECONDS: u32 = 5;
/// A tick of a process's time, a hundredth of a second on every Linux.
const TICK: f64 = 0.01;

pub(crate) struct Side {
    pid: u32,
    classes: Vec<Class>,
    rooms: Vec<Room>,
    arrivals: Arrivals,
}

/// What many lessons at once cost.
pub(crate) struct Load {
    pub(crate) lessons: usize,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Cores that the server used.
    pub(crate) cores: f64,
    /// Its microseconds of processor time for each arrival.
    pub(crate) cpu: f64,
}

impl Side {
    pub(crate) fn new(pid: Option<u32>, classes: Vec<Class>) -> anyhow::Result<Self> {
        Ok(Self {
            pid: pid.context("a running process has an id")?,
            classes,
            rooms: Vec::new(),
            arrivals: Arrivals::new(),
        })
    }

    /// So many lessons go on, with 35 pupils each.
    pub(crate) async fn open(&mut self, lessons: usize) -> anyhow::Result<()> {
        for at in self.rooms.len()..lessons {
            let class = self.classes.get(at).context("as many classes")?;
            let room = Room::open(class, &mut self.arrivals).await;
            self.rooms
                .push(room.with_context(|| format!("opening lesson {at}"))?);
        }
        Ok(())
    }

    /// Milliseconds to each pupil of one lesson, of events one after the other.
    pub(crate) async fn one_lesson(&mut self, events: usize) -> anyhow::Result<Vec<f64>> {
        let room = self.rooms.first().context("a lesson")?;
        let mut arrivals = Vec::with_capacity(events * PUPILS);
        for _ in 0..events {
            room.publish().await?;
            arrivals.extend(self.arrivals.take(PUPILS).await?);
        }
        Ok(arrivals)
    }

    /// Every lesson has an event each second, spread over it.
    pub(crate) async fn all_lessons(&mut self) -> anyhow::Result<Load> {
        let lessons = self.rooms.len();
        let before = cpu_seconds(self.pid)?;
        let began = Instant::now();
        let publishing = self.rooms.iter().enumerate().map(|(at, room)| {
            let room = room.clone();
            let offset = Duration::from_secs(1) * u32::try_from(at)? / u32::try_from(lessons)?;
            anyhow::Ok(tokio::spawn(async move {
                for second in 0..SECONDS {
                    sleep_until(began + offset + Duration::from_secs(1) * second).await;
                    room.publish().await?;
                }
                anyhow::Ok(())
            }))
        });
        let publishing = publishing.collect::<anyhow::Result<Vec<_>>>()?;
        let expected = lessons * PUPILS * SECONDS as usize;
        let mut arrivals = self.arrivals.take(expected).await?;
        let cpu = cpu_seconds(self.pid)? - before;
        let took = began.elapsed().as_secs_f64();
        for published in try_join_all(publishing).await? {
            published?;
        }
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 arrivals")]
        let each = cpu * 1_000_000.0 / expected as f64;
        Ok(Load {
            lessons,
            p50: quantile(&mut arrivals, 0.5),
            p99: quantile(&mut arrivals, 0.99),
            cores: cpu / took,
            cpu: each,
        })
    }
}

impl Load {
    /// How many such lessons a core carries.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 lessons")]
    pub(crate) fn per_core(&self) -> f64 {
        self.lessons as f64 / self.cores
    }
}

/// Processor time of a process, in user mode and in the kernel.
fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is the program's name in parentheses; user and system time are the 12th and 13th after it.
    let (_, fields) = stat.rsplit_once(") ").context("a process's statistics")?;
    let mut ticks = 0.0;
    for field in fields.split(' ').skip(11).take(2) {
        ticks += field.parse::<f64>()?;
    }
    Ok(ticks * TICK)
}

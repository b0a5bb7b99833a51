//! A closed loop of callers: each sends its next request when it has its last answer.

use std::time::{Duration, Instant};

/// What one round saw.
pub struct Round {
    /// Answers per second.
    pub rate: f64,
    /// Milliseconds per call.
    pub latencies: Vec<f64>,
    /// Microseconds of processor time per call, of the whole process: what other load on the machine changes least.
    pub cpu: f64,
}

/// Runs `in_flight` callers for `duration`; each makes its own `call` from `client`, a cheap clone.
///
/// # Errors
/// The first call that fails: a benchmark of failures measures nothing.
pub async fn drive<C, F, E>(
    client: C,
    in_flight: usize,
    duration: Duration,
    call: impl Fn(C) -> F + Clone + Send + 'static,
) -> Result<Round, E>
where
    C: Clone + Send + 'static,
    F: Future<Output = Result<(), E>> + Send,
    E: Send + 'static,
{
    let cpu_before = cpu_ticks();
    let started = Instant::now();
    let callers: Vec<_> = (0..in_flight)
        .map(|_| {
            let (client, call) = (client.clone(), call.clone());
            tokio::spawn(async move {
                let mut latencies = Vec::with_capacity(16_384);
                while started.elapsed() < duration {
                    let sent = Instant::now();
                    call(client.clone()).await?;
                    latencies.push(sent.elapsed().as_secs_f64() * 1000.0);
                }
                Ok::<_, E>(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for caller in callers {
        latencies.extend(caller.await.expect("a caller does not panic")?);
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "far fewer than 2^52 calls or ticks"
    )]
    let (calls, cpu) = (
        latencies.len() as f64,
        (cpu_ticks() - cpu_before) as f64 * TICK,
    );
    Ok(Round {
        rate: calls / started.elapsed().as_secs_f64(),
        cpu: cpu / calls,
        latencies,
    })
}

/// Microseconds of a tick, a hundredth of a second on every Linux.
const TICK: f64 = 10_000.0;

/// Ticks this process has run, in user mode and in the kernel; zero where there is no Linux to say.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is the program's name in parentheses; user and system time are the 12th and 13th after it.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let times = fields.split(' ').skip(11).take(2);
    times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

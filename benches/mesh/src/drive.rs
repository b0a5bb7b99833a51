//! A closed loop of callers: each sends its next request when it has its last answer.

use std::time::{Duration, Instant};

/// What one round saw.
pub struct Round {
    /// Answers per second.
    pub rate: f64,
    /// Milliseconds per call.
    pub latencies: Vec<f64>,
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
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 calls")]
    let rate = latencies.len() as f64 / started.elapsed().as_secs_f64();
    Ok(Round { rate, latencies })
}

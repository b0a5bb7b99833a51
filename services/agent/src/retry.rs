//! When to try again: never in step with others, never sooner than the server asks.

use std::time::Duration;

use rand::Rng;
use tokio::time::Instant;
use tonic::Status;
use tonic_types::StatusExt as _;

/// The ceiling of the first wait.
const BASE: Duration = Duration::from_secs(1);
/// The ceiling of every later one.
const CAP: Duration = Duration::from_secs(300);
/// The most that a server is obeyed.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);
/// What worked for this long begins to be counted anew.
const GOOD: Duration = Duration::from_secs(60);
/// How gRPC's own retries are pushed back: milliseconds in the trailers.
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// Full jitter: after the n-th failure in a row a uniform draw from 0 to `min(cap, base · 2ⁿ)`, on top of what the
/// server asked for.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failed: u32,
}

impl Backoff {
    /// How long to wait after one more failure.
    pub(crate) fn after(&mut self, status: Option<&Status>, random: &mut impl Rng) -> Duration {
        let ceiling = ceiling(self.failed);
        self.failed = self.failed.saturating_add(1);
        let floor = status.map_or(Duration::ZERO, asked);
        floor + ceiling.mul_f64(random.random::<f64>())
    }

    /// How long to wait after something that had begun at `since` came to its end. After a good minute counting begins
    /// anew.
    pub(crate) fn after_use(
        &mut self,
        since: Instant,
        status: Option<&Status>,
        random: &mut impl Rng,
    ) -> Duration {
        if since.elapsed() >= GOOD {
            self.reset();
        }
        self.after(status, random)
    }

    /// It works: the next failure is the first.
    pub(crate) fn reset(&mut self) {
        self.failed = 0;
    }
}

fn ceiling(failed: u32) -> Duration {
    let factor = 1u32.checked_shl(failed).unwrap_or(u32::MAX);
    BASE.checked_mul(factor).map_or(CAP, |wait| wait.min(CAP))
}

/// What the server asked to wait, up to an hour; nothing is no time.
pub(crate) fn asked(status: &Status) -> Duration {
    let info = status
        .get_details_retry_info()
        .and_then(|info| info.retry_delay);
    let pushback = status
        .metadata()
        .get(PUSHBACK)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_millis);
    let asked = info.unwrap_or_default().max(pushback.unwrap_or_default());
    asked.min(LONGEST_ASKED)
}

/// About `around`: a fifth more or less, so that what began together does not stay together.
pub(crate) fn spread(around: Duration, random: &mut impl Rng) -> Duration {
    around.mul_f64(random.random_range(0.8..1.2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;
    use tonic::Code;
    use tonic_types::ErrorDetails;

    #[test]
    fn waits_are_drawn_from_the_whole_of_a_doubling_range_up_to_the_cap() {
        let mut random = StdRng::seed_from_u64(7);
        let mut least = [Duration::MAX; 12];
        let mut most = [Duration::ZERO; 12];
        for _ in 0..500 {
            let mut backoff = Backoff::default();
            for n in 0..12 {
                let wait = backoff.after(None, &mut random);
                least[n] = least[n].min(wait);
                most[n] = most[n].max(wait);
            }
        }
        for n in 0..12 {
            let ceiling = Duration::from_secs((1u64 << n).min(300));
            assert!(most[n] <= ceiling, "{n}: {:?}", most[n]);
            assert!(most[n] >= ceiling.mul_f64(0.95), "{n}: {:?}", most[n]);
            assert!(least[n] <= ceiling.mul_f64(0.05), "{n}: {:?}", least[n]);
        }
    }

    #[test]
    fn what_the_server_asks_for_is_the_floor() {
        let mut random = StdRng::seed_from_u64(1);
        let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(40)));
        let busy = Status::with_error_details(Code::Unavailable, "busy", details);
        let mut pushed = Status::unavailable("busy");
        let value = "40000".parse().expect("a number is a value");
        pushed.metadata_mut().insert(PUSHBACK, value);
        for status in [busy, pushed] {
            for _ in 0..100 {
                let wait = Backoff::default().after(Some(&status), &mut random);
                assert!(wait >= Duration::from_secs(40) && wait <= Duration::from_secs(41));
            }
        }
        let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(1 << 30)));
        let absurd = Status::with_error_details(Code::Unavailable, "busy", details);
        let wait = Backoff::default().after(Some(&absurd), &mut random);
        assert!(wait <= LONGEST_ASKED + BASE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_good_minute_is_what_begins_the_count_anew() {
        let mut random = StdRng::seed_from_u64(3);
        let mut backoff = Backoff { failed: 8 };
        let since = Instant::now();
        tokio::time::advance(Duration::from_secs(59)).await;
        backoff.after_use(since, None, &mut random);
        assert_eq!(backoff.failed, 9);
        tokio::time::advance(Duration::from_secs(1)).await;
        let wait = backoff.after_use(since, None, &mut random);
        assert!(wait <= BASE);
        assert_eq!(backoff.failed, 1);
    }
}

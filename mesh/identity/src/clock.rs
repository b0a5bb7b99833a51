//! Wall-clock time as a parameter: validity is always judged by the clock that was handed in.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::time_provider::TimeProvider;
use rustls_pki_types::UnixTime;

/// Tells the time of day. Certificates and tokens are judged by it, so tests can move it.
pub type WallClock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The machine's own clock.
pub fn system_clock() -> WallClock {
    Arc::new(SystemTime::now)
}

/// Whole seconds since 1970; a clock set before 1970 reads as zero, which no certificate accepts.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}

/// The clock as rustls and webpki want it.
pub(crate) fn unix_time(time: SystemTime) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(unix_seconds(time)))
}

/// Lends a [`WallClock`] to rustls.
pub(crate) struct ClockTimeProvider(pub(crate) WallClock);

impl std::fmt::Debug for ClockTimeProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClockTimeProvider")
    }
}

impl TimeProvider for ClockTimeProvider {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix_time((self.0)()))
    }
}

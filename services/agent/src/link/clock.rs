//! The device's clock, put right by what the server says the time is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use preau_kernel::clock::{Clock, Timestamp};

/// Shared by everything of one device.
#[derive(Clone, Debug)]
pub(crate) struct DeviceClock {
    clock: Clock,
    /// Microseconds that the server is ahead.
    offset: Arc<AtomicI64>,
}

impl DeviceClock {
    /// With what was known of the server's time before.
    pub(crate) fn new(clock: Clock, offset: i64) -> Self {
        Self {
            clock,
            offset: Arc::new(AtomicI64::new(offset)),
        }
    }

    /// The present, as the server would say.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(self.clock.now().0.saturating_add(self.offset()))
    }

    /// Microseconds that the server is ahead.
    pub(crate) fn offset(&self) -> i64 {
        self.offset.load(Ordering::Relaxed)
    }

    /// The server says that it is `now`, unix seconds.
    pub(crate) fn learn(&self, now: i64) {
        let ahead = now
            .saturating_mul(1_000_000)
            .saturating_sub(self.clock.now().0);
        self.offset.store(ahead, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_wrong_clock_follows_the_servers() {
        let wrong = Clock::from_fn(|| UNIX_EPOCH + Duration::from_secs(1000));
        let clock = DeviceClock::new(wrong, 0);
        clock.learn(1_700_000_000);
        assert_eq!(clock.now(), Timestamp(1_700_000_000_000_000));
        clock.learn(500);
        assert_eq!(clock.now(), Timestamp(500_000_000));
        assert_eq!(clock.offset(), -500_000_000);
    }
}

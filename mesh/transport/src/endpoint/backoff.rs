//! How long a peer that could not be reached is left alone.

use std::time::Duration;

use rand::Rng as _;

use crate::config::ConnectorConfig;

/// The pause after the `failures`-th failure in a row: anything up to a ceiling that doubles every time.
pub(super) fn pause(config: &ConnectorConfig, failures: u32) -> Duration {
    ceiling(config, failures).mul_f64(rand::rng().random_range(0.0..=1.0))
}

fn ceiling(config: &ConnectorConfig, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(20);
    config
        .backoff_first
        .saturating_mul(1 << doublings)
        .min(config.backoff_longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_longest_pause() {
        let config = ConnectorConfig::default();
        let ceilings: Vec<_> = [1, 2, 3, 7, 8, 1000]
            .map(|failures| ceiling(&config, failures).as_millis())
            .into();
        assert_eq!(ceilings, [100, 200, 400, 6400, 10_000, 10_000]);
        for failures in 1..20 {
            assert!(pause(&config, failures) <= ceiling(&config, failures));
        }
    }
}

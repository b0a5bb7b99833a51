//! A session's life: an absolute end, and an end by idleness.

use std::time::Duration;

use super::attempts::AttemptConfig;

/// How long sessions live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// From sign-in to the end, whatever happens between. Default 12 h: a school day.
    pub lifetime: Duration,
    /// Without use, from the last use to the end. Default 2 h.
    pub idle: Duration,
    /// How often sign-ins to one login may fail.
    pub attempts: AttemptConfig,
}

impl Default for SessionConfig {
    fn default() -> SessionConfig {
        SessionConfig {
            lifetime: Duration::from_secs(12 * 3600),
            idle: Duration::from_secs(2 * 3600),
            attempts: AttemptConfig::default(),
        }
    }
}

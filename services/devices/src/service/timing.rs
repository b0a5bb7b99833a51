use std::time::Duration;

/// How long Watches wait for what, and credentials live.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Without news, a keep-alive comes this often: more often than proxies cut what is idle.
    pub keep_alive: Duration,
    /// A Watch ends after this long, so that its device's credential is looked at again; a fifth more for some, so that
    /// a fleet does not come back as one.
    pub longest: Duration,
    /// How long a device's certificate is good.
    pub certificate: Duration,
    /// How long a session is that a device signed in for.
    pub session: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            keep_alive: Duration::from_secs(25),
            longest: Duration::from_secs(300),
            certificate: Duration::from_secs(90 * 24 * 3600),
            session: Duration::from_secs(24 * 3600),
        }
    }
}
